import { checksum, type Transport } from './packet.ts';
import { type TcpFields, tcp } from './transport.ts';

const CHECKSUM_AT = 16;

/** A segment that says something. */
export function saying(text: string, fields: TcpFields): Transport {
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
