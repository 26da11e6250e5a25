import { detachedVariable } from '../kern-shim/run/detached-variable.ts';
import { exitStatus, exitStatusOf } from './exit-status.ts';
import { plainRunArguments, runCommand } from './run-command.ts';
import { sayError } from './say.ts';

async function main(argv: readonly string[]): Promise<number> {
  const detached = process.env[detachedVariable];
  if (argv[0] === 'serve' && detached !== undefined) {
    const { serveDetached } = await import('../kern-shim/run/hand-over.ts');
    await serveDetached(detached);
    return exitStatus.done;
  }
  const plain = plainRunArguments(argv);
  if (plain !== undefined) {
    await runCommand(plain);
    return exitStatus.done;
  }
  const { dispatch } = await import('./commands.ts');
  return dispatch(argv);
}

main(process.argv.slice(2)).then(
  (status) => process.exit(status),
  (error: unknown) => {
    sayError(error instanceof Error ? error.message : String(error));
    if (process.env.BPFILTER_DEBUG !== undefined && error instanceof Error) sayError(error.stack ?? '');
    process.exit(process.argv[2] === 'run' ? exitStatus.notRun : exitStatusOf(error));
  },
);
