import fs from 'node:fs';
import { check } from '../../sys/fail.ts';
import { cFunction } from '../../sys/koffi.ts';

const ioctl = cFunction('ioctl', ['int', 'ulong', 'void *']);

/** include/uapi/linux/if_tun.h, include/uapi/linux/if.h */
const TUNSETIFF = 0x400454ca;
const IFF_TUN = 0x0001;
const IFF_TAP = 0x0002;
const IFF_NO_PI = 0x1000;
const IFREQ_BYTES = 40;
const FLAGS_AT = 16;

const { O_RDWR, O_NONBLOCK } = fs.constants;
const buffer = Buffer.alloc(65536);
const IPV4 = 4;

/** A network device whose other end is this process. */
export interface Tun {
  /** The stack receives the packet, and has dealt with it, when this returns. */
  inject(packet: Uint8Array): void;
  /** The IPv4 packets that the stack sent by this device since the last call. */
  drain(): readonly Buffer[];
}

/** Makes a device in this thread's network namespace; it goes when the process ends. */
export function openTun(name: string): Tun {
  const fd = openDevice(name, IFF_TUN);
  return {
    inject: (packet) => void fs.writeSync(fd, packet),
    drain: () => received(fd).filter((packet) => (packet[0] ?? 0) >> 4 === IPV4),
  };
}

/** The same with Ethernet: frames of any kind go in and come out. */
export function openTap(name: string): Tun {
  const fd = openDevice(name, IFF_TAP);
  return { inject: (packet) => void fs.writeSync(fd, packet), drain: () => received(fd) };
}

function openDevice(name: string, kind: number): number {
  const fd = fs.openSync('/dev/net/tun', O_RDWR | O_NONBLOCK);
  const request = Buffer.alloc(IFREQ_BYTES);
  request.write(name, 'latin1');
  request.writeUInt16LE(kind | IFF_NO_PI, FLAGS_AT);
  check(ioctl()(fd, TUNSETIFF, request), 'ioctl', `TUNSETIFF ${name}`);
  return fd;
}

function received(fd: number): readonly Buffer[] {
  const packets: Buffer[] = [];
  for (let packet = read(fd); packet !== undefined; packet = read(fd)) packets.push(packet);
  return packets;
}

function read(fd: number): Buffer | undefined {
  try {
    return Buffer.from(buffer.subarray(0, fs.readSync(fd, buffer)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
    throw error;
  }
}
