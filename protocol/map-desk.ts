import type { Errno } from './errno.ts';

/**
 * Messages of the map desk: a driver asks its shim for a BPF map that another driver made, since only CAP_SYS_ADMIN
 * opens maps by their ids. On a SEQPACKET socket, each question has one answer, in the order of the questions:
 *   driver → shim: u32 id of the map
 *   shim → driver: i32 status; 0 brings the descriptor with it (SCM_RIGHTS), −errno none
 */
export const mapQuestionSize = 4;
export const mapAnswerSize = 4;

/** Only maps whose names begin so are given out. */
export const mapNamePrefix = 'bpfilter_';

export function encodeMapQuestion(id: number): Uint8Array {
  const bytes = Buffer.alloc(mapQuestionSize);
  bytes.writeUInt32LE(id);
  return bytes;
}

/** The id in a message of `mapQuestionSize` bytes. */
export function decodeMapQuestion(bytes: Buffer): number {
  return bytes.readUInt32LE(0);
}

/** The status bytes: of a map that comes with them, or of a refusal. */
export function encodeMapAnswer(refusal: Errno | 0): Uint8Array {
  const bytes = Buffer.alloc(mapAnswerSize);
  bytes.writeInt32LE(-refusal);
  return bytes;
}

/** The status in a message of `mapAnswerSize` bytes: 0 or −errno. */
export function decodeMapAnswer(bytes: Buffer): number {
  return bytes.readInt32LE(0);
}
