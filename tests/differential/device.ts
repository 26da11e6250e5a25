import { address } from '../packets/packet.ts';

/** Ethernet addresses on the tap device `left`. */
export const mac = {
  host: '020000000001',
  neighbour: '020000000002',
  stranger: '020000000003',
  broadcast: 'ffffffffffff',
  multicast: '01005e000005',
} as const;

export type EtherDestination = 'host' | 'stranger' | 'broadcast' | 'multicast';

/** A frame of IPv4 for the tap device. */
export function frame(packet: Buffer, source: string, destination: string): Buffer {
  return Buffer.concat([Buffer.from(`${destination}${source}0800`, 'hex'), packet]);
}

export const ETHERNET_BYTES = 14;

/** Networks beyond the devices besides their own: the answers to whatever is translated to go somewhere. */
export const routes = [
  'route add 192.0.2.0/24 dev left',
  'route add 198.51.100.0/24 dev right',
  'route add default dev right',
  'rule add fwmark 3/0xff lookup 100',
  'route add default dev left table 100',
] as const;

export const own = { left: address.hostLeft, right: address.hostRight } as const;
