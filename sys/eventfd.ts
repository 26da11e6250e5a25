import { errno } from '../protocol/errno.ts';
import { check, fail } from './fail.ts';
import { cFunction, lastErrno } from './koffi.ts';

const cEventfd = cFunction('eventfd', ['uint', 'int']);
const read = cFunction('read', ['int', 'void *', 'ulong']);
const write = cFunction('write', ['int', 'void *', 'ulong']);

/** EFD_CLOEXEC | EFD_NONBLOCK */
const FLAGS = 0o2000000 | 0o4000;
const one = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
const count = Buffer.alloc(8);

/** A descriptor that one thread signals and another polls; closed on exec. */
export function eventfd(): number {
  return check(cEventfd()(0, FLAGS), 'eventfd');
}

/** Makes it readable, until it is drained. */
export function signalEventfd(fd: number): void {
  while (write()(fd, one, 8) < 0) {
    const error = lastErrno();
    if (error === errno.EAGAIN) return; // the counter is full: it is signalled already
    if (error !== errno.EINTR) fail('write', `eventfd ${fd}`);
  }
}

/** Takes all signals back; says whether there was one. */
export function drainEventfd(fd: number): boolean {
  while (read()(fd, count, 8) < 0) {
    const error = lastErrno();
    if (error === errno.EAGAIN) return false;
    if (error !== errno.EINTR) fail('read', `eventfd ${fd}`);
  }
  return true;
}
