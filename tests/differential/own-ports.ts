import type { Sending } from './packets.ts';

const ICMP = 1;
const TCP = 6;
const UDP = 17;
const SCTP = 132;
const DCCP = 33;
const UDPLITE = 136;

/** ICMP types that ask: only they begin a connection. */
const questions: ReadonlySet<number> = new Set([8, 13]);

/** Where a transport's source port stands, or its id. */
const portAt: Readonly<Record<number, number>> = { [ICMP]: 4, [TCP]: 0, [UDP]: 0, [SCTP]: 0, [DCCP]: 0, [UDPLITE]: 0 };

/** Where its checksum stands, for those that the packets have right. */
const checksumAt: Readonly<Record<number, number>> = { [ICMP]: 2, [TCP]: 16, [UDP]: 6 };

/** Ports that no rule names, within every range that SNAT and MASQUERADE are given. */
const firstSpare = 2000;

/**
 * The same packets, but no two flows of one protocol with the same source port (ICMP: id), nor one with a port
 * outside of those ranges: NAT keeps every port then that a rule doesn't set. Where two flows would become one,
 * or a port isn't in the range, the kernel picks one by chance (net/netfilter/nf_nat_core.c,
 * nf_nat_l4proto_unique_tuple).
 */
export function withOwnPorts(sendings: readonly Sending[]): readonly Sending[] {
  const ownerOf = new Map<string, string>();
  const portOf = new Map<string, number>();
  let spare = firstSpare;
  return sendings.map((sending) => {
    if (sending.kind === 'answer') return sending;
    const packet = Buffer.from(sending.bytes, 'hex');
    const at = sourcePortAt(packet);
    if (at === undefined) return sending;
    const protocol = packet[9] ?? 0;
    const port = packet.readUInt16BE(at);
    const flow = flowOf(packet, at);
    let own = portOf.get(flow);
    if (own === undefined) {
      const free = isInRanges(port) && !ownerOf.has(`${protocol} ${port}`);
      own = free ? port : spare++;
      ownerOf.set(`${protocol} ${own}`, flow);
      portOf.set(flow, own);
    }
    setPort(packet, at, own);
    return { ...sending, bytes: packet.toString('hex') };
  });
}

function isInRanges(port: number): boolean {
  return port >= 22 && port <= 3000;
}

/** Undefined where a packet begins no flow with ports: another protocol, a later fragment, too short. */
function sourcePortAt(packet: Buffer): number | undefined {
  const header = ((packet[0] ?? 0) & 0xf) * 4;
  const within = portAt[packet[9] ?? 0];
  if (within === undefined || packet.length < header + within + 4) return undefined;
  if ((packet.readUInt16BE(6) & 0x1fff) !== 0) return undefined;
  if (packet[9] === ICMP && !questions.has(packet[header] ?? 0)) return undefined;
  return header + within;
}

/** Protocol, addresses, and both ports (ICMP: type, code and id). */
function flowOf(packet: Buffer, at: number): string {
  const header = ((packet[0] ?? 0) & 0xf) * 4;
  const ports = packet[9] === ICMP ? packet.subarray(header, header + 2) : packet.subarray(at + 2, at + 4);
  return [packet.subarray(9, 10), packet.subarray(12, 20), packet.subarray(at, at + 2), ports]
    .map((part) => part.toString('hex'))
    .join(' ');
}

/** Writes the port, and what that makes of the checksum (RFC 1624), right or wrong as it was. */
function setPort(packet: Buffer, at: number, port: number): void {
  const old = packet.readUInt16BE(at);
  packet.writeUInt16BE(port, at);
  const header = ((packet[0] ?? 0) & 0xf) * 4;
  const sumAt = header + (checksumAt[packet[9] ?? 0] ?? Number.POSITIVE_INFINITY);
  if (sumAt + 2 > packet.length) return;
  const sum = (~packet.readUInt16BE(sumAt) & 0xffff) + (~old & 0xffff) + port;
  const folded = (sum & 0xffff) + (sum >>> 16);
  packet.writeUInt16BE(~((folded & 0xffff) + (folded >>> 16)) & 0xffff, sumAt);
}
