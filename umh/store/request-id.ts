import { crc32 } from 'node:zlib';

/** What tells a request from others: the words of its message, and what they pointed at. */
export interface RequestId {
  /** The 24 bytes in hex, without the replay bit. */
  readonly words: string;
  /** crc32 of what was read of the caller's memory: the same words may ask for something else. */
  readonly payload: number;
}

/** Byte and bit of the replay mark within the message (the top bit of `cmd`, little-endian). */
const REPLAY_BYTE = 19;
const REPLAY_BIT = 0x80;

/** The identity of a request: its message, and the bytes of the caller that it names. */
export function requestId(message: Uint8Array, ...payload: readonly Uint8Array[]): RequestId {
  const words = Buffer.from(message);
  words[REPLAY_BYTE] = (words[REPLAY_BYTE] ?? 0) & ~REPLAY_BIT;
  return { words: words.toString('hex'), payload: payload.reduce((sum, part) => crc32(part, sum), 0) };
}

/** Whether two identities are of one request. */
export function sameRequest(one: RequestId, other: RequestId): boolean {
  return one.words === other.words && one.payload === other.payload;
}
