import yargs from 'yargs';
import { askShim, runningShims } from '../kern-shim/control/client.ts';
import { ownStateFolder } from '../kern-shim/local.ts';
import type { ControlOperation } from '../kern-shim/run/messages.ts';
import { BpfilterError } from '../protocol/error.ts';
import { exitStatus, exitStatusOf } from './exit-status.ts';
import { shimFiles } from './files.ts';
import { runCommand } from './run-command.ts';
import { sayError, sayOut } from './say.ts';
import { version } from './version.ts';

type Example = [string, string];

const examples = {
  run: [
    ['$0 run -- iptables -A INPUT -p tcp --dport 80 -j DROP', 'one rule, in force through nftables'],
    ['$0 run -- sh firewall.sh', 'a whole script and all that it starts'],
    ['$0 run --isolated -- bash', 'as an ordinary user, in a network of your own'],
  ],
  iptables: [['$0 iptables -L INPUT -n -v', 'list as iptables does, without a shim around it']],
  bpf: [
    ['$0 bpf --table filter', 'the table as records that the BPF program works off'],
    ['$0 bpf --program INPUT', 'the program itself'],
  ],
  status: [
    ['$0 status', 'drivers, tables, where state and log are'],
    ['$0 status --json | jq .shims', 'the running shims, for a program'],
  ],
  reset: [['$0 reset', 'as if no iptables had been run here; other nft tables stay']],
  umh: [
    ['$0 umh kill', 'kill the driver and see nothing happen'],
    ['$0 umh disable', 'start no driver, as around suspend; the one that runs goes on'],
    ['$0 umh enable', 'start drivers again'],
  ],
  module: [
    ['$0 module unload', 'end the driver; the next iptables starts it again'],
    ['$0 module load', 'start it now'],
  ],
  drill: [
    ['$0 drill list', 'what can be done to the driver, the shim, nft and the callers'],
    ['$0 drill run kill', 'kill the driver again and again; your own network is not touched'],
    ['$0 drill run all --seconds 30 --json', 'all of them, for a program'],
    ['$0 drill run kill --strikes 1000 --commands 10000', 'as much as that, however long it takes'],
    ['$0 drill run unload --strikes 20000 --leaks', 'does anything grow?'],
  ],
} as const satisfies Record<string, readonly Example[]>;

const exampleOf = (name: keyof typeof examples): Example[] => examples[name].map(([command, what]) => [command, what]);

/** Asks every running shim of this namespace. @throws 'state' when none runs */
async function askAll(operation: Exclude<ControlOperation, 'status'>): Promise<void> {
  const shims = await runningShims(ownStateFolder());
  if (shims.length === 0) throw new BpfilterError('state', 'no shim runs in this network namespace');
  for (const { pid, path } of shims) sayOut(`shim ${pid}: ${String(await askShim(path, operation))}\n`);
}

/** Parses a command line that isn't a plain `run`, carries it out and returns the exit status. */
export async function dispatch(argv: readonly string[]): Promise<number> {
  try {
    return await perform(argv);
  } catch (error) {
    sayError(error instanceof Error ? error.message : String(error));
    // Of `run` 2 would be CMD's.
    return argv[0] === 'run' ? exitStatus.notRun : exitStatusOf(error);
  }
}

