import { checksum, type Transport } from './packet.ts';

export interface TcpFields {
  readonly sport?: number;
  readonly dport?: number;
  readonly sequence?: number;
  readonly acknowledgement?: number;
  /** Byte 13: FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE 64, CWR 128. */
  readonly flags?: number;
  /** Option bytes, padded with zeros (end of options) to whole words. */
  readonly options?: readonly number[];
  /** Words of header as the header itself says; what is true unless given. */
  readonly dataOffset?: number;
  readonly data?: number;
  /** Added to the right checksum. */
  readonly checksumError?: number;
}

const TCP = 6;
const UDP = 17;
const ICMP = 1;

export function tcp(fields: TcpFields = {}): Transport {
  const { sport = 1024, dport = 80, sequence = 1000, acknowledgement = 0, flags = 2, options = [], data = 0 } = fields;
  const length = 20 + Math.ceil(options.length / 4) * 4;
  const { dataOffset = length / 4, checksumError = 0 } = fields;
  const bytes = Buffer.concat([Buffer.alloc(length), filler(data)]);
  bytes.writeUInt16BE(sport, 0);
  bytes.writeUInt16BE(dport, 2);
  bytes.writeUInt32BE(sequence, 4);
  bytes.writeUInt32BE(acknowledgement, 8);
  bytes.writeUInt8(dataOffset << 4, 12);
  bytes.writeUInt8(flags, 13);
  bytes.writeUInt16BE(8192, 14);
  Buffer.from(options).copy(bytes, 20);
  return summed(TCP, bytes, 16, checksumError);
}

export interface UdpFields {
  readonly sport?: number;
  readonly dport?: number;
  readonly data?: number;
}

export function udp({ sport = 1024, dport = 53, data = 0 }: UdpFields = {}): Transport {
  const bytes = Buffer.concat([Buffer.alloc(8), filler(data)]);
  bytes.writeUInt16BE(sport, 0);
  bytes.writeUInt16BE(dport, 2);
  bytes.writeUInt16BE(bytes.length, 4);
  return summed(UDP, bytes, 6, 0);
}

export interface IcmpFields {
  readonly type?: number;
  readonly code?: number;
  /** Bytes 4 to 7. */
  readonly rest?: number;
  readonly body?: Buffer;
}

export function icmp({ type = 8, code = 0, rest = 0x00010001, body = filler(4) }: IcmpFields = {}): Transport {
  const bytes = Buffer.concat([Buffer.from([type, code, 0, 0, 0, 0, 0, 0]), body]);
  bytes.writeUInt32BE(rest, 4);
  bytes.writeUInt16BE(checksum(bytes), 2);
  return { protocol: ICMP, bytes: () => bytes };
}

/** Any other protocol: bytes that nobody looks into. */
export function plain(protocol: number, length = 12): Transport {
  return { protocol, bytes: () => filler(length) };
}

/** Bytes that look like neither ports nor flags in use. */
function filler(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, at) => 0xa0 + (at % 32)));
}

/** With the checksum over the pseudo header (RFC 9293, RFC 768) at `at`. */
function summed(protocol: number, bytes: Buffer, at: number, error: number): Transport {
  return {
    protocol,
    bytes(source, destination) {
      const whole = Buffer.from(bytes);
      const tail = Buffer.from([0, protocol, whole.length >> 8, whole.length & 0xff]);
      const sum = checksum(source, destination, tail, whole);
      whole.writeUInt16BE((sum + error) & 0xffff, at);
      return whole;
    },
  };
}
