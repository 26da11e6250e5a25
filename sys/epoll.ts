import { errno } from '../protocol/errno.ts';
import { check, fail } from './fail.ts';
import { cFunction, lastErrno } from './koffi.ts';

const epollCreate1 = cFunction('epoll_create1', ['int']);
const epollCtl = cFunction('epoll_ctl', ['int', 'int', 'int', 'void *']);
const epollWait = cFunction('epoll_wait', ['int', 'void *', 'int', 'int']);

const EPOLL_CLOEXEC = 0o2000000;
/** include/uapi/linux/eventpoll.h */
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLLIN = 0x001;

/** struct epoll_event: u32 events @0, u64 data; packed on x86-64 alone. */
const DATA = process.arch === 'x64' ? 4 : 8;
const EVENT_SIZE = DATA + 8;

/** A new set of descriptors, empty, that can be polled as one descriptor: readable while one of them is. Closes on exec. */
export function epoll(): number {
  return check(epollCreate1()(EPOLL_CLOEXEC), 'epoll_create1');
}

/** Takes a descriptor into the set. EEXIST: it is in there. */
export function epollAdd(set: number, fd: number): void {
  const event = Buffer.alloc(EVENT_SIZE);
  event.writeUInt32LE(EPOLLIN, 0);
  event.writeInt32LE(fd, DATA);
  check(epollCtl()(set, EPOLL_CTL_ADD, fd, event), 'epoll_ctl', `add fd ${fd}`);
}

/** Takes it out; to be called before it is closed. ENOENT: it isn't in there. */
export function epollRemove(set: number, fd: number): void {
  check(epollCtl()(set, EPOLL_CTL_DEL, fd, null), 'epoll_ctl', `remove fd ${fd}`);
}

/**
 * Those of the set that can be read, whose other ends are gone, or that failed, `atMost` of them; the next call begins
 * with the others. Never waits.
 */
export function epollReady(set: number, atMost: number): readonly number[] {
  const events = Buffer.alloc(atMost * EVENT_SIZE);
  let count = -1;
  while (count < 0) {
    count = epollWait()(set, events, atMost, 0);
    if (count < 0 && lastErrno() !== errno.EINTR) fail('epoll_wait');
  }
  return Array.from({ length: count }, (_, index) => events.readInt32LE(index * EVENT_SIZE + DATA));
}
