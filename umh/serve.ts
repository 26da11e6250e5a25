import { readSync, writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { encodeReply, mbox_reply, mbox_request } from '../protocol/mbox.ts';
import { POLLIN, Poller } from '../sys/poll.ts';
import type { Driver } from './driver.ts';
import type { Log } from './log.ts';

export interface Pipes {
  /** Reads into `bytes` from `offset`, waiting for at least one byte; 0 at the end. */
  read(bytes: Uint8Array, offset: number): number;
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
  let answered = false;
  return {
    read(bytes, offset) {
      if (answered) spin();
      answered = false;
      return readSync(from, bytes, offset, bytes.length - offset, null);
    },
    write(bytes, offset) {
      answered = true;
      return writeSync(to, bytes, offset, bytes.length - offset, null);
    },
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

/** Needs node's --expose-gc; without it memory is given back when node thinks fit. */
function giveMemoryBack(): void {
  globalThis.gc?.();
}

/** Serves request after request, until the pipe ends or nobody reads the answers (EPIPE is thrown). */
export function serveRequests(driver: Driver, pipes: Pipes, log: Log): void {
  const message = new Uint8Array(mbox_request.size);
  const reply = new Uint8Array(mbox_reply.size);
  const replyView = new DataView(reply.buffer);
  let uncollected = 0;
  while (readRequest(pipes, message, log)) {
    encodeReply(replyView, driver.serve(message));
    for (let sent = 0; sent < reply.length; ) sent += pipes.write(reply, sent);
    driver.answered();
    const length = lengthOf(message);
    uncollected += length + LEAST_OF_REQUEST;
    if (length < LARGE_REQUEST && uncollected < MANY_REQUESTS) continue;
    uncollected = 0;
    giveMemoryBack();
  }
}
