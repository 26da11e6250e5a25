import {
  ignoreAgain,
  lastArguments,
  launchVariables,
  originalEnvironment,
  readInherited,
} from '../kern-shim/run/inherited.ts';
import { findProgram } from '../kern-shim/run/legacy-path.ts';
import { BpfilterError } from '../protocol/error.ts';
import { setLinkUp } from '../sys/link.ts';
import { execve } from '../sys/process.ts';
import type { RunArguments } from './run-command.ts';

/** Tells the new process that it is in a network of its own, where loopback is still down. */
const insideVariable = 'BPFILTER_INSIDE_ISOLATED';

/** Is no variable of CMD's. */
export const isolatedEnvironment = { [insideVariable]: undefined };

/** Brings loopback up, as every machine's own network has it; nothing to do outside a fresh namespace of ours. */
export function finishIsolation(): void {
  if (process.env[insideVariable] === undefined) return;
  delete process.env[insideVariable];
  setLinkUp('lo');
}

/**
 * Starts this very command again inside a fresh user and network namespace: unshare(1) makes them,
 * since a process with threads can't enter a user namespace of its own.
 *
 * @throws 'usage' when unshare isn't installed; the new process says what the kernel refuses
 */
export function execIsolated(options: RunArguments): never {
  const searchPath = process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin';
  const unshare = findProgram('unshare', searchPath);
  if (unshare === undefined)
    throw new BpfilterError('usage', 'run --isolated needs unshare (Debian package util-linux)');
  const self = [process.execPath, ...process.execArgv, process.argv[1] ?? ''];
  const run = ['run', ...flagsOf(options), '--', ...lastArguments(options.command.length)];
  const namespaces = ['--user', '--map-root-user', '--net'];
  const inherited = readInherited();
  ignoreAgain(inherited);
  const env = originalEnvironment({ ...launchVariables(), [insideVariable]: '1' });
  execve(unshare, ['unshare', ...namespaces, '--', ...self, ...run], env, {
    keep: inherited.descriptors,
    ignored: inherited.ignored,
  });
}

function flagsOf({ verbose, nft, backend, xt }: RunArguments): readonly string[] {
  return [
    ...(verbose ? ['--verbose'] : []),
    ...(nft === undefined ? [] : ['--nft', nft]),
    ...(backend === undefined ? [] : ['--backend', backend]),
    ...(xt ? [] : ['--no-xt']),
  ];
}
