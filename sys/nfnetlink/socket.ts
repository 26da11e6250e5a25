import { errno } from '../../protocol/errno.ts';
import { closeFd } from '../descriptor.ts';
import { fail, syscallError } from '../fail.ts';
import { cFunction, lastErrno } from '../koffi.ts';
import { SOCK_CLOEXEC, SOCK_RAW, socket } from '../socket.ts';
import { rawSetsockopt, SOL_SOCKET } from '../socket-option.ts';

const cSend = cFunction('send', ['int', 'void *', 'ulong', 'int']);
const cRecv = cFunction('recv', ['int', 'void *', 'ulong', 'int']);

/** include/linux/socket.h, linux/netlink.h, asm-generic/socket.h */
const AF_NETLINK = 16;
const NETLINK_NETFILTER = 12;
const SOL_NETLINK = 270;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const SO_RCVTIMEO = 20;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;
const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;

/** The kernel gives at most 32 KiB of a dump at once, and errors far smaller. */
const RECEIVE_SIZE = 1 << 17;
/** Room for the errors and acknowledgements of a batch: some hundred bytes each. */
const RECEIVE_BUFFER = 1 << 23;

/** A netlink socket to nf_tables. Not to be shared between threads. */
export interface NetlinkSocket {
  /** What was received last; overwritten by the next `receive`. */
  readonly buffer: Uint8Array<ArrayBuffer>;
  readonly view: DataView<ArrayBuffer>;
  /** Hands over bytes of any number as one; the kernel has dealt with them when it returns. Returns the errno, 0 when taken. */
  send(bytes: Uint8Array): number;
  /** Bytes received; `undefined` when none are there (without `wait`, or after five seconds). ENOBUFS: some were lost. */
  receive(wait: boolean): number | undefined;
  close(): void;
}

/** The struct timeval that a dump is waited for at most: it comes at once or never. */
const fiveSeconds = Buffer.alloc(16);
fiveSeconds.writeUInt32LE(5, 0);
const one = Buffer.from([1, 0, 0, 0]);

/**
 * Opens a socket in the network namespace of this thread. Throws `syscall`: EPROTONOSUPPORT for a kernel
 * without netfilter's netlink.
 */
export function openNetlink(): NetlinkSocket {
  const fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
  const set = (level: number, option: number, value: Buffer) =>
    rawSetsockopt(fd, level, option, value, value.length).result === 0;
  set(SOL_NETLINK, NETLINK_CAP_ACK, one);
  set(SOL_NETLINK, NETLINK_EXT_ACK, one);
  set(SOL_SOCKET, SO_RCVTIMEO, fiveSeconds);
  const grow = (forced: number, usual: number, size: number) => {
    const value = Buffer.alloc(4);
    value.writeInt32LE(Math.min(size, 2 ** 30 - 1));
    return set(SOL_SOCKET, forced, value) || set(SOL_SOCKET, usual, value);
  };
  grow(SO_RCVBUFFORCE, SO_RCVBUF, RECEIVE_BUFFER);
  let sendRoom = 0;
  const buffer = new Uint8Array(RECEIVE_SIZE);
  return {
    buffer,
    view: new DataView(buffer.buffer),
    send(bytes) {
      // the whole message counts against the buffer, and some more for the kernel's own account
      if (bytes.length > sendRoom) {
        sendRoom = Math.max(2 * bytes.length, 1 << 18);
        grow(SO_SNDBUFFORCE, SO_SNDBUF, sendRoom);
      }
      for (;;) {
        if (cSend()(fd, bytes, bytes.length, 0) >= 0) return 0;
        const error = lastErrno();
        if (error !== errno.EINTR) return error;
      }
    },
    receive(wait) {
      for (;;) {
        const length = cRecv()(fd, buffer, buffer.length, MSG_TRUNC | (wait ? 0 : MSG_DONTWAIT));
        if (length > buffer.length) throw syscallError('recv', errno.EMSGSIZE, `netlink: ${length} bytes at once`);
        if (length >= 0) return length;
        const error = lastErrno();
        if (error === errno.EAGAIN) return undefined;
        if (error !== errno.EINTR) fail('recv', 'netlink');
      }
    },
    close: () => closeFd(fd),
  };
}
