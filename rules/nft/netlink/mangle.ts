import type { NftExpression, NftPayload, NftStatement } from '../json.ts';
import { ctKeys, directedKeys } from './ct-keys.ts';
import { datumOfBigint } from './datum.ts';
import { type Evaluation, require } from './evaluation.ts';
import { type Attribute, type Expression, u8, u32 } from './expression.ts';
import { tcpOption } from './header-options.ts';
import type { Operand } from './load.ts';
import { subjectExpressions } from './load-expressions.ts';
import type { Loose } from './loose.ts';
import { metaKeys } from './meta-keys.ts';
import { payloadField, rawField } from './payload-field.ts';
import { registerOf } from './registers.ts';
import { sourceExpressions } from './source.ts';
import { unsupported } from './unsupported.ts';
import { bigintOf } from './value.ts';

type Mangle = Extract<NftStatement, { readonly mangle: unknown }>['mangle'];
type Key = Exclude<Extract<NftExpression, object>, readonly unknown[]>;

const FROM = registerOf(0);

/** What nft lets be set. */
const settableMeta: ReadonlySet<string> = new Set(['mark', 'priority', 'nftrace', 'pkttype']);
const settableCt: ReadonlySet<string> = new Set(['mark', 'label', 'zone', 'event']);

/** Stores a value in the packet, in what the kernel keeps of it, or of its connection. */
export function addMangle(mangle: Mangle, evaluation: Evaluation): void {
  evaluation.steps.push({ kind: 'plain', expressions: expressionsOf(mangle, evaluation) });
}

function expressionsOf({ key, value }: Mangle, evaluation: Evaluation): readonly Expression[] {
  if (typeof key !== 'object' || Array.isArray(key)) return unsupported(`set ${JSON.stringify(key)}`);
  const { meta, ct, payload, 'tcp option': option }: Loose<Key> = key as Key;
  if (meta !== undefined) return setMeta(meta.key, value, evaluation);
  if (ct !== undefined) return setCt(ct, value, evaluation);
  if (payload !== undefined) return setPayload(payload, value, evaluation);
  if (option !== undefined) return setOption(tcpOption(option), value, evaluation);
  return unsupported(`set ${JSON.stringify(key)}`);
}

function setMeta(key: string, value: NftExpression, evaluation: Evaluation): readonly Expression[] {
  const target = settableMeta.has(key) ? metaKeys[key] : undefined;
  if (target?.load.kind !== 'meta') return unsupported(`set meta ${key}`);
  const attributes = [u32(2, target.load.key), u32(3, FROM)];
  return [...sourceExpressions(value, target, evaluation), { name: 'meta', attributes }];
}

function setCt(
  { key, dir }: Extract<NftExpression, { readonly ct: unknown }>['ct'],
  value: NftExpression,
  evaluation: Evaluation,
): readonly Expression[] {
  const target = settableCt.has(key) ? (dir === undefined ? ctKeys : directedKeys[dir])[key] : undefined;
  if (target?.load.kind !== 'ct') return unsupported(`set ct ${dir ?? ''} ${key}`);
  const { key: number, direction } = target.load;
  const attributes = [u32(4, FROM), u32(2, number), ...(direction === undefined ? [] : [u8(3, direction)])];
  return [...sourceExpressions(value, target, evaluation), { name: 'ct', attributes }];
}

function setOption(
  { load, size, ...rest }: Operand,
  value: NftExpression,
  evaluation: Evaluation,
): readonly Expression[] {
  if (load.kind !== 'other') return unsupported('set of such an option');
  const attributes: Attribute[] = [u32(7, FROM), ...load.attributes];
  return [...sourceExpressions(value, { load, size, ...rest }, evaluation), { name: 'exthdr', attributes }];
}

const PSEUDO_HEADER = 1; // NFT_PAYLOAD_L4CSUM_PSEUDOHDR
const INNER_HEADER = 3;

/**
 * Fields of a header with a checksum are written in whole pairs of bytes, which is what the kernel can keep
 * the sum right for; others in whole bytes. What is written beside the field is read before.
 */
function setPayload(payload: NftPayload, value: NftExpression, evaluation: Evaluation): readonly Expression[] {
  const target =
    'base' in payload
      ? rawField(payload.base, payload.offset, payload.len)
      : payloadField(payload.protocol, payload.field);
  require(target, evaluation);
  const { load, checksum } = target;
  if (load.kind !== 'payload') return unsupported('set of no payload');
  const { base, offset, bits } = load;
  const step = checksum === undefined ? 8 : 16;
  const from = offset - (offset % step);
  const size = (Math.ceil((offset + bits - from) / step) * step) / 8;
  const whole = from === offset && size * 8 === bits;
  const window: Operand = { ...target, load: { kind: 'payload', base, offset: from, bits: size * 8 }, size };
  const stored = whole
    ? sourceExpressions(value, target, evaluation)
    : within(window, { value, target, shift: from + size * 8 - offset - bits, bits });
  const sum = checksum === undefined ? [] : [u32(6, checksum.type), u32(7, checksum.offset)];
  const flags = checksum?.pseudoHeader === true || base === INNER_HEADER ? [u32(8, PSEUDO_HEADER)] : [];
  const attributes = [u32(5, FROM), u32(2, base), u32(3, from / 8), u32(4, size), ...sum, ...flags];
  return [...stored, { name: 'payload', attributes }];
}

interface Part {
  readonly value: NftExpression;
  readonly target: Operand;
  readonly shift: number;
  readonly bits: number;
}

/** The bytes around a field, with a constant in its place. */
function within({ load, size }: Operand, { value, target, shift, bits }: Part): readonly Expression[] {
  if (typeof value === 'object' && !Array.isArray(value)) return unsupported('what is no constant in a part of bytes');
  const number = bigintOf(value, target);
  const field = (1n << BigInt(bits)) - 1n;
  if (number > field) return unsupported(`${number} in ${bits} bits`);
  const all = (1n << BigInt(8 * size)) - 1n;
  const mask = datumOfBigint(all ^ (field << BigInt(shift)), size, false);
  const xor = datumOfBigint(number << BigInt(shift), size, false);
  return subjectExpressions({ load, size, mask, xor });
}
