import { type Errno, errno } from '../../protocol/errno.ts';
import { BpfilterError } from '../../protocol/error.ts';
import type { OnMessage } from './dump.ts';
import { HEADER_SIZE, type NetlinkError, NLMSG_ERROR, readError } from './message.ts';
import type { NetlinkSocket } from './socket.ts';

/** What became of a batch. */
export type BatchResult =
  /** All of it. `lost`: not all that the kernel had to tell of it was received. */
  | { readonly kind: 'taken'; readonly lost: boolean }
  /** Nothing of it. The kernel's complaints in its order, the first is the one to tell of. */
  | { readonly kind: 'refused'; readonly errors: readonly [NetlinkError, ...NetlinkError[]] }
  /** Not even looked at. */
  | { readonly kind: 'unsent'; readonly errno: Errno }
  /** Complaints may have been lost: only the kernel's state can tell. */
  | { readonly kind: 'unknown' };

/**
 * Sends one batch (BATCH_BEGIN … BATCH_END, no message asks for an acknowledgement) and reads what the
 * kernel has to say: it works a batch off within `send`, so its complaints are there when that returns, and
 * silence is success (nfnetlink_rcv_batch, net/netfilter/nfnetlink.c). `onEcho` gets what the kernel
 * tells of messages with NLM_F_ECHO: it does so only of a batch that it has taken. Throws `syscall` when the socket
 * can't be read.
 */
export function sendBatch(socket: NetlinkSocket, bytes: Uint8Array, onEcho: OnMessage = () => {}): BatchResult {
  const failed = socket.send(bytes);
  if (failed !== 0) return { kind: 'unsent', errno: failed as Errno };
  const errors: NetlinkError[] = [];
  let lost = false;
  let echoed = false;
  const onMessage: OnMessage = (view, start, length) => {
    echoed = true;
    onEcho(view, start, length);
  };
  for (;;) {
    const length = receive(socket);
    if (length === 'lost') lost = true;
    else if (length === undefined) break;
    else collect(socket, length, errors, onMessage);
  }
  const [first, ...more] = errors;
  if (first !== undefined) return { kind: 'refused', errors: [first, ...more] };
  return lost && !echoed ? { kind: 'unknown' } : { kind: 'taken', lost };
}

function receive(socket: NetlinkSocket): number | 'lost' | undefined {
  try {
    return socket.receive(false);
  } catch (error) {
    if (error instanceof BpfilterError && error.errno === errno.ENOBUFS) return 'lost';
    throw error;
  }
}

function collect({ view }: NetlinkSocket, length: number, errors: NetlinkError[], onEcho: OnMessage): void {
  for (let at = 0; at + HEADER_SIZE <= length; ) {
    const size = view.getUint32(at, true);
    if (size < HEADER_SIZE || at + size > length) return;
    if (view.getUint16(at + 4, true) === NLMSG_ERROR) {
      const error = readError(view, at, size);
      if (error.errno !== 0) errors.push(error);
    } else onEcho(view, at, size);
    at += (size + 3) & ~3;
  }
}
