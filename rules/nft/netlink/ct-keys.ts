import type { Notation, Operand } from './load.ts';
import { protocolNames } from './meta-keys.ts';
import { datatype, expressionType } from './types.ts';

/** NF_CT_STATE_BIT and IPS_* by nft's names (src/ct.c). */
const states = { invalid: 1, established: 2, related: 4, new: 8, untracked: 64 } as const;
const statuses = { expected: 1, 'seen-reply': 2, assured: 4, confirmed: 8, snat: 16, dnat: 32, dying: 512 } as const;
const directions = { original: 0, reply: 1 } as const;
/** 1 << IPCT_* (linux/netfilter/nf_conntrack_common.h) */
const events = {
  new: 1,
  related: 2,
  destroy: 4,
  reply: 8,
  assured: 16,
  protoinfo: 32,
  helper: 64,
  mark: 128,
  seqadj: 256,
  secmark: 512,
  label: 1024,
} as const;
/** NFPROTO_* */
const families = { ipv4: 2, ipv6: 10 } as const;

/** What nft keeps of a key without a direction. */
const NO_DIRECTION = 0xffffffff;

function tracked(key: number, type: number, notation: Notation, size: number, direction?: number): Operand {
  return {
    load: { kind: 'ct', key, ...(direction === undefined ? {} : { direction }) },
    size,
    notation,
    key: { type, typeOf: { expression: expressionType.ct, data: [key, direction ?? NO_DIRECTION] } },
  };
}

function host(key: number, type: number, notation: Notation = 'number', size = 4, direction?: number): Operand {
  return { ...tracked(key, type, notation, size, direction), hostOrder: true };
}

function text(key: number): Operand {
  const operand = tracked(key, datatype.string, 'text', 16);
  return { ...operand, key: { type: datatype.string, ...operand.key, hostOrder: true } };
}

/** Counters of both directions together, or of one. */
function counted(direction?: number): Readonly<Record<string, Operand>> {
  return {
    packets: host(14, datatype.integer, 'number', 8, direction),
    bytes: host(15, datatype.integer, 'number', 8, direction),
    avgpkt: host(16, datatype.integer, 'number', 8, direction),
    zone: host(17, datatype.integer, 'number', 2, direction),
  };
}

/** NFT_CT_* by nft's names, without a direction. */
export const ctKeys: Readonly<Record<string, Operand>> = {
  state: { ...host(0, datatype.ctState, states), bits: true },
  direction: host(1, datatype.ctDirection, directions, 1),
  status: { ...host(2, datatype.ctStatus, statuses), bits: true },
  mark: host(3, datatype.mark),
  expiration: host(5, datatype.time, 'milliseconds'),
  helper: text(6),
  l3proto: tracked(7, 2, families, 1),
  protocol: { ...tracked(10, datatype.protocol, protocolNames, 1), tellsProtocol: 'ct' },
  label: { ...host(13, datatype.ctLabel, 'bit', 16), bits: true },
  event: { ...host(18, datatype.ctEvent, events), bits: true },
  id: tracked(23, datatype.integer, 'number', 4),
  ...counted(),
};

function ofDirection(direction: number): Readonly<Record<string, Operand>> {
  const port = (key: number): Operand => ({
    ...tracked(key, datatype.port, 'number', 2, direction),
    needsProtocol: true,
  });
  return {
    'ip saddr': tracked(19, datatype.ipv4, 'address', 4, direction),
    'ip daddr': tracked(20, datatype.ipv4, 'address', 4, direction),
    'proto-src': port(11),
    'proto-dst': port(12),
    ...counted(direction),
  };
}

/** The same of one direction. */
export const directedKeys = {
  original: ofDirection(directions.original),
  reply: ofDirection(directions.reply),
} as const;
