import { netnsCookie } from '../sys/namespace.ts';
import { Modules, type ModulesOptions, type Served } from './modules.ts';
import { checkProc } from './run/preflight.ts';
import { baseWarning, findBaseFolder, stateFolder } from './state-folder.ts';

/** The folder of this network namespace's state. */
export function ownStateFolder(): string {
  return stateFolder(findBaseFolder(process.env), netnsCookie());
}

/**
 * A module of this process's own for its network namespace, without interception: what the command
 * line uses to ask and to reset. Any number of shims may serve one namespace.
 *
 * @param use gets the served namespace; its driver is ended afterwards
 */
export async function withOwnModule<T>(
  options: Omit<ModulesOptions, 'base'>,
  use: (served: Served) => T | Promise<T>,
): Promise<T> {
  checkProc();
  const modules = new Modules({ ...options, base: findBaseFolder(process.env) });
  try {
    const served = modules.forOwn();
    const warning = baseWarning(process.env);
    if (warning !== undefined) served.log.write(warning);
    return await use(served);
  } finally {
    modules.close();
  }
}
