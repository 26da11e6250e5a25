import type { NftExpression } from '../json.ts';
import { u8, u32 } from './expression.ts';
import type { Load, Operand } from './load.ts';
import { datatype, expressionType } from './types.ts';
import { unsupported } from './unsupported.ts';

/** What is asked of routing, sockets, fingerprints, transforms and number generators: neither packet nor connection. */
type Of<Key extends string> = Extract<NftExpression, Readonly<Record<Key, unknown>>>[Key];

/** NFTA_FIB_F_*, NFT_FIB_RESULT_* */
const fibFlags: Readonly<Record<string, number>> = { saddr: 1, daddr: 2, mark: 4, iif: 8, oif: 16 };
const FIB_PRESENT = 32;
const fibResults = { oif: 1, oifname: 2, type: 3 } as const;
/** RTN_* (linux/rtnetlink.h) */
const addressTypes = {
  unspec: 0,
  unicast: 1,
  local: 2,
  broadcast: 3,
  anycast: 4,
  multicast: 5,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8,
} as const;

export function fib({ result, flags }: Of<'fib'>): Operand {
  const bits = [flags].flat().reduce((sum, flag) => sum | (fibFlags[flag] ?? unsupported(`fib ${flag}`)), 0);
  const number = fibResults[result];
  const load = (more: number): Load => ({
    kind: 'other',
    name: 'fib',
    register: 1,
    attributes: [u32(2, number), u32(3, bits | more)],
  });
  const typeOf = { expression: expressionType.fib, data: [number, bits] };
  switch (result) {
    case 'oif':
      return {
        load: load(0),
        presence: load(FIB_PRESENT),
        size: 4,
        hostOrder: true,
        notation: 'number',
        key: { type: datatype.interfaceIndex, typeOf },
      };
    case 'oifname':
      return {
        load: load(0),
        presence: load(FIB_PRESENT),
        size: 16,
        notation: 'interface name',
        key: { type: datatype.interfaceName, typeOf, hostOrder: true },
      };
    case 'type':
      return {
        load: load(0),
        size: 4,
        hostOrder: true,
        notation: addressTypes,
        key: { type: datatype.fibAddress, typeOf },
      };
    default:
      return result satisfies never;
  }
}

/** NFT_RT_* */
export function rt({ key, family }: Of<'rt'>): Operand {
  const load = (number: number): Load => ({ kind: 'other', name: 'rt', register: 1, attributes: [u32(2, number)] });
  const typeOf = (number: number) => ({ expression: expressionType.rt, data: [number] });
  if (key === 'classid') {
    return {
      load: load(0),
      size: 4,
      hostOrder: true,
      notation: 'number',
      key: { type: datatype.realm, typeOf: typeOf(0) },
    };
  }
  if (key === 'nexthop' && family === 'ip') {
    return { load: load(1), size: 4, notation: 'address', key: { type: datatype.ipv4, typeOf: typeOf(1) } };
  }
  if (key === 'mtu') return { load: load(3), size: 2, hostOrder: true, notation: 'number' };
  if (key === 'ipsec') return { load: load(4), size: 1, hostOrder: true, notation: 'boolean' };
  return unsupported(`rt ${family ?? ''} ${key}`);
}

/** NFT_SOCKET_* */
const socketKeys = {
  transparent: { number: 0, size: 1, type: datatype.integer },
  mark: { number: 1, size: 4, type: datatype.mark },
  wildcard: { number: 2, size: 1, type: datatype.integer },
} as const;

export function socketKey({ key }: Of<'socket'>): Operand {
  const { number, size, type } = socketKeys[key];
  return {
    load: { kind: 'other', name: 'socket', register: 2, attributes: [u32(1, number)] },
    size,
    hostOrder: true,
    notation: 'number',
    key: { type, typeOf: { expression: expressionType.socket, data: [number] } },
  };
}

/** NFT_OSF_F_VERSION; NF_OSF_TTL_* as nft writes them. */
const OSF_VERSION = 1;
const osfTtl = { loose: 1, skip: 2 } as const;

export function osf({ key, ttl }: Of<'osf'>): Operand {
  const flags = key === 'version' ? [u32(3, OSF_VERSION)] : [];
  const attributes = [u8(2, ttl === undefined ? 0 : osfTtl[ttl]), ...flags];
  return { load: { kind: 'other', name: 'osf', register: 1, attributes }, size: 16, notation: 'text' };
}

/** NFT_XFRM_KEY_* */
export function ipsec({ key, family, dir, spnum = 0 }: Of<'ipsec'>): Operand {
  const load = (number: number): Load => ({
    kind: 'other',
    name: 'xfrm',
    register: 1,
    attributes: [u32(2, number), u8(3, dir === 'in' ? 0 : 1), u32(4, spnum)],
  });
  if (key === 'reqid') return { load: load(5), size: 4, hostOrder: true, notation: 'number' };
  if (key === 'spi') return { load: load(6), size: 4, notation: 'number' };
  if (family === 'ip' && key === 'daddr') return { load: load(1), size: 4, notation: 'address' };
  if (family === 'ip' && key === 'saddr') return { load: load(3), size: 4, notation: 'address' };
  return unsupported(`ipsec ${family ?? ''} ${key}`);
}

/** NFT_NG_* */
const generators = { inc: 0, random: 1 } as const;

export function numgen({ mode, mod, offset = 0 }: Of<'numgen'>): Operand {
  const attributes = [u32(2, mod), u32(3, generators[mode]), u32(4, offset)];
  return {
    load: { kind: 'other', name: 'numgen', register: 1, attributes },
    size: 4,
    hostOrder: true,
    notation: 'number',
    key: {
      type: datatype.integer,
      typeOf: { expression: expressionType.numgen, data: [generators[mode], mod, offset] },
    },
  };
}
