import { usualId } from './packet.ts';

const ID_AT = 4;
const CHECKSUM_AT = 10;
const PROTOCOL_AT = 9;
const ICMP = 1;
const TIMESTAMP_REPLY = 14;
/** Echo reply, unreachable, source quench, redirect, time exceeded, parameter problem, timestamp reply. */
const ANSWERS: readonly number[] = [0, 3, 4, 5, 11, 12, TIMESTAMP_REPLY];

/**
 * An IPv4 packet without what differs from run to run: its id, the time of day, and their checksums. An id that
 * the tests gave it stays, and the checksum with it, but for the kernel's own answers: now and then one of these gets
 * that very id.
 */
export function masked(packet: Buffer): Buffer {
  const copy = Buffer.from(packet);
  const body = copy.subarray(((copy[0] ?? 0) & 0xf) * 4);
  const isAnswer = copy[PROTOCOL_AT] === ICMP && ANSWERS.includes(body[0] ?? -1);
  if (isAnswer || copy.length < CHECKSUM_AT + 2 || copy.readUInt16BE(ID_AT) !== usualId) {
    copy.subarray(ID_AT, ID_AT + 2).fill(0);
    copy.subarray(CHECKSUM_AT, CHECKSUM_AT + 2).fill(0);
  }
  if (copy[PROTOCOL_AT] === ICMP && body[0] === TIMESTAMP_REPLY) {
    body.subarray(2, 4).fill(0);
    body.subarray(12).fill(0);
  }
  return copy;
}
