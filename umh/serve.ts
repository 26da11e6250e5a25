import { readSync, writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { encodeReply, mbox_reply, mbox_request, OWN_LEVEL, splitCommand } from '../protocol/mbox.ts';
import { collectGarbage } from '../sys/collect-garbage.ts';
import { POLLIN, Poller } from '../sys/poll.ts';
import type { Driver } from './driver.ts';
import type { Log } from './log.ts';

export interface Pipes {
  /**
   * Reads into `bytes` from `offset`, waiting for at least one byte; 0 at the end. `mayLook`: something may come at once, so
   * it is worth looking for it for a moment before sleeping.
   */
  read(bytes: Uint8Array, offset: number, mayLook: boolean): number;
  write(bytes: Uint8Array, offset: number): number;
}

/** On a single processor nobody could send meanwhile. */
const spinMs = availableParallelism() > 1 ? 0.06 : 0;

/**
 * Blocking pipes. `process.stdin` and `process.stdout` would make them non-blocking: nobody may touch
 * those. One run of iptables makes several requests in a row, so the next one is looked for without
 * sleeping for a moment: an idle processor takes longer to wake up.
 */
export function pipesOf(from: number, to: number): Pipes {
  const poller = new Poller([from], [POLLIN]);
  const spin = () => {
    const end = performance.now() + spinMs;
    while (performance.now() < end && poller.wait(0) === 0);
  };
  return {
    read(bytes, offset, mayLook) {
      if (mayLook) spin();
      return readSync(from, bytes, offset, bytes.length - offset, null);
    },
    write: (bytes, offset) => writeSync(to, bytes, offset, bytes.length - offset, null),
  };
}

/** Whether all of a request came; false at the end of the pipe. */
function readRequest(pipes: Pipes, message: Uint8Array, mayLook: boolean, log: Log): boolean {
  let length = 0;
  while (length < message.length) {
    const read = pipes.read(message, length, mayLook && length === 0);
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
/**
 * And of all requests since the last time. This thread sleeps in read(2), so node never finds the moment when it would
 * collect by itself, and waits until the heap is at a limit of some hundred MiB.
 */
const MANY_REQUESTS = 1 << 28;
/** What a request leaves behind however little it names. */
const LEAST_OF_REQUEST = 1 << 14;

function lengthOf(message: Uint8Array): number {
  return new DataView(message.buffer, message.byteOffset, message.byteLength).getUint32(mbox_request.offsets.len, true);
}

/** Whether a caller waits for it: not for the health check, nor for what the shim asks for itself. */
function isCallers(message: Uint8Array): boolean {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const cmd = view.getUint32(mbox_request.offsets.cmd, true);
  return cmd !== 0 && splitCommand(cmd).level !== OWN_LEVEL;
}

/** Serves request after request, until the pipe ends or nobody reads the answers (EPIPE is thrown). */
export function serveRequests(driver: Driver, pipes: Pipes, log: Log): void {
  const message = new Uint8Array(mbox_request.size);
  const reply = new Uint8Array(mbox_reply.size);
  const replyView = new DataView(reply.buffer);
  let uncollected = 0;
  /**
   * Callers' requests so far. After the first one there is no looking for the next: the driver before this one may just have
   * died, what is left of it keeps one processor busy, and the shim needs the other.
   */
  let callers = 0;
  let mayLook = false;
  while (readRequest(pipes, message, mayLook, log)) {
    encodeReply(replyView, driver.serve(message));
    for (let sent = 0; sent < reply.length; ) sent += pipes.write(reply, sent);
    driver.answered();
    if (isCallers(message)) callers += 1;
    mayLook = callers > 1;
    const length = lengthOf(message);
    uncollected += length + LEAST_OF_REQUEST;
    if (length < LARGE_REQUEST && uncollected < MANY_REQUESTS) continue;
    uncollected = 0;
    collectGarbage();
  }
}
