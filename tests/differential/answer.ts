import { ip } from '../packets/packet.ts';
import { icmp, tcp, udp } from '../packets/transport.ts';

const ICMP = 1;
const TCP = 6;
const UDP = 17;
const FIN = 1;
const SYN = 2;
const RST = 4;
const ACK = 16;
const UNREACHABLE = 3;
const PORT = 3;

function addressAt(packet: Buffer, at: number): string {
  return [...packet.subarray(at, at + 4)].join('.');
}

/** What the receiver of a packet sends back, or the ICMP error that it causes; undefined where that is nothing. */
export function answerTo(packet: Buffer, how: 'reply' | 'error'): Buffer | undefined {
  const header = ((packet[0] ?? 0) & 0xf) * 4;
  const body = packet.subarray(header);
  const protocol = packet[9];
  const isFirst = packet.length >= 20 && (packet.readUInt16BE(6) & 0x1fff) === 0;
  const fields = { source: addressAt(packet, 16), destination: addressAt(packet, 12), id: 0x2222 };
  if (!isFirst || body.length < 8) return undefined;
  if (how === 'error') {
    return ip(icmp({ type: UNREACHABLE, code: PORT, rest: 0, body: packet.subarray(0, header + 8) }), fields);
  }
  if (protocol === UDP) {
    return ip(udp({ sport: body.readUInt16BE(2), dport: body.readUInt16BE(0), data: body.length - 8 }), fields);
  }
  if (protocol === ICMP) {
    return body[0] === 8
      ? ip(icmp({ type: 0, rest: body.readUInt32BE(4), body: body.subarray(8) }), fields)
      : undefined;
  }
  return protocol === TCP && body.length >= 20 ? tcpAnswer(body, fields) : undefined;
}

function tcpAnswer(
  body: Buffer,
  fields: { readonly source: string; readonly destination: string },
): Buffer | undefined {
  const flags = body[13] ?? 0;
  if ((flags & RST) !== 0) return undefined;
  const data = Math.max(0, body.length - ((body[12] ?? 0) >> 4) * 4);
  const length = data + (flags & SYN ? 1 : 0) + (flags & FIN ? 1 : 0);
  return ip(
    tcp({
      sport: body.readUInt16BE(2),
      dport: body.readUInt16BE(0),
      flags: (flags & (SYN | ACK)) === SYN ? SYN | ACK : ACK | (flags & FIN),
      sequence: flags & ACK ? body.readUInt32BE(8) : 500,
      acknowledgement: (body.readUInt32BE(4) + length) >>> 0,
      data: (flags & (SYN | FIN)) === 0 ? 3 : 0,
    }),
    fields,
  );
}
