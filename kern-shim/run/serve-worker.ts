import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { describeError } from '../../protocol/error.ts';
import { ownOptions } from '../../protocol/mbox.ts';
import { drainEventfd } from '../../sys/eventfd.ts';
import { askForSlice } from '../../sys/scheduling.ts';
import { DriverRegister } from '../driver-register.ts';
import { ServeLoop } from '../intercept/serve-loop.ts';
import { TakenCall } from '../intercept/taken-call.ts';
import { driverName, Modules, type Served } from '../modules.ts';
import { readOwnText } from '../own-memory.ts';
import type { ServeCommand, ServeData, ServedStatus, ServeMessage, ServeOperation } from './messages.ts';

/** The serving thread: sleeps in poll(2) on the listener, so it has no event loop while it serves. */
const data = workerData as ServeData;
const register = new DriverRegister(data.drivers);
const modules = new Modules({ ...data, register, standby: true });

/** The kernel takes no less; nanoseconds. */
const shortestSlice = 100_000n;

function tell(message: ServeMessage): void {
  parentPort?.postMessage(message);
}

function statusOf(served: Served): ServedStatus {
  const status = served.module.status();
  const text = status.pid === undefined ? undefined : readOwnText(served.module, ownOptions.STATUS);
  return {
    ...status,
    folder: served.folder,
    log: served.log.path,
    own: served.isOwn,
    driver: typeof text === 'string' ? text : undefined,
  };
}

/** The drills by hand are for the shim's own namespace; a driver elsewhere lives for seconds only. */
function perform(operation: ServeOperation): string | readonly ServedStatus[] {
  const own = modules.forOwn();
  switch (operation) {
    case 'status':
      return modules.all().map(statusOf);
    case 'kill': {
      const pid = own.module.killDriver();
      return pid === undefined ? 'no driver runs' : `killed ${pid}`;
    }
    case 'load':
      own.module.load();
      return `loaded, pid ${own.module.status().pid}`;
    case 'unload':
      for (const served of modules.all()) served.module.unload();
      return 'unloaded';
    default:
      return operation satisfies never;
  }
}

function onWake(): boolean {
  drainEventfd(data.wake);
  for (;;) {
    const received = parentPort === null ? undefined : receiveMessageOnPort(parentPort);
    if (received === undefined) return false;
    const { id, operation } = received.message as ServeCommand;
    if (operation === 'stop') return true;
    try {
      const result = perform(operation);
      tell(typeof result === 'string' ? { kind: 'answer', id, text: result } : { kind: 'served', id, status: result });
    } catch (error) {
      tell({ kind: 'failed', id, message: describeError(error) });
    }
  }
}

/** What is said here has failed for reasons of ours, so the log may be out of reach too: that must not end the thread. */
function log(message: string): void {
  try {
    modules.forOwn().log.write(message);
  } catch {
    // There is nowhere to say it.
  }
}

// Callers wait, and what is left of a driver that has died keeps a processor busy for milliseconds.
askForSlice(shortestSlice);
const left = register.endAll(driverName);
if (left.length > 0) log(`drivers of the serving thread before were ended: ${left.join(', ')}`);
const loop = new ServeLoop(data.listener, modules, log, new TakenCall(data.taken));
const end = loop.run(data.wake, onWake);
modules.close();
tell({ kind: end });
