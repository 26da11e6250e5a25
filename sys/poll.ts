import { errno } from '../protocol/errno.ts';
import { fail } from './fail.ts';
import { cFunction, lastErrno } from './koffi.ts';

const cPoll = cFunction('poll', ['void *', 'ulong', 'int']);

/** include/uapi/asm-generic/poll.h */
export const POLLIN = 0x001;
export const POLLOUT = 0x004;
export const POLLERR = 0x008;
export const POLLHUP = 0x010;
export const POLLNVAL = 0x020;

/** struct pollfd: int fd @0, short events @4, short revents @6. */
const POLLFD_SIZE = 8;
const MAX_TIMEOUT_MS = 0x7fffffff;

/** A fixed set of descriptors to wait for, again and again, without allocating. */
export class Poller {
  readonly #pollfds: Buffer;
  readonly #count: number;

  /** `events[i]` (POLL* bits) are those wanted of `fds[i]`; a negative descriptor is passed over. */
  constructor(fds: readonly number[], events: readonly number[]) {
    this.#count = fds.length;
    // At least one byte: an empty buffer has no address.
    this.#pollfds = Buffer.alloc(Math.max(1, fds.length * POLLFD_SIZE));
    for (const [i, fd] of fds.entries()) {
      this.#pollfds.writeInt32LE(fd, i * POLLFD_SIZE);
      this.#pollfds.writeUInt16LE(events[i] ?? 0, i * POLLFD_SIZE + 4);
    }
  }

  /**
   * Waits until a descriptor is ready: returns how many are, 0 when `timeoutMs` have passed
   * (negative: no limit). A signal doesn't end the wait. Blocks this thread's event loop.
   */
  wait(timeoutMs: number): number {
    const deadline = timeoutMs > 0 ? performance.now() + timeoutMs : 0;
    let left = timeoutMs < 0 ? -1 : Math.min(Math.ceil(timeoutMs), MAX_TIMEOUT_MS);
    for (;;) {
      const ready = cPoll()(this.#pollfds, this.#count, left);
      if (ready >= 0) return ready;
      if (lastErrno() !== errno.EINTR) fail('poll');
      if (left > 0) left = Math.min(Math.max(0, Math.ceil(deadline - performance.now())), MAX_TIMEOUT_MS);
    }
  }

  /** POLL* bits of the i-th descriptor after the last wait; POLLERR, POLLHUP and POLLNVAL come unasked. */
  revents(i: number): number {
    return this.#pollfds.readUInt16LE(i * POLLFD_SIZE + 6);
  }
}

/** One wait as `Poller.wait`: returns the revents in the order of `fds`. */
export function poll(fds: readonly { readonly fd: number; readonly events: number }[], timeoutMs: number): number[] {
  const poller = new Poller(
    fds.map(({ fd }) => fd),
    fds.map(({ events }) => events),
  );
  poller.wait(timeoutMs);
  return fds.map((_, i) => poller.revents(i));
}
