import { findProgram } from '../kern-shim/run/legacy-path.ts';
import { BpfilterError } from '../protocol/error.ts';
import { execve } from '../sys/process.ts';
import type { RunArguments } from './run-command.ts';

/** Brings loopback up, as every machine's own network has it, then becomes the command. */
const startScript = 'ip link set lo up 2>/dev/null; exec "$@"';

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
  const run = ['run', ...(options.verbose ? ['--verbose'] : []), '--', ...options.command];
  const namespaces = ['--user', '--map-root-user', '--net'];
  execve(unshare, ['unshare', ...namespaces, '--', '/bin/sh', '-c', startScript, 'sh', ...self, ...run], process.env);
}
