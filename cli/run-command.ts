import { run } from '../kern-shim/run/run.ts';
import { BpfilterError } from '../protocol/error.ts';
import { shimFiles } from './files.ts';
import { execIsolated, finishIsolation, isolatedEnvironment } from './isolated.ts';
import { sayError } from './say.ts';

export interface RunArguments {
  readonly isolated: boolean;
  readonly verbose: boolean;
  readonly command: readonly string[];
}

const flags = { '--isolated': 'isolated', '--verbose': 'verbose' } as const;

/**
 * The arguments of `run` when they are as plain as nearly always: our flags, then CMD. Anything
 * else (help, mistakes) is for yargs, whose loading costs a fifth of the whole start.
 */
export function plainRunArguments(argv: readonly string[]): RunArguments | undefined {
  if (argv[0] !== 'run') return undefined;
  const found = { isolated: false, verbose: false };
  let index = 1;
  for (; index < argv.length; index += 1) {
    const word = argv[index] ?? '';
    if (word === '--') {
      index += 1;
      break;
    }
    if (!word.startsWith('-')) break;
    if (!(word in flags)) return undefined;
    found[flags[word as keyof typeof flags]] = true;
  }
  const command = argv.slice(index);
  return command.length === 0 ? undefined : { ...found, command };
}

/** `bpfilter run [--isolated] [--verbose] -- CMD [ARG…]` */
export async function runCommand(options: RunArguments): Promise<void> {
  if (options.command.length === 0) throw new BpfilterError('usage', 'run: which command?');
  if (options.isolated) execIsolated(options);
  finishIsolation();
  await run({
    command: options.command,
    verbose: options.verbose,
    env: isolatedEnvironment,
    files: shimFiles(),
    warn: sayError,
  });
}
