import { run } from '../kern-shim/run/run.ts';
import { BpfilterError } from '../protocol/error.ts';
import { shimFiles } from './files.ts';
import { execIsolated, finishIsolation, isolatedEnvironment } from './isolated.ts';
import { sayError } from './say.ts';

export interface RunArguments {
  readonly isolated: boolean;
  readonly verbose: boolean;
  /** How rules get to nftables: auto, netlink or exec; undefined: as BPFILTER_TRANSPORT says. */
  readonly nft: string | undefined;
  /** What carries rules: auto, nft or bpf; undefined: as BPFILTER_BACKEND says. */
  readonly backend: string | undefined;
  /** Whether the kernel's own xt extensions may carry what nft can't say. */
  readonly xt: boolean;
  readonly command: readonly string[];
}

const flags = { '--isolated': { isolated: true }, '--verbose': { verbose: true }, '--no-xt': { xt: false } } as const;

/**
 * The arguments of `run` when they are as plain as nearly always: our flags, then CMD. Anything
 * else (help, mistakes) is for yargs, whose loading costs a fifth of the whole start.
 */
export function plainRunArguments(argv: readonly string[]): RunArguments | undefined {
  if (argv[0] !== 'run') return undefined;
  let found: Omit<RunArguments, 'command'> = {
    isolated: false,
    verbose: false,
    nft: undefined,
    backend: undefined,
    xt: true,
  };
  let index = 1;
  for (; index < argv.length; index += 1) {
    const word = argv[index] ?? '';
    if (word === '--') {
      index += 1;
      break;
    }
    if (!word.startsWith('-')) break;
    if (!(word in flags)) return undefined;
    found = { ...found, ...flags[word as keyof typeof flags] };
  }
  const command = argv.slice(index);
  return command.length === 0 ? undefined : { ...found, command };
}

/** `bpfilter run [--isolated] [--verbose] [--nft WAY] [--backend PLANE] [--no-xt] -- CMD [ARG…]` */
export async function runCommand(options: RunArguments): Promise<void> {
  if (options.command.length === 0) throw new BpfilterError('usage', 'run: which command?');
  if (options.isolated) execIsolated(options);
  finishIsolation();
  tellDrivers(options);
  await run({
    command: options.command,
    verbose: options.verbose,
    env: isolatedEnvironment,
    files: shimFiles(),
    warn: sayError,
  });
}

/** Drivers get their settings by the shim's environment; CMD has the environment that we were started with. */
function tellDrivers({ nft, backend, xt }: RunArguments): void {
  if (nft !== undefined) process.env.BPFILTER_TRANSPORT = nft;
  if (backend !== undefined) process.env.BPFILTER_BACKEND = backend;
  if (!xt) process.env.BPFILTER_XT = 'no';
}
