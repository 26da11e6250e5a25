import { usualId } from './packet.ts';

const ID_AT = 4;
const CHECKSUM_AT = 10;
const PROTOCOL_AT = 9;
const ICMP = 1;
const TIMESTAMP_REPLY = 14;

/**
 * An IPv4 packet without what differs from run to run: its id, the time of day, and their checksums. An id that
 * the tests gave it stays, and the checksum with it.
 */
export function masked(packet: Buffer): Buffer {
  const copy = Buffer.from(packet);
  if (copy.length < CHECKSUM_AT + 2 || copy.readUInt16BE(ID_AT) !== usualId) {
    copy.fill(0, ID_AT, ID_AT + 2);
    copy.fill(0, CHECKSUM_AT, CHECKSUM_AT + 2);
  }
  const body = copy.subarray(((copy[0] ?? 0) & 0xf) * 4);
  if (copy[PROTOCOL_AT] === ICMP && body[0] === TIMESTAMP_REPLY) {
    body.fill(0, 2, 4);
    body.fill(0, 12);
  }
  return copy;
}
