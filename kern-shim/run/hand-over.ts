import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { shimSocketName } from '../../protocol/shim-names.ts';
import { closeFd } from '../../sys/descriptor.ts';
import { netnsCookie } from '../../sys/namespace.ts';
import { pipe2 } from '../../sys/pipe.ts';
import { POLLIN, poll } from '../../sys/poll.ts';
import { serveControl } from '../control/server.ts';
import { openLog } from '../log.ts';
import type { ModulesOptions } from '../modules.ts';
import { newClient } from '../new-client.ts';
import { stateFolder } from '../state-folder.ts';
import { detachedVariable } from './detached-variable.ts';
import { Serving } from './serving.ts';

/** Descriptors of a detached shim: the listener it takes over, and where it says that it serves. */
const listenerDescriptor = 3;
const readyDescriptor = 4;

const readyTimeoutMs = 10_000;

type HandOver = Pick<ModulesOptions, 'blobFile' | 'koffiFile' | 'base'>;

/**
 * Leaves a listener to a detached shim of its own, and returns once that one serves it. It is how
 * background jobs stay served when `run` ends with CMD's status: a filtered tree can't get a second
 * listener.
 *
 * @returns whether it came up
 */
export function handOver(listener: number, options: HandOver): boolean {
  const ready = pipe2();
  const program = process.argv[1] ?? '';
  const child = spawn(process.execPath, [...process.execArgv, program, 'serve'], {
    detached: true,
    cwd: '/',
    env: { ...process.env, [detachedVariable]: JSON.stringify(options) },
    stdio: ['ignore', 'ignore', 'ignore', listener, ready.write],
  });
  child.on('error', () => {});
  child.unref();
  closeFd(ready.write);
  const [events = 0] = poll([{ fd: ready.read, events: POLLIN }], readyTimeoutMs);
  closeFd(ready.read);
  // One that died left the pipe's end only (POLLHUP).
  return (events & POLLIN) !== 0;
}

/** The detached shim: serves the listener it was given until the last filtered process has gone. */
export async function serveDetached(text: string): Promise<void> {
  const options = JSON.parse(text) as HandOver;
  const folder = stateFolder(options.base, netnsCookie());
  const log = openLog(path.join(folder, 'log'));
  log.write('takes over the listener of a run that has ended');
  const serving = new Serving(listenerDescriptor, { ...options, client: newClient(), verboseFd: undefined }, (error) =>
    log.write(`serving thread failed, started again: ${String(error)}`),
  );
  const closeControl = serveControl(
    path.join(folder, shimSocketName(process.pid)),
    (operation) => serving.ask(operation),
    (error) => log.write(`can't be asked by its socket: ${String(error)}`),
  );
  fs.writeSync(readyDescriptor, '\n');
  closeFd(readyDescriptor);
  await serving.ended;
  closeControl();
  log.write('the last served process has gone');
}
