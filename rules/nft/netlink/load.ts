import type { NftExpression, NftPayload } from '../json.ts';
import type { SmallSize } from './datum.ts';
import type { Loose } from './loose.ts';
import { payloadField, rawField } from './payload-field.ts';
import { unsupported } from './unsupported.ts';

/** What fills register 1. */
export type Load =
  /** Bits from the start of a header. */
  | { readonly kind: 'payload'; readonly base: number; readonly offset: number; readonly bits: number }
  | { readonly kind: 'meta'; readonly key: number }
  | { readonly kind: 'ct'; readonly key: number; readonly direction?: number }
  /** 1 where a TCP option is there, else 0. */
  | { readonly kind: 'tcp option'; readonly option: number };

/** How values compared with a load are written. */
export type Notation =
  | 'number'
  | 'address'
  | 'interface name'
  | 'milliseconds'
  | 'boolean'
  | Readonly<Record<string, number>>;

/** The left side of a test. */
export interface Operand {
  readonly load: Load;
  readonly size: SmallSize | 16;
  /** The kernel keeps it in its own byte order; else as in a packet. */
  readonly hostOrder?: boolean;
  readonly notation: Notation;
  /** One of the notation's numbers is a bit: several at once are one value. */
  readonly bits?: boolean;
  /** The transport protocol that nft tests first. */
  readonly protocol?: number;
  /** A plain value tells the transport protocol of what follows. */
  readonly tellsProtocol?: 'meta' | 'ct';
  /** Only behind a test that tells the transport protocol. */
  readonly needsProtocol?: boolean;
  /** The type of a set of such values (nft's TYPE_* in src/datatype.c), and its KEY_TYPEOF as {expression, data}. */
  readonly key?: { readonly type: number; readonly expression: number; readonly data: readonly [number, number] };
}

/** The member of nft's enum expr_types, of its datatypes. */
const EXPR_PAYLOAD = 7;
const EXPR_CT = 12;
const TYPE_INET_PROTOCOL = 12;
const TYPE_INET_SERVICE = 13;

const stateBits = { invalid: 1, established: 2, related: 4, new: 8, untracked: 64 } as const;
const statusBits = { expected: 1, 'seen-reply': 2, assured: 4, confirmed: 8, snat: 16, dnat: 32, dying: 512 } as const;

const metas: Readonly<Record<string, Operand>> = {
  mark: { load: { kind: 'meta', key: 3 }, size: 4, hostOrder: true, notation: 'number' },
  iif: { load: { kind: 'meta', key: 4 }, size: 4, hostOrder: true, notation: 'number' },
  oif: { load: { kind: 'meta', key: 5 }, size: 4, hostOrder: true, notation: 'number' },
  iifname: { load: { kind: 'meta', key: 6 }, size: 16, notation: 'interface name' },
  oifname: { load: { kind: 'meta', key: 7 }, size: 16, notation: 'interface name' },
  l4proto: { load: { kind: 'meta', key: 16 }, size: 1, notation: 'number', tellsProtocol: 'meta' },
};

const tracked: Readonly<Record<string, Operand>> = {
  state: { load: { kind: 'ct', key: 0 }, size: 4, hostOrder: true, notation: stateBits, bits: true },
  direction: { load: { kind: 'ct', key: 1 }, size: 1, hostOrder: true, notation: { original: 0, reply: 1 } },
  status: { load: { kind: 'ct', key: 2 }, size: 4, hostOrder: true, notation: statusBits, bits: true },
  mark: { load: { kind: 'ct', key: 3 }, size: 4, hostOrder: true, notation: 'number' },
  expiration: { load: { kind: 'ct', key: 5 }, size: 4, hostOrder: true, notation: 'milliseconds' },
  protocol: {
    load: { kind: 'ct', key: 10 },
    size: 1,
    notation: 'number',
    tellsProtocol: 'ct',
    key: { type: TYPE_INET_PROTOCOL, expression: EXPR_CT, data: [10, 0xffffffff] },
  },
};

const directed: Readonly<Record<string, Operand>> = Object.fromEntries(
  (['original', 'reply'] as const).flatMap((name, direction) => {
    const address = (key: number): Operand => ({ load: { kind: 'ct', key, direction }, size: 4, notation: 'address' });
    const port = (key: number): Operand => ({
      load: { kind: 'ct', key, direction },
      size: 2,
      notation: 'number',
      needsProtocol: true,
    });
    return [
      [`${name} ip saddr`, address(19)],
      [`${name} ip daddr`, address(20)],
      [`${name} proto-src`, port(11)],
      [`${name} proto-dst`, port(12)],
    ];
  }),
);

/** By header and field. */
const payloads = new Map<string, Map<string, Operand>>();

type ExpressionObject = Exclude<Extract<NftExpression, object>, readonly unknown[]>;

/** What an expression loads; refuses one that is no plain load. */
export function operandOf(expression: NftExpression): Operand {
  if (typeof expression !== 'object' || Array.isArray(expression)) return noLoad(expression);
  const { payload, meta, ct, 'tcp option': option }: Loose<ExpressionObject> = expression as ExpressionObject;
  if (payload !== undefined) return payloadOperand(payload);
  if (meta !== undefined) return metas[meta.key] ?? unsupported(`meta ${meta.key}`);
  if (ct !== undefined) {
    const { key, dir, family } = ct;
    const found = dir === undefined ? tracked[key] : directed[`${dir} ${key}`];
    return (family === undefined ? found : undefined) ?? unsupported(`ct ${dir ?? ''} ${family ?? ''} ${key}`);
  }
  return option === undefined ? noLoad(expression) : optionOperand(option);
}

function noLoad(expression: NftExpression): never {
  return unsupported(`expression ${JSON.stringify(expression)}`);
}

function payloadOperand(payload: NftPayload): Operand {
  if ('base' in payload) {
    const { base, offset, bits } = rawField(payload.base, payload.offset, payload.len);
    return { load: { kind: 'payload', base, offset, bits }, size: bytesOf(bits), notation: 'number' };
  }
  const { protocol, field } = payload;
  return payloads.get(protocol)?.get(field) ?? rememberedOperand(protocol, field);
}

function rememberedOperand(header: string, field: string): Operand {
  const { base, offset, bits, protocol, typeOf } = payloadField(header, field);
  const operand: Operand = {
    load: { kind: 'payload', base, offset, bits },
    size: bytesOf(bits),
    notation: header === 'ip' && (field === 'saddr' || field === 'daddr') ? 'address' : 'number',
    ...(protocol === undefined ? {} : { protocol }),
    ...(typeOf === undefined
      ? {}
      : { key: { type: TYPE_INET_SERVICE, expression: EXPR_PAYLOAD, data: [typeOf.description, typeOf.field] } }),
  };
  const ofHeader = payloads.get(header) ?? new Map<string, Operand>();
  payloads.set(header, ofHeader.set(field, operand));
  return operand;
}

function optionOperand(option: Extract<NftExpression, { readonly 'tcp option': unknown }>['tcp option']): Operand {
  if (!('base' in option) || option.offset !== 0 || option.len !== 8)
    return unsupported(`tcp option ${JSON.stringify(option)}`);
  return { load: { kind: 'tcp option', option: option.base }, size: 1, notation: 'boolean' };
}

function bytesOf(bits: number): SmallSize {
  const size = Math.ceil(bits / 8);
  return size === 1 || size === 2 || size === 3 || size === 4 ? size : unsupported(`${bits} bits`);
}
