import { checksum, ip, type Sent, sent } from './packet.ts';
import { udp } from './transport.ts';

const TTL_AT = 8;
const CHECKSUM_AT = 10;
const SOURCE_AT = 12;

/**
 * A packet whose header would have the checksum 0 or 1 with `change` made to it: its source is chosen so. What leaves
 * by a device went through ip_forward, so its TTL is one lower.
 */
function aimed(change: (header: Buffer) => void, wanted: number, fields: { ttl?: number; tos?: number } = {}): Sent {
  const packet = ip(udp(), fields);
  const goal = Buffer.from(packet.subarray(0, 20));
  goal.writeUInt8(goal.readUInt8(TTL_AT) - 1, TTL_AT);
  change(goal);
  goal.writeUInt16BE(wanted, CHECKSUM_AT);
  goal.writeUInt16BE(0, SOURCE_AT + 2);
  const source = Buffer.from(packet.subarray(SOURCE_AT, SOURCE_AT + 4));
  source.writeUInt16BE(checksum(goal), 2);
  return sent('left', udp(), { ...fields, source: [...source].join('.') });
}

/** The same packet with 0xffff for a checksum of 0, which means the same. */
function otherZero(packet: Sent): Sent {
  const buffer = Buffer.from(packet.bytes, 'hex');
  buffer.writeUInt16BE(0xffff, CHECKSUM_AT);
  return { ...packet, bytes: buffer.toString('hex') };
}

/** Its checksum is 0 as it comes in. */
const zeroAtFirst = (fields: { ttl?: number; tos?: number }): Sent =>
  aimed((header) => header.writeUInt8(header.readUInt8(TTL_AT) + 1, TTL_AT), 0, fields);

export const edges = (
  change: (header: Buffer) => void,
  fields: { ttl?: number; tos?: number } = {},
): readonly Sent[] => [
  aimed(change, 0, fields),
  aimed(change, 1, fields),
  zeroAtFirst(fields),
  otherZero(zeroAtFirst(fields)),
];
export const setTtl = (value: number) => (header: Buffer) => void header.writeUInt8(value, TTL_AT);
export const setTos = (value: number) => (header: Buffer) => void header.writeUInt8(value, 1);
