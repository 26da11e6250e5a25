import { address, type IpFields, type Sent, sent, type Transport } from './packet.ts';
import { icmp, plain, tcp, udp } from './transport.ts';

/** Option kinds of TCP: two bytes of no operation, MSS, SACK permitted, timestamps. */
const mss = [2, 4, 5, 180];
const sackPermitted = [4, 2];
const timestamps = [8, 10, 0, 0, 0, 1, 0, 0, 0, 2];
const nop = 1;

/** Whole TCP segments that differ in every field a match looks at. */
export const tcpProbes: readonly Transport[] = [
  tcp(),
  tcp({ dport: 81, data: 1 }),
  tcp({ dport: 443, data: 2 }),
  tcp({ sport: 80, dport: 1024, flags: 0x12, data: 3 }),
  tcp({ sport: 22, dport: 22, flags: 0x10, data: 4 }),
  tcp({ sport: 0, dport: 0, data: 5 }),
  tcp({ sport: 65535, dport: 65535, data: 6 }),
  tcp({ sport: 1, dport: 1, flags: 0x11, data: 7 }),
  tcp({ dport: 1023, flags: 0x18, data: 8 }),
  tcp({ dport: 2000, flags: 0x00, data: 9 }),
  tcp({ dport: 79, flags: 0x29, data: 10 }),
  tcp({ dport: 80, flags: 0xff, data: 11 }),
  tcp({ dport: 80, flags: 0xc2, data: 12 }),
  tcp({ dport: 80, options: mss, data: 13 }),
  tcp({ dport: 80, options: [nop, nop, ...timestamps], data: 14 }),
  tcp({ dport: 443, options: [...mss, ...sackPermitted, ...timestamps], flags: 0x12, data: 15 }),
  tcp({ dport: 443, options: [3, 3, 7, 0], flags: 0x14, data: 16 }),
  tcp({ dport: 22, flags: 0x04, data: 17 }),
];

/** UDP, and TCP to the same ports. */
export const udpProbes: readonly Transport[] = [
  udp(),
  udp({ dport: 54, data: 1 }),
  udp({ sport: 53, dport: 1024, data: 2 }),
  udp({ sport: 0, dport: 0, data: 3 }),
  udp({ sport: 65535, dport: 65535, data: 4 }),
  udp({ sport: 53, dport: 53, data: 5 }),
  udp({ sport: 1, dport: 1, data: 7 }),
  udp({ dport: 80, data: 501 }),
  udp({ dport: 443, data: 8 }),
  tcp({ dport: 53, data: 9 }),
];

const errorBody = Buffer.from('4500001c4711000040117c0f0a0200020a0100020400003500080000', 'hex');

/** ICMP of many types and codes, the body of an error where a type wants one. */
export const icmpProbes: readonly Transport[] = [
  icmp(),
  icmp({ body: Buffer.alloc(33) }),
  icmp({ type: 8, code: 5 }),
  icmp({ type: 0 }),
  ...[0, 1, 3, 4, 13, 15, 255].map((code) => icmp({ type: 3, code, rest: 0, body: errorBody })),
  icmp({ type: 5, code: 1, rest: 0x0a010003, body: errorBody }),
  icmp({ type: 11, code: 0, rest: 0, body: errorBody }),
  icmp({ type: 11, code: 1, rest: 0, body: errorBody }),
  icmp({ type: 13, body: Buffer.alloc(12) }),
  icmp({ type: 17, body: Buffer.alloc(4) }),
  icmp({ type: 42, code: 7 }),
  icmp({ type: 255, code: 255 }),
];

export const otherProbes: readonly Transport[] = [plain(47), plain(50), plain(2, 8), plain(255), plain(253, 0)];

/** One of each. */
export const mixedProbes: readonly Transport[] = [
  tcp(),
  udp({ data: 1 }),
  icmp({ body: Buffer.alloc(7) }),
  ...otherProbes,
  tcp({ sport: 80, dport: 1024, flags: 0x10, data: 2 }),
];

/** Each transport three times: to be forwarded, to the host, and by the host itself. */
export function everyWay(transports: readonly Transport[], fields: IpFields = {}): readonly Sent[] {
  return transports.flatMap((transport) => [
    sent('left', transport, fields),
    sent('left', transport, { ...fields, destination: address.hostLeft }),
    sent('host', transport, { ...fields, source: address.hostRight }),
  ]);
}

/** To be forwarded only. */
export function through(transports: readonly Transport[], fields: IpFields = {}): readonly Sent[] {
  return transports.map((transport) => sent('left', transport, fields));
}
