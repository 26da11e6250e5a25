import { type Errno, errno } from '../../protocol/errno.ts';
import { BpfilterError } from '../../protocol/error.ts';
import { syscallError } from '../fail.ts';
import { HEADER_SIZE, NLM_F_DUMP_INTR, NLMSG_DONE, NLMSG_ERROR, readError } from './message.ts';
import type { NetlinkSocket } from './socket.ts';

/** Gets a message of an answer: its bytes lie at [start, start + length) of the view's buffer until the next one comes. */
export type OnMessage = (view: DataView<ArrayBuffer>, start: number, length: number) => void;

/** How an answer ended. */
export type AnswerEnd =
  | { readonly kind: 'whole' }
  /** Something changed while the kernel was telling: what was told may be patchy, ask again. */
  | { readonly kind: 'interrupted' }
  /** The kernel's own errno, e.g. ENOENT for what isn't there. */
  | { readonly kind: 'refused'; readonly errno: Errno };

const whole: AnswerEnd = { kind: 'whole' };

export interface Question {
  readonly bytes: Uint8Array;
  /** The request's own; what belongs to others is passed over. */
  readonly sequence: number;
  /** The answer goes on until the kernel says it is done; else it is one message. */
  readonly isDump: boolean;
}

/**
 * Asks one question and hands over every message of the answer. Throws `syscall`, and `timeout` when no
 * answer comes. After that the socket may still hold parts of the answer: it must not be used again.
 */
export function ask(socket: NetlinkSocket, { bytes, sequence, isDump }: Question, onMessage: OnMessage): AnswerEnd {
  const failed = socket.send(bytes);
  if (failed !== 0) throw syscallError('send', failed, 'netlink');
  const { view } = socket;
  let interrupted = false;
  for (;;) {
    const length = socket.receive(true);
    if (length === undefined) throw new BpfilterError('timeout', 'netlink: no answer');
    for (let at = 0; at + HEADER_SIZE <= length; ) {
      const size = view.getUint32(at, true);
      if (size < HEADER_SIZE || at + size > length)
        throw syscallError('recv', errno.EIO, `netlink: a message of ${size} bytes`);
      if (view.getUint32(at + 8, true) === sequence) {
        if ((view.getUint16(at + 6, true) & NLM_F_DUMP_INTR) !== 0) interrupted = true;
        const type = view.getUint16(at + 4, true);
        if (type === NLMSG_DONE || type === NLMSG_ERROR) {
          const code = type === NLMSG_ERROR ? readError(view, at, size).errno : doneErrno(view, at, size);
          if (code !== 0) return { kind: 'refused', errno: code as Errno };
          return interrupted ? { kind: 'interrupted' } : whole;
        }
        onMessage(view, at, size);
        if (!isDump) return whole;
      }
      at += (size + 3) & ~3;
    }
  }
}

/** A dump that fails on its way ends with its error. */
function doneErrno(view: DataView<ArrayBuffer>, start: number, size: number): number {
  return size < HEADER_SIZE + 4 ? 0 : -view.getInt32(start + HEADER_SIZE, true);
}
