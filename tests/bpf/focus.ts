import { pick, type Random } from '../harness/random.ts';

const addresses = [0x0a000001, 0x0a000002, 0x0a000101, 0x0a010001, 0xe0000001] as const;
export const masks = [0xffffffff, 0xffffff00, 0xffff0000, 0xff0000ff, 0] as const;
export const [ICMP, TCP, UDP, DCCP, GRE, ESP, AH, IPCOMP, SCTP, UDPLITE] = [
  1, 6, 17, 33, 47, 50, 51, 108, 132, 136,
] as const;
const protocols = [TCP, TCP, TCP, UDP, UDP, ICMP, ESP, AH, IPCOMP, UDPLITE, SCTP, DCCP, GRE] as const;
const ports = [0, 1, 22, 80, 81, 443, 0xfffe, 0xffff] as const;
export const bytes = [0, 1, 2, 3, 8, 0x10, 0x12, 0x40, 0xb8, 0xff] as const;
export const lengths = [0, 20, 28, 40, 60, 1500] as const;
export const marks = [0, 1, 2, 0x10, 0xffffffff] as const;
export const spis = [0, 1, 0x00160050, 0x00500051, 0xfffffffe, 0xffffffff] as const;
export const icmpBytes = [0, 3, 8, 255] as const;
export const inNames = ['lo', 'l+', 'lo+', 'eth0', 'e+'] as const;

export type Some<Value> = readonly [Value, ...Value[]];

/** What the rules and packets of one table are about: few values of each, so that they meet. */
export interface Focus {
  readonly protocols: Some<number>;
  readonly addresses: Some<number>;
  readonly ports: Some<number>;
}

export function randomFocus(random: Random): Focus {
  return {
    protocols: [pick(random, protocols), pick(random, protocols)],
    addresses: [pick(random, addresses), pick(random, addresses), pick(random, addresses)],
    ports: [pick(random, ports), pick(random, ports), pick(random, ports), pick(random, ports)],
  };
}

/** One in so many. */
export const once = (random: Random, many: number): boolean => random(many) === 0;
export const bit = (random: Random): number => random(2);
