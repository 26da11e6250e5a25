import { type IpFields, type Sent, sent, type Transport } from './packet.ts';
import { everyWay } from './probes.ts';
import { plain, tcp, udp } from './transport.ts';

/** A protocol's bytes as they are; nobody checks their sums on the way. */
export function octets(protocol: number, text: string): Transport {
  return { protocol, bytes: () => Buffer.from(text.replaceAll(' ', ''), 'hex') };
}

/** Whole, cut off at every place in the header, in pieces, and behind an IP header with options. */
export function inEveryShape(transports: readonly Transport[], header: number): readonly Sent[] {
  const cuts = Array.from({ length: header + 1 }, (_, cut) => cut);
  const shapes: readonly IpFields[] = [
    { fragmentOffset: 1, moreFragments: true },
    { fragmentOffset: 1 },
    { fragmentOffset: 7 },
    { fragmentOffset: 185, cut: 3 },
    { moreFragments: true },
    { moreFragments: true, cut: 8 },
    { options: [1, 1, 1, 0] },
    { options: Array.from({ length: 40 }, () => 1) },
    { options: Array.from({ length: 20 }, () => 1), cut: header - 1 },
    { options: [1, 1, 1, 0], fragmentOffset: 2 },
  ];
  const [first] = transports;
  return [
    ...everyWay(transports),
    ...transports.flatMap((transport, at) =>
      shapes.map((shape) => sent('left', transport, { id: 0x100 + at, ...shape })),
    ),
    ...(first === undefined ? [] : cuts.map((cut) => sent('left', first, { cut }))),
  ];
}

/** What a match on another protocol must not take. */
export const others = everyWay([udp(), tcp(), plain(47)]);
