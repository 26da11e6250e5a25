import { type NatRange, natFlag } from '../nat-range.ts';

/** 10.9.0.N */
const host = (last: number): NatRange['minAddress'] => [0x0a090000 + last, 0, 0, 0];

/** A range from 10.9.0.N to 10.9.0.M and from port to port, with the flags of what is given and `flags`. */
export function range({
  hosts,
  ports,
  flags = 0,
  ...more
}: {
  readonly hosts?: readonly [number, number];
  readonly ports?: readonly [number, number];
} & Partial<NatRange>): NatRange {
  const [min, max] = hosts ?? [undefined, undefined];
  const [minPort, maxPort] = ports ?? [0, 0];
  return {
    rangesize: 1,
    flags: flags | (hosts === undefined ? 0 : natFlag.MAP_IPS) | (ports === undefined ? 0 : natFlag.PROTO_SPECIFIED),
    minAddress: min === undefined ? [0, 0, 0, 0] : host(min),
    maxAddress: max === undefined ? [0, 0, 0, 0] : host(max),
    minPort,
    maxPort,
    basePort: 0,
    ...more,
  };
}