async function perform(argv: readonly string[]): Promise<number> {
  // iptables has a syntax of its own (-nvL): it gets its words as they are.
  if (argv[0] === 'iptables') {
    const { iptablesCommand } = await import('./iptables-command.ts');
    return iptablesCommand(argv.slice(1), shimFiles());
  }
  let status: number = exitStatus.done;
  const parser = yargs([...argv])
    .scriptName('bpfilter')
    .usage('$0 COMMAND\n\nServes iptables-legacy from userspace: rules go to a driver process and into nftables.')
    .parserConfiguration({ 'populate--': true })
    .command(
      'run [command..]',
      'run COMMAND with all its descendants served: run [--isolated] [--verbose] [--nft WAY] [--backend PLANE] [--no-xt] -- COMMAND [ARGUMENT…]',
      (args) =>
        args
          .positional('command', { type: 'string', array: true, default: [], defaultDescription: 'needed' })
          .option('isolated', {
            type: 'boolean',
            default: false,
            describe: 'in a fresh user and network namespace; needs no root',
          })
          .option('verbose', { type: 'boolean', default: false, describe: 'log lines to stderr too' })
          .option('nft', {
            choices: ['auto', 'netlink', 'exec'],
            describe: 'how rules get to nftables: by our own netlink, by the nft program, or whichever works (auto)',
          })
          .option('backend', {
            choices: ['auto', 'nft', 'bpf'],
            describe:
              "what carries the rules; auto: BPF for each table that it can carry, else nft; bpf: refuse tables that BPF can't carry",
            defaultDescription: 'nft',
          })
          .option('xt', {
            type: 'boolean',
            default: true,
            describe: "the kernel's own xt extensions for what nft can't say; --no-xt refuses such rules",
          })
          .example(exampleOf('run')),
      async (args) => {
        const behind = (args['--'] as readonly string[] | undefined) ?? [];
        const { isolated, verbose, nft, backend, xt, command } = args;
        await runCommand({ isolated, verbose, nft, backend, xt, command: [...command, ...behind] });
      },
    )
    .command(
      'iptables',
      'list tables: [-t TABLE] -L|-S [CHAIN] [-n] [-v] [-x] [--line-numbers], printed as iptables-legacy does',
    )
    .command(
      'bpf',
      'show a table as BPF carries it, or say why it does not',
      (args) =>
        args
          .option('table', { alias: 't', type: 'string', default: 'filter', describe: 'of iptables' })
          .option('program', { type: 'string', describe: 'the program of this built-in chain' })
          .example(exampleOf('bpf')),
      async ({ table, program }) => {
        const { bpfCommand } = await import('./bpf-command.ts');
        status = await bpfCommand({ table, program }, shimFiles());
      },
    )
    .command(
      'status',
      'drivers, requests, tables, where the state and the log are',
      (args) =>
        args.option('json', { type: 'boolean', default: false, describe: 'for programs' }).example(exampleOf('status')),
      async (args) => {
        const { statusCommand } = await import('./status-command.ts');
        status = await statusCommand(args.json, shimFiles());
      },
    )
    .command(
      'reset',
      'take all chains, counters and state of this network namespace away',
      (args) => args.example(exampleOf('reset')),
      async () => {
        const { resetCommand } = await import('./reset-command.ts');
        status = await resetCommand(shimFiles());
      },
    )
    .command(
      'umh <action>',
      'the driver of the running shims',
      (args) =>
        args
          .positional('action', { choices: ['kill', 'disable', 'enable'] as const, demandOption: true })
          .example(exampleOf('umh')),
      async (args) => {
        await askAll(args.action);
      },
    )
    .command(
      'module <action>',
      'load or unload the driver of the running shims; rules stay in force',
      (args) =>
        args
          .positional('action', { choices: ['load', 'unload'] as const, demandOption: true })
          .example(exampleOf('module')),
      async (args) => {
        await askAll(args.action);
      },
    )
    .command('drill', 'kill-the-driver drills in a throwaway network namespace', (args) =>
      args
        .command(
          'list',
          'what drills there are',
          (list) => list.option('json', { type: 'boolean', default: false, describe: 'for programs' }),
          async ({ json }) => {
            const { listDrills } = await import('./drill-command.ts');
            status = listDrills(json);
          },
        )
        .command(
          'run <name>',
          'run the drill NAME, or all: status 0 when all is as it should be',
          (run) =>
            run
              .positional('name', { type: 'string', demandOption: true })
              .option('seconds', { type: 'number', describe: 'how long each, at most', defaultDescription: '10' })
              .option('strikes', { type: 'number', describe: 'until so many kills, stops, … were done' })
              .option('commands', { type: 'number', describe: 'until so many commands were given' })
              .option('leaks', {
                type: 'boolean',
                default: false,
                describe: 'strike fast, and look whether descriptors, memory, processes or rules grow',
              })
              .option('seed', { type: 'number', describe: 'the same choices again', defaultDescription: 'any' })
              .option('json', { type: 'boolean', default: false, describe: 'for programs' }),
          async ({ name, seconds, strikes, commands, seed, leaks, json }) => {
            const { runDrills } = await import('./drill-command.ts');
            status = await runDrills({ name, seconds, strikes, commands, seed, leaks, json });
          },
        )
        .demandCommand(1, 'drill: list or run?')
        .example(exampleOf('drill')),
    )
    .example(Object.values(examples).flatMap((some) => some.map(([command, what]): Example => [command, what])))
    .epilogue(
      'Exit status: that of COMMAND for run (125 when it could not be run, 126 and 127 as the shell has them); else 0, 1 failed, 2 usage.',
    )
    .demandCommand(1, 'which command?')
    .strict()
    .help()
    .alias('help', 'h')
    .version(version())
    .exitProcess(false)
    // Thrown at once: a command whose line is wrong must not be carried out.
    .fail((message, error) => {
      if (error instanceof Error) throw error;
      const command = argv[0] !== undefined && argv[0] in examples ? ` ${argv[0]}` : '';
      throw new BpfilterError('usage', `${message.replaceAll(/\s*\n\s*/g, ' ')} (see bpfilter${command} --help)`);
    });
  await parser.parseAsync();
  return status;
}
