import { address, type Entrance, type IpFields, type Sent, sent, type Transport } from './packet.ts';
import { icmp, tcp, udp } from './transport.ts';

const whole: readonly (readonly [transport: Transport, header: number])[] = [
  [tcp({ dport: 80, options: [2, 4, 5, 180], data: 30 }), 24],
  [udp({ dport: 80, data: 30 }), 8],
  [icmp({ body: Buffer.alloc(30) }), 8],
];

/** Transport headers cut off at every place where a match stops reading. */
export const truncated: readonly Sent[] = whole.flatMap(([transport, header]) =>
  [0, 1, 2, 3, 4, 7, 8, 12, 13, 14, 19, 20, 23]
    .filter((cut) => cut <= header)
    .flatMap((cut) => [sent('left', transport, { cut }), sent('left', transport, { cut, options: [1, 1, 1, 0] })]),
);

/** Fragments that nothing puts together again: first ones, TCP's forbidden second one, later ones, tiny ones. */
export const fragments: readonly Sent[] = whole.flatMap(([transport], at) => {
  const id = 0x5000 + at * 16;
  const fragment = (entrance: Entrance, fields: IpFields) =>
    sent(entrance, transport, { destination: entrance === 'right' ? address.left : address.right, ...fields });
  return [
    fragment('left', { id, moreFragments: true, cut: 32 }),
    fragment('left', { id: id + 1, moreFragments: true, cut: 8 }),
    fragment('left', { id: id + 2, moreFragments: true, cut: 0 }),
    fragment('left', { id: id + 3, fragmentOffset: 1, moreFragments: true, cut: 24 }),
    fragment('left', { id: id + 4, fragmentOffset: 1 }),
    fragment('left', { id: id + 5, fragmentOffset: 2 }),
    fragment('left', { id: id + 6, fragmentOffset: 185, cut: 3 }),
    fragment('left', { id: id + 7, fragmentOffset: 185, options: [1, 1, 1, 1] }),
    fragment('right', { source: '10.2.0.2', id: id + 8, fragmentOffset: 7, dontFragment: true }),
    fragment('host', { source: address.hostRight, id: id + 9, fragmentOffset: 1 }),
    fragment('host', { source: address.hostRight, id: id + 10, fragmentOffset: 3, moreFragments: true, cut: 16 }),
    fragment('left', { id: id + 11, dontFragment: true }),
  ];
});

/** A datagram in pieces that do fit together, for the host and for someone beyond it, in and out of order. */
export const pieces: readonly Sent[] = [address.right, address.hostLeft].flatMap((destination, at) => {
  const transport = udp({ dport: 53, data: 92 });
  const bytes = transport.bytes(Buffer.from([10, 1, 0, 2]), Buffer.from(destination.split('.').map(Number)));
  const piece = (id: number, from: number, to: number): Sent =>
    sent(
      'left',
      { protocol: 17, bytes: () => bytes.subarray(from, to) },
      { id: 0x6000 + at * 16 + id, destination, fragmentOffset: from / 8, moreFragments: to < bytes.length },
    );
  return [
    piece(0, 0, 48),
    piece(0, 48, 100),
    piece(1, 48, 100),
    piece(1, 0, 48),
    piece(2, 0, 48),
    piece(2, 48, 56),
    piece(2, 56, 100),
  ];
});

/** IP options, odd lengths, TTLs, type of service, wrong sums. */
export const odd: readonly Sent[] = [
  ...[tcp({ dport: 80 }), udp({ dport: 80, data: 1 }), icmp({ body: Buffer.alloc(3) })].flatMap((transport) => [
    sent('left', transport, { options: [1, 1, 1, 0] }),
    sent('left', transport, { options: [7, 39, 4, ...Array.from({ length: 36 }, () => 0)] }),
    sent('left', transport, { options: [0x94, 4, 0, 0], destination: address.hostLeft }),
    sent('left', transport, { ttl: 1 }),
    sent('left', transport, { ttl: 2, tos: 0x10 }),
    sent('left', transport, { ttl: 255, tos: 0xff }),
    sent('left', transport, { ttl: 0, destination: address.hostLeft }),
    sent('host', transport, { source: address.hostRight, ttl: 1, options: [1, 1, 1, 1] }),
    sent('host', transport, { source: address.hostRight, destination: address.hostLeft, options: [1, 1, 1, 1] }),
    sent('left', transport, { destination: '10.1.0.255' }),
    sent('left', transport, { destination: '224.0.0.5' }),
  ]),
  sent('left', tcp({ dport: 80, dataOffset: 4, data: 2 })),
  sent('left', tcp({ dport: 80, dataOffset: 15, data: 3 })),
  sent('left', tcp({ dport: 80, dataOffset: 0, data: 4 })),
  sent('left', tcp({ dport: 80, checksumError: 1, data: 5 })),
  sent('left', tcp({ dport: 80, checksumError: 1, data: 6 }), { destination: address.hostLeft }),
];
