import { NESTED, SUBSYSTEM } from './numbers.ts';
import { unsupported } from './unsupported.ts';

/** struct nlmsghdr and struct nfgenmsg, in words. */
const HEADER = 5;
/** Room that an attribute or a message header of ours takes at most, without its text; bytes. */
const SLACK = 64;
/** Most that nla_len can tell. */
const LONGEST = 0xffff;
const encoder = new TextEncoder();

/** The same 32 bits in the other byte order. */
export function swap32(value: number): number {
  return ((value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0;
}

/**
 * Netlink messages one after the other in one buffer that grows (little-endian machines). Attributes
 * are written in words; whatever isn't a whole word is padded with zeros, as the kernel wants it. What a
 * nested attribute or a message holds is only known at its end: `open…` gives where it began, to be
 * handed to `close…`.
 */
export class MessageWriter {
  #words: Uint32Array<ArrayBuffer>;
  #bytes: Uint8Array<ArrayBuffer>;
  /** The next word. */
  #at = 0;

  /** @param size bytes to begin with */
  constructor(size = 1 << 16) {
    this.#words = new Uint32Array(size >>> 2);
    this.#bytes = new Uint8Array(this.#words.buffer);
  }

  /** Forgets what was written, keeps the room. */
  reset(): void {
    this.#at = 0;
  }

  /** Makes room for so many bytes more, if there is a way to know beforehand. */
  expect(bytes: number): void {
    this.#reserve(bytes);
  }

  /** What was written; valid until the next write. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#at * 4);
  }

  /** A message of nf_tables. */
  openMessage(type: number, flags: number, sequence: number, family: number): number {
    return this.openRaw(SUBSYSTEM | type, flags, sequence, family, 0);
  }

  /** A message with a type of any kind; `resource` is res_id. */
  openRaw(type: number, flags: number, sequence: number, family: number, resource: number): number {
    this.#reserve(SLACK);
    const start = this.#at;
    const words = this.#words;
    words[start + 1] = type | (flags << 16);
    words[start + 2] = sequence;
    words[start + 3] = 0;
    words[start + 4] = family | ((resource & 0xff) << 24) | ((resource & 0xff00) << 8);
    this.#at = start + HEADER;
    return start;
  }

  closeMessage(start: number): void {
    this.#words[start] = (this.#at - start) * 4;
  }

  /** A nested attribute. */
  open(type: number): number {
    this.#reserve(SLACK);
    const start = this.#at;
    this.#words[start] = (type | NESTED) << 16;
    this.#at = start + 1;
    return start;
  }

  /** Refuses one that is too long for its length, a u16. */
  close(start: number): void {
    const words = this.#words;
    const size = (this.#at - start) * 4;
    if (size > LONGEST) unsupported(`an attribute of ${size} bytes, of ${LONGEST} that there may be`);
    words[start] = ((words[start] ?? 0) & 0xffff0000) | size;
  }

  /** Bytes of an open attribute so far. */
  sizeOf(start: number): number {
    return (this.#at - start) * 4;
  }

  /** Members of a list attribute that is just being closed: each begins with its length. */
  membersOf(start: number): number {
    let count = 0;
    for (let at = start + 1; at < this.#at; count += 1) at += (((this.#words[at] ?? 0) & 0xffff) + 3) >>> 2;
    return count;
  }

  /** 32 bits in network order. */
  u32(type: number, value: number): void {
    this.word(type, 4, swap32(value));
  }

  u8(type: number, value: number): void {
    this.word(type, 1, value);
  }

  /** Up to four bytes as they lie in memory, the first in the lowest bits. */
  word(type: number, size: number, value: number): void {
    this.#reserve(SLACK);
    const at = this.#at;
    this.#words[at] = (4 + size) | (type << 16);
    this.#words[at + 1] = value;
    this.#at = at + 2;
  }

  /** 64 bits in network order, of a whole number below 2^53. */
  u64(type: number, value: number): void {
    this.#reserve(SLACK);
    const at = this.#at;
    this.#words[at] = 12 | (type << 16);
    this.#words[at + 1] = swap32(Math.floor(value / 2 ** 32));
    this.#words[at + 2] = swap32(value >>> 0);
    this.#at = at + 3;
  }

  /** A text and its NUL. */
  text(type: number, text: string): void {
    const { length } = text;
    this.#reserve(SLACK + length);
    const bytes = this.#bytes;
    const start = this.#at;
    const end = start + 1 + ((length + 4) >>> 2);
    this.#words[end - 1] = 0;
    let at = (start + 1) * 4;
    for (let index = 0; index < length; index += 1) {
      const code = text.charCodeAt(index);
      if (code > 0x7f) {
        this.binary(type, encoder.encode(`${text}\0`));
        return;
      }
      bytes[at++] = code;
    }
    this.#words[start] = (5 + length) | (type << 16);
    this.#at = end;
  }

  /** Bytes as they are. */
  binary(type: number, content: Uint8Array): void {
    const { length } = content;
    if (length + 4 > LONGEST) unsupported(`an attribute of ${length} bytes`);
    this.#reserve(SLACK + length);
    const start = this.#at;
    this.#at = start + 1 + ((length + 3) >>> 2);
    this.#words[this.#at - 1] = 0;
    this.#words[start] = (4 + length) | (type << 16);
    this.#bytes.set(content, (start + 1) * 4);
  }

  /** Attributes that were written elsewhere: whole words. Gives where they begin, for `patch`. */
  copy(content: Uint32Array): number {
    this.#reserve(SLACK + content.length * 4);
    const words = this.#words;
    const start = this.#at;
    let at = start;
    for (let index = 0; index < content.length; index += 1) words[at++] = content[index] ?? 0;
    this.#at = at;
    return start;
  }

  /** Changes a word that was written. */
  patch(at: number, word: number): void {
    this.#words[at] = word;
  }

  #reserve(bytes: number): void {
    if (this.#at * 4 + bytes <= this.#bytes.length) return;
    let size = this.#bytes.length * 2;
    while (size < this.#at * 4 + bytes) size *= 2;
    const words = new Uint32Array(size >>> 2);
    words.set(this.#words.subarray(0, this.#at));
    this.#words = words;
    this.#bytes = new Uint8Array(words.buffer);
  }
}

/** The words that `write` writes, to be copied again and again. */
export function prepared(write: (writer: MessageWriter) => void): Uint32Array {
  const writer = new MessageWriter(256);
  write(writer);
  const bytes = writer.bytes();
  return new Uint32Array(bytes.slice().buffer);
}
