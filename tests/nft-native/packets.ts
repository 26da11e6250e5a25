import { cFunction } from '../../sys/koffi.ts';
import { AF_INET, SOCK_CLOEXEC, SOCK_RAW, socket } from '../../sys/socket.ts';

/** An IPv4 packet to be sent from here; the kernel fills in the checksum and the total length. */
export interface Packet {
  readonly source: number;
  readonly destination: number;
  readonly protocol: number;
  /** Units of 8 bytes. */
  readonly fragmentOffset?: number;
  readonly moreFragments?: boolean;
  /** Words of header options (no operation). */
  readonly options?: number;
  readonly payload: Uint8Array;
}

const IPPROTO_RAW = 255;
const sendto = cFunction('sendto', ['int', 'void *', 'ulong', 'int', 'void *', 'uint']);

/** Opens a sender of whole packets. A packet that a rule drops on the way out is no error. */
export function packetSender(): (packet: Packet) => void {
  const fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
  return (packet) => {
    const bytes = encode(packet);
    const address = Buffer.alloc(16);
    address.writeUInt16LE(AF_INET, 0);
    address.writeUInt32BE(packet.destination, 4);
    sendto()(fd, bytes, bytes.length, 0, address, address.length);
  };
}

function encode({
  source,
  destination,
  protocol,
  fragmentOffset = 0,
  moreFragments = false,
  options = 0,
  payload,
}: Packet): Buffer {
  const header = Buffer.alloc(20 + options * 4, 1);
  header.fill(0, 0, 20);
  header.writeUInt8(0x40 | (5 + options), 0);
  header.writeUInt16BE(7, 4); // any id but 0, which the kernel would replace
  header.writeUInt16BE(fragmentOffset | (moreFragments ? 0x2000 : 0), 6);
  header.writeUInt8(64, 8);
  header.writeUInt8(protocol, 9);
  header.writeUInt32BE(source, 12);
  header.writeUInt32BE(destination, 16);
  return Buffer.concat([header, payload]);
}

const sources = [0x0a000001, 0x0a010203, 0x7f000001, 0xc0000201];
/** To lo, and out of two other devices. */
const destinations = [0x0a000002, 0x7f000001, 0xc0000202, 0xc6336401];
const bodies: readonly (readonly [protocol: number, bytes: readonly number[]])[] = [
  [6, tcp(1000, 80)],
  [6, tcp(80, 1000, 0x12)],
  [6, tcp(22, 22, 0x10)],
  [17, udp(53, 53)],
  [17, udp(1000, 80)],
  [17, udp(80, 5)],
  [1, [8, 0, 0, 0, 0, 1, 0, 1]],
  [1, [3, 1, 0, 0, 0, 0, 0, 0]],
  [47, [0, 0, 8, 0]],
];

/** Whole packets, cut ones, fragments and headers with options, to every place. */
export const packets: readonly Packet[] = bodies.flatMap(([protocol, bytes], at) =>
  [0, 1].flatMap((turn) => {
    const base = {
      source: sources[(at + turn) % sources.length] ?? 0,
      destination: destinations[(at * 2 + turn * 3) % destinations.length] ?? 0,
      protocol,
      payload: Uint8Array.from(bytes),
    };
    const cut = (length: number): Packet => ({ ...base, payload: base.payload.subarray(0, length) });
    return [
      base,
      { ...base, options: 2 },
      ...[0, 3, 4, 7, 19].filter((length) => length < bytes.length).map(cut),
      { ...cut(7), options: 1 },
      { ...base, moreFragments: true },
      { ...cut(8), moreFragments: true },
      { ...base, fragmentOffset: 1 },
      { ...base, fragmentOffset: 1, moreFragments: true },
      { ...base, fragmentOffset: 185 },
      { ...cut(2), fragmentOffset: 185 },
    ];
  }),
);

function tcp(source: number, destination: number, flags = 2): readonly number[] {
  return [...word(source), ...word(destination), 0, 0, 0, 1, 0, 0, 0, 0, 0x50, flags, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4];
}

function udp(source: number, destination: number): readonly number[] {
  return [...word(source), ...word(destination), 0, 12, 0, 0, 1, 2, 3, 4];
}

function word(value: number): readonly number[] {
  return [value >> 8, value & 0xff];
}
