import { crc32 } from 'node:zlib';

/** What tells a request from others: the words of its message, and what they pointed at. */
export interface RequestId {
  /** The 24 bytes in hex, without the replay bit, and which request of the shim's they are. */
  readonly words: string;
  /** crc32 of what was read of the caller's memory: the same words may ask for something else. */
  readonly payload: number;
}

/** Byte and bit of the replay mark within the message (the top bit of `cmd`, little-endian). */
const REPLAY_BYTE = 19;
const REPLAY_BIT = 0x80;

/**
 * The identity of a request: its message, which of the shim's it is, and the bytes of the caller that it names. Without
 * the sequence a request would be taken for the one before it, word for word the same, whose answer was out when its
 * driver died.
 */
export function requestId(message: Uint8Array, sequence: bigint, ...payload: readonly Uint8Array[]): RequestId {
  const words = Buffer.alloc(message.length + 8);
  words.set(message);
  words.writeBigUInt64LE(sequence, message.length);
  words[REPLAY_BYTE] = (words[REPLAY_BYTE] ?? 0) & ~REPLAY_BIT;
  return { words: words.toString('hex'), payload: payload.reduce((sum, part) => crc32(part, sum), 0) };
}

/** Whether two identities are of one request. */
export function sameRequest(one: RequestId, other: RequestId): boolean {
  return one.words === other.words && one.payload === other.payload;
}
