import { pick, type Random } from '../harness/random.ts';
import { address, type Entrance, type IpFields, type Sent, sent, type Transport } from './packet.ts';
import { icmp, plain, tcp, udp } from './transport.ts';

/** Packets that the rules of random-rules.ts tell apart: forwarded both ways, to the host, from it; some odd. */
export function randomPackets(random: Random, count: number): readonly Sent[] {
  return Array.from({ length: count }, () => {
    const transport = randomTransport(random);
    const at = pick<Entrance>(random, ['left', 'left', 'left', 'right', 'host']);
    return sent(at, transport, { ...addresses(random, at), ...oddities(random) });
  });
}

function randomTransport(random: Random): Transport {
  const port = () => pick(random, [80, 80, 53, 53, 22, 443, 1024, 1024, 0, 65535]);
  const data = random(5) === 0 ? random(400) : random(9);
  const flags = pick(random, [0x02, 0x02, 0x12, 0x10, 0x10, 0x18, 0x11, 0x04, 0x00, 0x29]);
  return pick(random, [
    () =>
      tcp({ sport: port(), dport: port(), flags, sequence: random(3) * 1000, acknowledgement: random(3) * 1000, data }),
    () => tcp({ sport: 1024, dport: 80, flags, data }),
    () => udp({ sport: port(), dport: port(), data }),
    () =>
      icmp({
        type: pick(random, [8, 8, 0, 3, 11, 13]),
        code: pick(random, [0, 0, 1, 3]),
        body: Buffer.alloc(28 + random(5), 0x45),
      }),
    () => plain(pick(random, [47, 50, 253]), random(20)),
  ])();
}

function addresses(random: Random, at: Sent['at']): IpFields {
  const own = random(3) === 0;
  switch (at) {
    case 'left':
      return {
        source: pick(random, [address.left, address.left, '192.0.2.1']),
        destination: own ? address.hostLeft : address.right,
      };
    case 'right':
      return { source: address.right, destination: own ? address.hostRight : address.left };
    case 'host':
      return { source: address.hostRight, destination: own ? address.hostLeft : address.right };
    default:
      return at satisfies never;
  }
}

function oddities(random: Random): IpFields {
  const id = random(0x10000);
  const fields: readonly [IpFields, ...IpFields[]] = [
    { cut: random(24) },
    { moreFragments: true, cut: 8 * random(5) },
    { fragmentOffset: 1 },
    { fragmentOffset: 1 + random(100), moreFragments: random(2) === 0, cut: 16 },
    { options: [1, 1, 1, 1] },
    { ttl: 1 + random(2) },
    { tos: random(256), dontFragment: true },
  ];
  return random(3) === 0 ? { id, ...pick(random, fields) } : { id };
}
