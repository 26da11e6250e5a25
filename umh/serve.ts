import { readSync, writeSync } from 'node:fs';
import { encodeReply, mbox_reply, mbox_request } from '../protocol/mbox.ts';
import type { Driver } from './driver.ts';
import type { Log } from './log.ts';

export interface Pipes {
  /** Reads into `bytes` from `offset`, waiting for at least one byte; 0 at the end. */
  read(bytes: Uint8Array, offset: number): number;
  write(bytes: Uint8Array, offset: number): number;
}

/** Blocking pipes. `process.stdin` and `process.stdout` would make them non-blocking: nobody may touch those. */
export function pipesOf(from: number, to: number): Pipes {
  return {
    read: (bytes, offset) => readSync(from, bytes, offset, bytes.length - offset, null),
    write: (bytes, offset) => writeSync(to, bytes, offset, bytes.length - offset, null),
  };
}

/** Whether all of a request came; false at the end of the pipe. */
function readRequest(pipes: Pipes, message: Uint8Array, log: Log): boolean {
  let length = 0;
  while (length < message.length) {
    const read = pipes.read(message, length);
    if (read === 0) {
      if (length > 0) log.warning(`the pipe ended after ${length} bytes of a request`);
      return false;
    }
    length += read;
  }
  return true;
}

/** Bytes of the caller's memory from which on a request leaves enough behind to be collected at once: some ten thousand rules. */
const LARGE_REQUEST = 1 << 22;

function lengthOf(message: Uint8Array): number {
  return new DataView(message.buffer, message.byteOffset, message.byteLength).getUint32(mbox_request.offsets.len, true);
}

/** Needs node's --expose-gc; without it memory is given back when node thinks fit. */
function giveMemoryBack(): void {
  globalThis.gc?.();
}

/** Serves request after request, until the pipe ends or nobody reads the answers (EPIPE is thrown). */
export function serveRequests(driver: Driver, pipes: Pipes, log: Log): void {
  const message = new Uint8Array(mbox_request.size);
  const reply = new Uint8Array(mbox_reply.size);
  const replyView = new DataView(reply.buffer);
  while (readRequest(pipes, message, log)) {
    encodeReply(replyView, driver.serve(message));
    for (let sent = 0; sent < reply.length; ) sent += pipes.write(reply, sent);
    driver.answered();
    if (lengthOf(message) >= LARGE_REQUEST) giveMemoryBack();
  }
}
