/** Addresses of the test network: what lives beyond each device, and what the host itself has there. */
export const address = {
  left: '10.1.0.2',
  right: '10.2.0.2',
  hostLeft: '10.1.0.1',
  hostRight: '10.2.0.1',
} as const;

/** Where a packet enters the stack: by a device, or sent by the host itself through a raw socket. */
export type Entrance = 'left' | 'right' | 'host';

/** A packet ready to be sent, as hexadecimal text. */
export interface Sent {
  readonly at: Entrance;
  readonly bytes: string;
}

/** Fields of an IPv4 header; checksum, lengths and version are worked out. */
export interface IpFields {
  readonly source?: string;
  readonly destination?: string;
  readonly tos?: number;
  readonly ttl?: number;
  readonly id?: number;
  /** In units of 8 bytes. */
  readonly fragmentOffset?: number;
  readonly moreFragments?: boolean;
  readonly dontFragment?: boolean;
  /** Header options, padded with zeros to whole words. */
  readonly options?: readonly number[];
  /** Only these many bytes of what follows the header are sent. */
  readonly cut?: number;
}

/** What an IP header carries: built for the addresses it goes between (checksums cover them). */
export interface Transport {
  readonly protocol: number;
  bytes(source: Buffer, destination: Buffer): Buffer;
}

const VERSION = 0x40;
const headerBytes = 20;

/** The id that packets have unless another is given. */
export const usualId = 0x4711;

/** The whole packet of a transport: from left to right unless the fields say otherwise. */
export function ip(transport: Transport, fields: IpFields = {}): Buffer {
  const { source = address.left, destination = address.right, tos = 0, ttl = 64, id = usualId } = fields;
  const { fragmentOffset = 0, moreFragments = false, dontFragment = false, options = [], cut } = fields;
  const length = headerBytes + Math.ceil(options.length / 4) * 4;
  const payload = transport.bytes(quad(source), quad(destination)).subarray(0, cut);
  const header = Buffer.alloc(length);
  header.writeUInt8(VERSION | (length / 4), 0);
  header.writeUInt8(tos, 1);
  header.writeUInt16BE(length + payload.length, 2);
  header.writeUInt16BE(id, 4);
  header.writeUInt16BE(fragmentOffset | (moreFragments ? 0x2000 : 0) | (dontFragment ? 0x4000 : 0), 6);
  header.writeUInt8(ttl, 8);
  header.writeUInt8(transport.protocol, 9);
  quad(source).copy(header, 12);
  quad(destination).copy(header, 16);
  Buffer.from(options).copy(header, headerBytes);
  header.writeUInt16BE(checksum(header), 10);
  return Buffer.concat([header, payload]);
}

/** The same, marked with where it is to be sent. */
export function sent(at: Entrance, transport: Transport, fields: IpFields = {}): Sent {
  return { at, bytes: ip(transport, fields).toString('hex') };
}

/** Four bytes of a dotted quad. */
export function quad(text: string): Buffer {
  return Buffer.from(text.split('.').map(Number));
}

/** The Internet checksum (RFC 1071): 0 over bytes that hold a right one. */
export function checksum(...parts: readonly Buffer[]): number {
  const bytes = Buffer.concat(parts);
  let sum = 0;
  for (let at = 0; at < bytes.length; at++) sum += (bytes[at] ?? 0) << (at % 2 === 0 ? 8 : 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
