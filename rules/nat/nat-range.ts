import { array, be16, be32, defineStruct, u32 } from '../../protocol/struct.ts';
import type { Revision } from '../extension.ts';

/** NF_NAT_RANGE_* (linux/netfilter/nf_nat.h): what of a range is meant, and how to choose within it. */
export const natFlag = {
  MAP_IPS: 0x01,
  PROTO_SPECIFIED: 0x02,
  PROTO_RANDOM: 0x04,
  PERSISTENT: 0x08,
  PROTO_RANDOM_FULLY: 0x10,
  PROTO_OFFSET: 0x20,
} as const;

/** Addresses and ports that a NAT target may give to a flow, in every revision of its struct. */
export interface NatRange {
  /** NF_NAT_RANGE_*. */
  readonly flags: number;
  /** Four words each, as in union nf_inet_addr; IPv4 has only the first (host-order u32). */
  readonly minAddress: AddressWords;
  readonly maxAddress: AddressWords;
  /** Ports, or ICMP ids. */
  readonly minPort: number;
  readonly maxPort: number;
  /** PROTO_OFFSET: the port that becomes `minPort`. */
  readonly basePort: number;
  /** How many ranges revision 0 says there are: it has room for one. */
  readonly rangesize: number;
}

export type AddressWords = readonly [number, number, number, number];

const nf_nat_ipv4_multi_range_compat = defineStruct('nf_nat_ipv4_multi_range_compat', 'linux/netfilter/nf_nat.h', {
  rangesize: u32,
  flags: u32,
  min_ip: be32,
  max_ip: be32,
  min: be16,
  max: be16,
});

const range1 = {
  flags: u32,
  min_addr: array(be32, 4),
  max_addr: array(be32, 4),
  min_proto: be16,
  max_proto: be16,
};
const nf_nat_range = defineStruct('nf_nat_range', 'linux/netfilter/nf_nat.h', range1);
const nf_nat_range2 = defineStruct('nf_nat_range2', 'linux/netfilter/nf_nat.h', { ...range1, base_proto: be16 });

/** Revision 0 of every IPv4 NAT target: struct nf_nat_ipv4_multi_range_compat. */
export const compatRange: Revision<NatRange> = {
  size: nf_nat_ipv4_multi_range_compat.size,
  decode(data) {
    const { rangesize, flags, min_ip, max_ip, min, max } = nf_nat_ipv4_multi_range_compat.read(data);
    return {
      rangesize,
      flags,
      minAddress: [min_ip, 0, 0, 0],
      maxAddress: [max_ip, 0, 0, 0],
      minPort: min,
      maxPort: max,
      basePort: 0,
    };
  },
  encode: ({ rangesize, flags, minAddress, maxAddress, minPort, maxPort }) =>
    nf_nat_ipv4_multi_range_compat.write({
      rangesize,
      flags,
      min_ip: minAddress[0],
      max_ip: maxAddress[0],
      min: minPort,
      max: maxPort,
    }),
};

/** Revision 1: struct nf_nat_range. */
export const plainRange: Revision<NatRange> = {
  size: nf_nat_range.size,
  decode: (data) => fromFields({ ...nf_nat_range.read(data), base_proto: 0 }),
  encode: (info) => nf_nat_range.write(toFields(info)),
};

/** Revision 2: struct nf_nat_range2, with a base for shifted ports. */
export const shiftableRange: Revision<NatRange> = {
  size: nf_nat_range2.size,
  decode: (data) => fromFields(nf_nat_range2.read(data)),
  encode: (info) => nf_nat_range2.write({ ...toFields(info), base_proto: info.basePort }),
};

type RangeFields = ReturnType<typeof nf_nat_range2.read>;

function fromFields({ flags, min_addr, max_addr, min_proto, max_proto, base_proto }: RangeFields): NatRange {
  return {
    rangesize: 1,
    flags,
    minAddress: min_addr,
    maxAddress: max_addr,
    minPort: min_proto,
    maxPort: max_proto,
    basePort: base_proto,
  };
}

function toFields({ flags, minAddress, maxAddress, minPort, maxPort }: NatRange): Omit<RangeFields, 'base_proto'> {
  return { flags, min_addr: minAddress, max_addr: maxAddress, min_proto: minPort, max_proto: maxPort };
}
