import { errno } from '../protocol/errno.ts';
import { check, fail, syscallError } from './fail.ts';
import { addressOf, cFunction, lastErrno } from './koffi.ts';
import { AF_UNIX, SOCK_CLOEXEC, SOCK_SEQPACKET } from './socket.ts';

const socketpair = cFunction('socketpair', ['int', 'int', 'int', 'void *']);
const sendmsg = cFunction('sendmsg', ['int', 'void *', 'int']);
const recvmsg = cFunction('recvmsg', ['int', 'void *', 'int']);

/** include/linux/socket.h */
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_CTRUNC = 0x8;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x40000000;

/**
 * One message with a few bytes and one descriptor, all parts in one buffer (64-bit layout):
 *   struct msghdr  @0   name 0, namelen 8, iov 16, iovlen 24, control 32, controllen 40, flags 48
 *   struct iovec   @56  base, len
 *   the bytes      @72
 *   struct cmsghdr @96  len 96, level 104, type 108, the descriptor 112
 */
const MESSAGE_SIZE = 120;
const CONTROLLEN = 40;
const FLAGS = 48;
const IOV = 56;
const PAYLOAD = 72;
const PAYLOAD_SIZE = 24;
const IOV_LEN = IOV + 8;
const CMSG = 96;
const CMSG_FD = 112;
/** CMSG_LEN(4), not CMSG_SPACE: in the padding a second descriptor would fit, and leak. */
const CONTROL_LENGTH = 20;

function createMessage(): Buffer {
  const message = Buffer.alloc(MESSAGE_SIZE);
  const base = addressOf(message);
  message.writeBigUInt64LE(base + BigInt(IOV), 16);
  message.writeUInt32LE(1, 24);
  message.writeBigUInt64LE(base + BigInt(CMSG), 32);
  message.writeBigUInt64LE(base + BigInt(PAYLOAD), IOV);
  return message;
}

let shared: Buffer | undefined;

/** Two connected SEQPACKET unix sockets; both close on exec. */
export function socketpairSeqpacket(): [number, number] {
  const ends = Buffer.alloc(8);
  check(socketpair()(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 'socketpair');
  return [ends.readInt32LE(0), ends.readInt32LE(4)];
}

const oneByte = Buffer.alloc(1);

/**
 * Sends one descriptor with 1 to 24 bytes that tell of it; undefined: the bytes alone. EPIPE when the other end is gone;
 * blocks while its queue is full, unless `sock` is non-blocking (EAGAIN).
 */
export function sendFd(sock: number, fdToSend: number | undefined, payload: Uint8Array = oneByte): void {
  if (payload.length === 0 || payload.length > PAYLOAD_SIZE) {
    throw syscallError('sendmsg', errno.EMSGSIZE, `${payload.length} bytes beside a descriptor`);
  }
  shared ??= createMessage();
  const message = shared;
  message.writeUInt32LE(fdToSend === undefined ? 0 : CONTROL_LENGTH, CONTROLLEN);
  message.set(payload, PAYLOAD);
  message.writeUInt32LE(payload.length, IOV_LEN);
  message.writeUInt32LE(CONTROL_LENGTH, CMSG);
  message.writeUInt32LE(SOL_SOCKET, CMSG + 8);
  message.writeUInt32LE(SCM_RIGHTS, CMSG + 12);
  message.writeInt32LE(fdToSend ?? -1, CMSG_FD);
  while (sendmsg()(sock, message, MSG_NOSIGNAL) < 0) {
    if (lastErrno() !== errno.EINTR) fail('sendmsg', `fd ${fdToSend ?? 'none'} over ${sock}`);
  }
}

/**
 * The descriptor of the next message, closed on exec; never waits. `undefined` when none waits,
 * when the other end is gone, or when the message brought none. EMFILE when we have no room for it.
 *
 * @param payload gets the bytes that came with it, zeros behind them
 */
export function recvFd(sock: number, payload?: Uint8Array): number | undefined {
  shared ??= createMessage();
  const message = shared;
  for (;;) {
    message.writeUInt32LE(CONTROL_LENGTH, CONTROLLEN);
    message.writeUInt32LE(PAYLOAD_SIZE, IOV_LEN);
    message.fill(0, PAYLOAD, PAYLOAD + PAYLOAD_SIZE);
    if (recvmsg()(sock, message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) >= 0) break;
    const error = lastErrno();
    if (error === errno.EAGAIN) return undefined;
    if (error !== errno.EINTR) fail('recvmsg', `fd ${sock}`);
  }
  payload?.set(message.subarray(PAYLOAD, PAYLOAD + Math.min(payload.length, PAYLOAD_SIZE)));
  // Only SCM_RIGHTS can come: the other kinds are sent where the receiver has asked for them.
  if (message.readUInt32LE(CONTROLLEN) >= CONTROL_LENGTH) return message.readInt32LE(CMSG_FD);
  // The kernel cuts the message when it can't install the descriptor.
  const cut = (message.readUInt32LE(FLAGS) & MSG_CTRUNC) !== 0;
  if (cut) throw syscallError('recvmsg', errno.EMFILE, `fd ${sock}`);
  return undefined;
}
