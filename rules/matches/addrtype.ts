import { defineStruct, u16, u32 } from '../../protocol/struct.ts';
import { type CheckContext, defineMatch, refuse } from '../extension.ts';
import type { NftValue } from '../nft/json.ts';
import { allOf, type Condition } from '../ports/number-range.ts';

const xt_addrtype_info = defineStruct('xt_addrtype_info', 'linux/netfilter/xt_addrtype.h', {
  source: u16,
  dest: u16,
  invert_source: u32,
  invert_dest: u32,
});

const xt_addrtype_info_v1 = defineStruct('xt_addrtype_info_v1', 'linux/netfilter/xt_addrtype.h', {
  source: u16,
  dest: u16,
  flags: u32,
});

/** Both revisions; masks are 1 << RTN_*, 0 where nothing is asked of the address. */
export interface AddrtypeInfo {
  readonly revision: 0 | 1;
  readonly source: number;
  readonly dest: number;
  /** Revision 0: numbers whose lowest bit the kernel looks at. Revision 1: 0 or 1. */
  readonly invertSource: number;
  readonly invertDest: number;
  /** XT_ADDRTYPE_* of revision 1 but for the inversions. */
  readonly flags: number;
}

const INVERT_SOURCE = 0x01;
const INVERT_DEST = 0x02;
const LIMIT_IFACE_IN = 0x04;
const LIMIT_IFACE_OUT = 0x08;

const PREROUTING = 1 << 0;
const INPUT = 1 << 1;
const OUTPUT = 1 << 3;
const POSTROUTING = 1 << 4;

/** RTN_UNSPEC to RTN_XRESOLVE, by number. Routes are of no other type. */
export const addressTypes: readonly string[] = [
  'UNSPEC',
  'UNICAST',
  'LOCAL',
  'BROADCAST',
  'ANYCAST',
  'MULTICAST',
  'BLACKHOLE',
  'UNREACHABLE',
  'PROHIBIT',
  'THROW',
  'NAT',
  'XRESOLVE',
];
/** The last that nft has a name for. */
const PROHIBIT = 8;

/** `-m addrtype`: what kind of address it is to the routing tables (net/netfilter/xt_addrtype.c, extensions/libxt_addrtype.c). */
export const addrtype = defineMatch<AddrtypeInfo>({
  name: 'addrtype',
  revisions: {
    0: {
      size: xt_addrtype_info.size,
      decode(data) {
        const { source, dest, invert_source, invert_dest } = xt_addrtype_info.read(data);
        return { revision: 0, source, dest, invertSource: invert_source, invertDest: invert_dest, flags: 0 };
      },
      encode: ({ source, dest, invertSource, invertDest }) =>
        xt_addrtype_info.write({ source, dest, invert_source: invertSource, invert_dest: invertDest }),
    },
    1: {
      size: xt_addrtype_info_v1.size,
      decode(data) {
        const { source, dest, flags } = xt_addrtype_info_v1.read(data);
        const has = (flag: number) => ((flags & flag) === 0 ? 0 : 1);
        return {
          revision: 1,
          source,
          dest,
          invertSource: has(INVERT_SOURCE),
          invertDest: has(INVERT_DEST),
          flags: (flags & ~(INVERT_SOURCE | INVERT_DEST)) >>> 0,
        };
      },
      encode: ({ source, dest, invertSource, invertDest, flags }) =>
        xt_addrtype_info_v1.write({ source, dest, flags: (flags | invertSource | (invertDest * INVERT_DEST)) >>> 0 }),
    },
  },
  coverage: 'all',
  examples: [
    '-m addrtype {|!} --src-type {addrtypes}',
    '-m addrtype {|!} --dst-type {addrtypes}',
    '-m addrtype {|!} --src-type {addrtypes} {|!} --dst-type {addrtypes}',
    '-m addrtype {|!} --src-type {addrtypes} {|!} --dst-type {addrtypes} --limit-iface-in',
    '-m addrtype {|!} --src-type {addrtypes} {|!} --dst-type {addrtypes} --limit-iface-out',
  ],
  placement: {},
  check,

  print(info) {
    const { revision, source, dest, invertSource, invertDest, flags } = info;
    const side = (name: string, mask: number, inverted: number) =>
      mask === 0 ? '' : ` ${name}${inverted === 0 ? '' : '!'}${typeList(mask)}`;
    // revision 0 forgets a space
    const sides =
      side('src-type ', source, invertSource) + side(revision === 0 ? 'dst-type' : 'dst-type ', dest, invertDest);
    const limits = `${(flags & LIMIT_IFACE_IN) === 0 ? '' : ' limit-in'}${(flags & LIMIT_IFACE_OUT) === 0 ? '' : ' limit-out'}`;
    return ` ADDRTYPE match${sides}${limits}`;
  },

  save({ source, dest, invertSource, invertDest, flags }) {
    const side = (option: string, mask: number, inverted: number) =>
      mask === 0 ? '' : `${inverted === 0 ? '' : ' !'} ${option} ${typeList(mask)}`;
    const sides = side('--src-type', source, invertSource) + side('--dst-type', dest, invertDest);
    const limits = `${(flags & LIMIT_IFACE_IN) === 0 ? '' : ' --limit-iface-in'}${(flags & LIMIT_IFACE_OUT) === 0 ? '' : ' --limit-iface-out'}`;
    return sides + limits;
  },

  nft({ source, dest, invertSource, invertDest, flags }) {
    const device = (flags & LIMIT_IFACE_IN) !== 0 ? ['iif'] : (flags & LIMIT_IFACE_OUT) !== 0 ? ['oif'] : [];
    const condition = allOf([
      typeTest(['saddr', ...device], source, (invertSource & 1) !== 0),
      typeTest(['daddr', ...device], dest, (invertDest & 1) !== 0),
    ]);
    return { alternatives: condition === 'never' ? [] : [condition] };
  },
  // even of MULTICAST: a route of that type in table local makes any address so
  bpf: {
    none: 'the routes in table local decide, which a program has no way to ask: by an address alone not even MULTICAST is known, as a route there may be of that type',
  },
});

function check({ flags }: AddrtypeInfo, { hooks }: CheckContext): void {
  const [isIn, isOut] = [(flags & LIMIT_IFACE_IN) !== 0, (flags & LIMIT_IFACE_OUT) !== 0];
  if (isIn && isOut) refuse('addrtype: limited to both interfaces');
  if (isOut && (hooks & (PREROUTING | INPUT)) !== 0)
    refuse('addrtype: there is no outgoing interface in PREROUTING and INPUT');
  if (isIn && (hooks & (OUTPUT | POSTROUTING)) !== 0)
    refuse('addrtype: there is no incoming interface in OUTPUT and POSTROUTING');
}

function typeList(mask: number): string {
  return addressTypes.filter((_, type) => (mask & (1 << type)) !== 0).join(',');
}

/** nft's `fib … type` asks the kernel the same question (inet_dev_addr_type). */
function typeTest(flags: readonly string[], mask: number, inverted: boolean): Condition {
  if (mask === 0) return [];
  const asked = addressTypes.flatMap((name, type): readonly NftValue[] => {
    if ((mask & (1 << type)) === 0) return [];
    return [type <= PROHIBIT ? name.toLowerCase() : type];
  });
  const [only] = asked;
  if (only === undefined) return inverted ? [] : 'never';
  if (asked.length === addressTypes.length) return inverted ? 'never' : [];
  const right = asked.length === 1 ? only : { set: asked };
  return [{ match: { op: inverted ? '!=' : '==', left: { fib: { result: 'type', flags } }, right } }];
}
