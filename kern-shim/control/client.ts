import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { BpfilterError } from '../../protocol/error.ts';
import { pidOfShimSocket } from '../../protocol/shim-names.ts';
import type { ControlOperation } from '../run/messages.ts';
import type { ControlAnswer, ControlRequest } from './server.ts';
import { socketAddress } from './socket-address.ts';

const answerTimeoutMs = 15_000;

/** A shim of a namespace, by its socket. */
export interface RunningShim {
  readonly pid: number;
  readonly path: string;
}

/** The shims that serve a namespace. Sockets that nobody listens on any more, of shims that were killed, are removed. */
export async function runningShims(folder: string): Promise<readonly RunningShim[]> {
  const shims: RunningShim[] = [];
  for (const name of fs.readdirSync(folder)) {
    const pid = pidOfShimSocket(name);
    if (pid === undefined) continue;
    const socket = path.join(folder, name);
    // Not by pid: that may be another process's by now, or one of another pid namespace.
    if (await isListening(socket)) shims.push({ pid, path: socket });
    else fs.rmSync(socket, { force: true });
  }
  return shims.sort((a, b) => a.pid - b.pid);
}

/** One that is being made isn't listened on for a moment. */
const youngMs = 10_000;

/** Removes sockets that shims have left which were killed: nobody else does unless a person asks for the status. */
export async function removeDeadSockets(folder: string): Promise<void> {
  const before = Date.now() - youngMs;
  for (const name of fs.readdirSync(folder)) {
    if (pidOfShimSocket(name) === undefined) continue;
    const socket = path.join(folder, name);
    const { mtimeMs = before } = fs.statSync(socket, { throwIfNoEntry: false }) ?? {};
    if (mtimeMs < before && !(await isListening(socket))) fs.rmSync(socket, { force: true });
  }
}

function connect(socket: string): net.Socket {
  const { address, close } = socketAddress(socket);
  return net.connect(address).once('close', close);
}

function isListening(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket);
    connection.once('connect', () => {
      connection.destroy();
      resolve(true);
    });
    connection.once('error', (error) =>
      resolve(!('code' in error && (error.code === 'ECONNREFUSED' || error.code === 'ENOENT'))),
    );
  });
}

/** Asks a running shim. @throws 'busy' when it doesn't answer, 'driver' with its own error text */
export function askShim(socket: string, operation: ControlOperation): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const connection = connect(socket);
    let text = '';
    connection.setEncoding('utf8');
    connection.setTimeout(answerTimeoutMs, () =>
      connection.destroy(new Error(`no answer within ${answerTimeoutMs} ms`)),
    );
    connection.on('error', (cause) => reject(new BpfilterError('busy', `${socket}: ${cause.message}`, { cause })));
    connection.on('data', (chunk: string) => {
      text += chunk;
    });
    connection.on('end', () => {
      try {
        const answer = JSON.parse(text) as ControlAnswer;
        if (answer.ok) resolve(answer.result);
        else reject(new BpfilterError('driver', answer.error));
      } catch (cause) {
        reject(new BpfilterError('driver', `${socket}: no answer that can be read`, { cause }));
      }
    });
    const request: ControlRequest = { operation };
    connection.end(`${JSON.stringify(request)}\n`);
  });
}
