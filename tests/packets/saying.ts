import { checksum, type Transport } from './packet.ts';
import { type TcpFields, tcp } from './transport.ts';

const CHECKSUM_AT = 16;
const UDP = 17;

/** A segment that says something. */
export function saidBySegment(text: string, fields: TcpFields): Transport {
  const head = tcp(fields);
  return {
    protocol: head.protocol,
    bytes(source, destination) {
      const whole = Buffer.concat([head.bytes(source, destination), Buffer.from(text)]);
      whole.writeUInt16BE(0, CHECKSUM_AT);
      const tail = Buffer.from([0, head.protocol, whole.length >> 8, whole.length & 0xff]);
      whole.writeUInt16BE(checksum(source, destination, tail, whole), CHECKSUM_AT);
      return whole;
    },
  };
}

/** UDP that says something; without a checksum. */
export function saidByDatagram(payload: string | Buffer, { sport = 1024, dport = 53 } = {}): Transport {
  const header = Buffer.alloc(8);
  const bytes = Buffer.concat([header, Buffer.from(payload)]);
  bytes.writeUInt16BE(sport, 0);
  bytes.writeUInt16BE(dport, 2);
  bytes.writeUInt16BE(bytes.length, 4);
  return { protocol: UDP, bytes: () => bytes };
}
