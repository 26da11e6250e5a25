import { address, ip, type Sent, sent } from './packet.ts';
import { icmp, type TcpFields, tcp, udp } from './transport.ts';

const SYN = 0x02;
const ACK = 0x10;
const FIN = 0x01;
const RST = 0x04;
const PSH = 0x08;

/** Segments between left and right as the client (left) and the server would send them. */
function segments(sport: number, dport: number) {
  return {
    client: (flags: number, sequence: number, acknowledgement: number, more: TcpFields = {}): Sent =>
      sent('left', tcp({ sport, dport, flags, sequence, acknowledgement, ...more })),
    server: (flags: number, sequence: number, acknowledgement: number, more: TcpFields = {}): Sent =>
      sent('right', tcp({ sport: dport, dport: sport, flags, sequence, acknowledgement, ...more }), {
        source: address.right,
        destination: address.left,
      }),
  };
}

/** A TCP connection from handshake to the last acknowledgement, with some segments out of its window. */
export function tcpFlow(sport: number, dport = 80): readonly Sent[] {
  const { client, server } = segments(sport, dport);
  return [
    client(SYN, 100, 0),
    server(SYN | ACK, 500, 101),
    client(ACK, 101, 501),
    client(ACK | PSH, 101, 501, { data: 20 }),
    server(ACK | PSH, 501, 121, { data: 33 }),
    client(ACK, 900_000_101, 534, { data: 4 }),
    server(ACK, 501, 900_000_000),
    client(ACK | FIN, 121, 534),
    server(ACK | FIN, 534, 122),
    client(ACK, 122, 535),
    client(SYN, 5000, 0),
  ];
}

/** Refused, half open, and picked up in the middle. */
const tcpOddities: readonly Sent[] = [
  segments(2001, 81).client(SYN, 1, 0),
  segments(2001, 81).server(RST | ACK, 0, 2),
  segments(2002, 81).client(ACK, 77, 88, { data: 2 }),
  segments(2002, 81).server(ACK, 88, 79, { data: 3 }),
  segments(2003, 81).client(RST, 5, 0),
  segments(2004, 81).client(0, 5, 0),
  segments(2004, 81).client(SYN | FIN, 5, 0),
  segments(2005, 81).server(SYN | ACK, 5, 6),
  segments(2006, 81).client(SYN, 5, 0, { checksumError: 3 }),
];

const question = udp({ sport: 3001, dport: 53, data: 9 });
const answer = udp({ sport: 53, dport: 3001, data: 40 });
export const backwards = { source: address.right, destination: address.left };

/** An error about a packet that went through before: related to its connection. */
function unreachable(about: Buffer): Sent {
  return sent('right', icmp({ type: 3, code: 3, rest: 0, body: about.subarray(0, 28) }), backwards);
}

const datagrams: readonly Sent[] = [
  sent('left', question),
  sent('left', question),
  sent('right', answer, backwards),
  sent('left', question),
  sent('left', udp({ sport: 3002, dport: 54, data: 8 })),
  unreachable(ip(udp({ sport: 3002, dport: 54, data: 8 }))),
  unreachable(ip(udp({ sport: 3999, dport: 54 }))),
  sent('right', udp({ sport: 3003, dport: 3004 }), backwards),
  sent('left', udp({ sport: 3004, dport: 3003, data: 3 })),
];

const pings: readonly Sent[] = [
  sent('left', icmp({ type: 8, rest: 0x00070001 })),
  sent('right', icmp({ type: 0, rest: 0x00070001 }), backwards),
  sent('right', icmp({ type: 0, rest: 0x00080001 }), backwards),
  sent('left', icmp({ type: 8, rest: 0x00070002, body: Buffer.alloc(17) })),
];

/** To the host and from it: it answers pings, and refuses TCP and UDP. */
const local: readonly Sent[] = [
  ...[icmp(), udp({ sport: 4001, dport: 4002 }), tcp({ sport: 4003, dport: 4004 })].flatMap((transport) => [
    sent('left', transport, { destination: address.hostLeft }),
    sent('left', transport, { destination: address.hostLeft }),
    sent('host', transport, { source: address.hostRight }),
    sent('host', transport, { source: address.hostLeft, destination: address.hostRight }),
  ]),
  sent('right', udp({ sport: 4002, dport: 4001, data: 6 }), { source: address.right, destination: address.hostRight }),
];

/** Connections of all kinds, one after the other. */
export const flows: readonly Sent[] = [
  ...tcpFlow(1025),
  ...tcpFlow(2025, 443).slice(0, 5),
  ...tcpOddities,
  ...datagrams,
  ...pings,
  ...local,
];
