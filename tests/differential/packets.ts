import { pick, type Random } from '../harness/random.ts';
import { address, type Entrance, type IpFields, ip, type Transport } from '../packets/packet.ts';
import { icmp, plain, tcp, udp } from '../packets/transport.ts';
import type { EtherDestination } from './device.ts';

/** A packet, or an answer to the last one that came out. */
export type Sending =
  | {
      readonly kind: 'packet';
      readonly at: Entrance;
      /** Hexadecimal, from the IP header on. */
      readonly bytes: string;
      /** Whose the sender's Ethernet address is, where it enters by the tap device. */
      readonly from?: 'neighbour' | 'stranger';
      readonly to?: EtherDestination;
      /** The mark of the host's own socket. */
      readonly mark?: number;
    }
  | { readonly kind: 'answer'; readonly how: 'reply' | 'error' };

type PacketSending = Extract<Sending, { kind: 'packet' }>;

const TCP_OPTIONS: readonly (readonly number[])[] = [
  [],
  [],
  [2, 4, 5, 180],
  [2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7],
  [1, 1, 4, 2],
];

/** Some `count` packets: forwarded both ways, to the host and from it, flows that are answered, odd ones. */
export function randomSendings(random: Random, count: number): readonly Sending[] {
  const sendings: Sending[] = [];
  while (sendings.length < count) {
    const packet = randomPacket(random);
    sendings.push(packet, ...(random(4) === 0 ? [packet] : []));
    for (let left = pick(random, [0, 0, 1, 2, 4]); left > 0; left--) {
      sendings.push({ kind: 'answer', how: random(8) === 0 ? 'error' : 'reply' });
    }
  }
  return sendings.slice(0, count);
}

function randomPacket(random: Random): PacketSending {
  const at = pick<Entrance>(random, ['left', 'left', 'left', 'right', 'host']);
  const fields = { ...ends(random, at), ...oddities(random) };
  const bytes = ip(randomTransport(random), fields).toString('hex');
  if (at === 'host') return { kind: 'packet', at, bytes, ...(random(3) === 0 ? { mark: 1 + random(3) } : {}) };
  if (at === 'right') return { kind: 'packet', at, bytes };
  return {
    kind: 'packet',
    at,
    bytes,
    ...(random(4) === 0 ? { from: 'stranger' } : {}),
    ...(random(10) === 0 ? { to: pick<EtherDestination>(random, ['broadcast', 'multicast', 'stranger']) } : {}),
  };
}

function randomTransport(random: Random): Transport {
  const port = () => pick(random, [80, 80, 53, 53, 22, 443, 1024, 1024, 0, 65535]);
  const data = random(5) === 0 ? random(400) : random(9);
  const flags = pick(random, [0x02, 0x02, 0x02, 0x12, 0x10, 0x18, 0x11, 0x04, 0x00, 0x29, 0xc2]);
  const options = pick(random, TCP_OPTIONS as [readonly number[]]);
  return pick(random, [
    () => tcp({ sport: port(), dport: port(), flags, sequence: random(3) * 1000, options, data }),
    () => tcp({ sport: 1024, dport: 80, flags: pick(random, [2, 2, flags]), options, data }),
    () => udp({ sport: port(), dport: port(), data }),
    () => udp({ sport: port(), dport: port(), data }),
    () =>
      icmp({
        type: pick(random, [8, 8, 0, 3, 11, 13]),
        code: pick(random, [0, 0, 1, 3]),
        body: Buffer.alloc(28 + random(5), 0x45),
      }),
    () => ported(pick(random, [132, 33, 136]), port(), port(), random),
    () => security(pick(random, [50, 51, 108]), random),
    () => (random(2) === 0 ? ported(132, port(), port(), random) : security(pick(random, [50, 51]), random)),
    () => plain(pick(random, [47, 115, 253]), random(20)),
  ])();
}

/** SCTP with a chunk, DCCP of some type, or UDP-Lite: they begin with two ports. Checksums are left wrong. */
function ported(protocol: number, sport: number, dport: number, random: Random): Transport {
  const bytes = Buffer.alloc(12 + 4 * random(6));
  bytes.writeUInt16BE(sport, 0);
  bytes.writeUInt16BE(dport, 2);
  if (protocol === 132 && bytes.length >= 16) {
    bytes.writeUInt8(pick(random, [0, 1, 2, 3, 14]), 12);
    bytes.writeUInt8(random(4), 13);
    bytes.writeUInt16BE(pick(random, [4, bytes.length - 12]), 14);
  }
  if (protocol === 33) {
    bytes.writeUInt8(pick(random, [3, 4, bytes.length / 4]), 4);
    bytes.writeUInt8(pick(random, [0, 1, 2, 7]) << 1, 8);
  }
  if (protocol === 136) bytes.writeUInt16BE(8, 4);
  return { protocol, bytes: () => bytes };
}

/** ESP, AH or IPComp with an SPI or CPI that rules look for. */
function security(protocol: number, random: Random): Transport {
  const bytes = Buffer.alloc(16 + random(9), 0x11);
  const spi = pick(random, [0, 1, 256, 1500, 0xffffffff]);
  if (protocol === 50) bytes.writeUInt32BE(spi, 0);
  else if (protocol === 51) {
    bytes.writeUInt8(17, 0);
    bytes.writeUInt8(4, 1);
    bytes.writeUInt16BE(pick(random, [0, 0, 1]), 2);
    bytes.writeUInt32BE(spi, 4);
  } else bytes.writeUInt16BE(spi & 0xffff, 2);
  return { protocol, bytes: () => bytes };
}

function ends(random: Random, at: Entrance): IpFields {
  const toHost = random(3) === 0;
  switch (at) {
    case 'left':
      return {
        source: pick(random, [address.left, address.left, '192.0.2.1', '10.1.0.3']),
        destination: toHost
          ? address.hostLeft
          : pick(random, [address.right, address.right, '198.51.100.7', '10.1.0.255']),
      };
    case 'right':
      return { source: address.right, destination: toHost ? address.hostRight : address.left };
    case 'host':
      return {
        source: pick(random, [address.hostRight, address.hostRight, address.hostLeft]),
        destination: toHost ? address.hostLeft : pick(random, [address.right, address.left]),
      };
    default:
      return at satisfies never;
  }
}

function oddities(random: Random): IpFields {
  const id = 1 + random(0xffff);
  const fields: readonly [IpFields, ...IpFields[]] = [
    { cut: random(24) },
    { moreFragments: true, cut: 8 * random(5) },
    { fragmentOffset: 1 },
    { fragmentOffset: 1 + random(100), moreFragments: random(2) === 0, cut: 16 },
    { options: [1, 1, 1, 1] },
    { options: [0x94, 4, 0, 0] },
    { ttl: pick(random, [1, 2, 63, 255]) },
    { ttl: 1 + random(2) },
    { tos: pick(random, [0x08, 0x10, 0x2e, 0xff, random(256)]), dontFragment: true },
    { tos: random(256) },
  ];
  return random(3) === 0 ? { id, ...pick(random, fields) } : { id };
}
