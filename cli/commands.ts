import yargs from 'yargs';
import { askShim, runningShims } from '../kern-shim/control/client.ts';
import { ownStateFolder } from '../kern-shim/local.ts';
import { BpfilterError } from '../protocol/error.ts';
import { exitStatus } from './exit-status.ts';
import { shimFiles } from './files.ts';
import { runCommand } from './run-command.ts';
import { sayError, sayOut } from './say.ts';

const runExamples: [string, string][] = [
  ['$0 run -- iptables -A INPUT -p tcp --dport 80 -j DROP', 'one rule, in force through nftables'],
  ['$0 run -- sh firewall.sh', 'a whole script and all that it starts'],
  ['$0 run --isolated -- bash', 'as an ordinary user, in a network of your own'],
  ['$0 iptables -L INPUT -n -v', 'list as iptables does, without a shim around it'],
  ['$0 status', 'drivers, tables, where state and log are'],
  ['$0 umh kill', 'kill the driver and see nothing happen'],
];

/** Asks every running shim of this namespace. @throws 'usage' when none runs */
async function askAll(operation: 'kill' | 'load' | 'unload'): Promise<void> {
  const shims = await runningShims(ownStateFolder());
  if (shims.length === 0) throw new BpfilterError('usage', 'no shim runs in this network namespace');
  for (const { pid, path } of shims) sayOut(`shim ${pid}: ${String(await askShim(path, operation))}\n`);
}

/** Parses a command line that isn't a plain `run`, carries it out and returns the exit status. */
export async function dispatch(argv: readonly string[]): Promise<number> {
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
      'run [--] <command..>',
      'run COMMAND with all its descendants served',
      (args) =>
        args
          .option('isolated', {
            type: 'boolean',
            default: false,
            describe: 'in a fresh user and network namespace; needs no root',
          })
          .option('verbose', { type: 'boolean', default: false, describe: 'log lines to stderr too' })
          .example(runExamples.slice(0, 3)),
      async (args) => {
        await runCommand({
          isolated: args.isolated,
          verbose: args.verbose,
          command: (args.command as unknown as string[] | undefined) ?? [],
        });
      },
    )
    .command(
      'iptables',
      'list tables: [-t TABLE] -L|-S [CHAIN] [-n] [-v] [-x] [--line-numbers], printed as iptables-legacy does',
    )
    .command(
      'status',
      'drivers, requests, tables, where the state and the log are',
      (args) => args.option('json', { type: 'boolean', default: false, describe: 'for programs' }),
      async (args) => {
        const { statusCommand } = await import('./status-command.ts');
        status = await statusCommand(args.json, shimFiles());
      },
    )
    .command('reset', 'take all chains, counters and state of this network namespace away', {}, async () => {
      const { resetCommand } = await import('./reset-command.ts');
      status = await resetCommand(shimFiles());
    })
    .command(
      'umh <action>',
      'the driver of the running shims',
      (args) => args.positional('action', { choices: ['kill'] as const }),
      async () => {
        await askAll('kill');
      },
    )
    .command(
      'module <action>',
      'load or unload the driver of the running shims; rules stay in force',
      (args) => args.positional('action', { choices: ['load', 'unload'] as const, demandOption: true }),
      async (args) => {
        await askAll(args.action);
      },
    )
    .example(runExamples)
    .epilogue(
      'Exit status: that of COMMAND for run (125 when it could not be run, 126 and 127 as the shell has them); else 0, 1 failed, 2 usage.',
    )
    .demandCommand(1, 'which command?')
    .strict()
    .help()
    .version()
    .exitProcess(false)
    .fail((message, error, instance) => {
      if (error instanceof Error) throw error;
      instance.showHelp((text) => sayOut(`${text}\n\n`));
      sayError(message);
      status = exitStatus.usage;
    });
  await parser.parseAsync();
  return status;
}
