import { spawnSync } from 'node:child_process';
import { programCommand } from '../harness/program.ts';
import type { RawRequest, RawResult } from './request.ts';

const program = new URL('./caller.ts', import.meta.url);
const maxOutput = 1 << 30;
/** Milliseconds for all requests of one run; a caller that hangs is killed, with what wraps it. */
const deadline = 60_000;

/**
 * Runs the raw caller in one process, behind `wrapper` (e.g. `['unshare', '-n']` for a fresh
 * network namespace). In: requests, done in order. Out: a result for each. Throws an Error with
 * the caller's stderr when it doesn't end well, or not within a minute.
 */
export function runRaw(requests: readonly RawRequest[], wrapper: readonly string[]): readonly RawResult[] {
  const [command = '', ...args] = [...wrapper, ...programCommand(program)];
  const done = spawnSync(command, args, {
    input: JSON.stringify(requests),
    maxBuffer: maxOutput,
    timeout: deadline,
    killSignal: 'SIGKILL',
  });
  if (done.error) throw done.error;
  if (done.status !== 0) throw new Error(`raw caller ended with ${done.status}: ${done.stderr.toString()}`);
  return JSON.parse(done.stdout.toString()) as readonly RawResult[];
}

/** Why the kernel's own ip_tables can't be asked here, or undefined when it can. */
export function whyNoNativeTables(): string | undefined {
  const probe: RawRequest = {
    title: 'probe',
    call: 'get',
    socket: 'inet-raw',
    level: 0,
    option: 64,
    length: 84,
    data: Buffer.concat([Buffer.from('filter'), Buffer.alloc(78)]).toString('base64'),
  };
  try {
    const [answer] = runRaw([probe], ['unshare', '-n']);
    return answer?.errno === '' ? undefined : `ip_tables answers ${answer?.errno}`;
  } catch (error) {
    return `no fresh network namespace: ${error instanceof Error ? error.message : String(error)}`;
  }
}
