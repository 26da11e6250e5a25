import type { NftExpression } from '../json.ts';
import { ctKeys, directedKeys } from './ct-keys.ts';
import { datumOfBigint, isSmall } from './datum.ts';
import { type Evaluation, require } from './evaluation.ts';
import { u32 } from './expression.ts';
import { ipOption, sctpChunk, tcpOption } from './header-options.ts';
import type { Change, Operand, Subject } from './load.ts';
import type { Loose } from './loose.ts';
import { metaKeys } from './meta-keys.ts';
import { payloadField, rawField } from './payload-field.ts';
import { wordsOf } from './registers.ts';
import type { KeyType, TypeOf } from './set-model.ts';
import { fib, ipsec, numgen, osf, rt, socketKey } from './system-keys.ts';
import { datatype, expressionType } from './types.ts';
import { unsupported } from './unsupported.ts';
import { bigintOf } from './value.ts';

type ExpressionObject = Exclude<Extract<NftExpression, object>, readonly unknown[]>;

/** What an expression loads, behind the tests that it implies. Refuses one that is no plain load. */
export function operandOf(expression: NftExpression, evaluation: Evaluation): Operand {
  const operand = leafOf(expression, evaluation);
  if (operand.protocol !== undefined || operand.needsProtocol === true) require(operand, evaluation);
  return operand;
}

function leafOf(expression: NftExpression, evaluation: Evaluation): Operand {
  if (typeof expression !== 'object' || Array.isArray(expression)) return noLoad(expression);
  const object: Loose<ExpressionObject> = expression as ExpressionObject;
  const { payload, meta, ct } = object;
  if (payload !== undefined) {
    return 'base' in payload
      ? rawField(payload.base, payload.offset, payload.len)
      : payloadField(payload.protocol, payload.field);
  }
  if (meta !== undefined) return metaKeys[meta.key] ?? unsupported(`meta ${meta.key}`);
  if (ct !== undefined) {
    const { key, dir, family } = ct;
    const found = dir === undefined ? ctKeys[key] : directedKeys[dir][key];
    return (family === undefined ? found : undefined) ?? unsupported(`ct ${dir ?? ''} ${family ?? ''} ${key}`);
  }
  return otherLeaf(object, evaluation) ?? noLoad(expression);
}

function otherLeaf(expression: Loose<ExpressionObject>, evaluation: Evaluation): Operand | undefined {
  const { jhash, concat } = expression;
  if (expression['tcp option'] !== undefined) return tcpOption(expression['tcp option']);
  if (expression['ip option'] !== undefined) return ipOption(expression['ip option']);
  if (expression['sctp chunk'] !== undefined) return sctpChunk(expression['sctp chunk']);
  if (expression.fib !== undefined) return fib(expression.fib);
  if (expression.rt !== undefined) return rt(expression.rt);
  if (expression.socket !== undefined) return socketKey(expression.socket);
  if (expression.osf !== undefined) return osf(expression.osf);
  if (expression.ipsec !== undefined) return ipsec(expression.ipsec);
  if (expression.numgen !== undefined) return numgen(expression.numgen);
  if (jhash !== undefined) return hashOperand(jhash, evaluation);
  if (concat !== undefined) return concatOperand(concat, evaluation);
  return undefined;
}

function noLoad(expression: NftExpression): never {
  return unsupported(`expression ${JSON.stringify(expression)}`);
}

type Jhash = Extract<NftExpression, { readonly jhash: unknown }>['jhash'];

const JENKINS = 0; // NFT_HASH_JENKINS

function hashOperand({ mod, offset = 0, seed, expr }: Jhash, evaluation: Evaluation): Operand {
  const { subject } = subjectOf(expr, evaluation);
  const seeded = seed === undefined ? [] : [u32(5, seed)];
  return {
    load: { kind: 'hash', of: subject, attributes: [u32(4, mod), ...seeded, u32(6, offset), u32(7, JENKINS)] },
    size: 4,
    hostOrder: true,
    notation: 'number',
    key: {
      type: datatype.integer,
      typeOf: { expression: expressionType.hash, data: [JENKINS, offset, mod, seed ?? 0, seed === undefined ? 0 : 1] },
    },
  };
}

/** Several one behind the other, each in whole words. */
export interface Concatenation extends Operand {
  readonly parts: readonly Operand[];
}

function concatOperand(list: readonly NftExpression[], evaluation: Evaluation): Concatenation {
  const subjects = list.map((one) => subjectOf(one, evaluation));
  const size = subjects.reduce((sum, { subject }) => sum + 4 * wordsOf(subject.size), 0);
  return {
    load: { kind: 'concat', parts: subjects.map(({ subject }) => subject) },
    size,
    notation: 'number',
    parts: subjects.map(({ operand }) => operand),
    key: concatenatedType(subjects.map(({ operand: { key } }) => key ?? unsupported('a concatenation of such values'))),
  };
}

/** nft's type of a concatenation: six bits a part. */
export function concatenatedType(keys: readonly KeyType[]): KeyType {
  const type = keys.reduce((sum, { type: one }) => sum * 64 + one, 0);
  const parts: TypeOf[] = [];
  for (const { typeOf } of keys) if (typeOf !== undefined) parts.push(typeOf);
  return { type, typeOf: { expression: expressionType.concat, data: [parts] } };
}

/** An expression with what is done to it. */
export interface Evaluated {
  readonly operand: Operand;
  readonly subject: Subject;
  /** Bits that a value is to be shifted to the left before it is compared: of a field within a byte. */
  readonly shift: number;
  /** Nothing is done to the load. */
  readonly plain: boolean;
}

/** An expression, loads and what is done to them. */
export function subjectOf(expression: NftExpression, evaluation: Evaluation): Evaluated {
  const changes: (readonly [Operator, NftExpression])[] = [];
  let inner = expression;
  for (let one = operationOf(inner); one !== undefined; one = operationOf(inner)) {
    changes.unshift([one.operator, one.right]);
    inner = one.left;
  }
  const operand = operandOf(inner, evaluation);
  const { load, size } = operand;
  const window = load.kind === 'payload' && (load.bits % 8 !== 0 || load.offset % 8 !== 0);
  if (window) return changes.length > 0 ? unsupported('operations on bits of a byte') : partOfBytes(operand);
  if (changes.length === 0) return { operand, subject: { load, size }, shift: 0, plain: true };
  return { operand, subject: changed(operand, changes), shift: 0, plain: false };
}

const operators = ['&', '|', '^', '<<', '>>'] as const;
type Operator = (typeof operators)[number];

function operationOf(expression: NftExpression) {
  if (typeof expression !== 'object' || Array.isArray(expression)) return undefined;
  for (const operator of operators) {
    const pair = (expression as Loose<ExpressionObject>)[operator];
    if (pair !== undefined) return { operator, left: pair[0], right: pair[1] };
  }
  return undefined;
}

/** Neighbouring &, | and ^ are one expression of the kernel's: (value & mask) ^ xor. */
function changed(operand: Operand, operations: readonly (readonly [Operator, NftExpression])[]): Subject {
  const { load, size, hostOrder = false } = operand;
  const all = (1n << BigInt(8 * size)) - 1n;
  const datum = (value: bigint) => datumOfBigint(value, size, hostOrder);
  const changes: Change[] = [];
  let open: { mask: bigint; xor: bigint; flips: boolean } | undefined;
  const close = () => {
    if (open !== undefined)
      changes.push({ kind: 'mask', mask: datum(open.mask), xor: datum(open.xor), flips: open.flips });
    open = undefined;
  };
  for (const [operator, right] of operations) {
    if (operator === '<<' || operator === '>>') {
      if (!hostOrder || typeof right !== 'number') return unsupported(`${operator} on what is in network order`);
      close();
      changes.push({ kind: 'shift', to: operator === '<<' ? 'left' : 'right', bits: right });
      continue;
    }
    const value = bigintOf(right, operand);
    const { mask, xor, flips } = open ?? { mask: all, xor: 0n, flips: false };
    if (operator === '&') open = { mask: mask & value, xor: xor & value, flips };
    else if (operator === '|') open = { mask: mask & ~value & all, xor: value | xor, flips };
    else open = { mask, xor: xor ^ value, flips: true };
  }
  close();
  return { load, size, changes };
}

/** Bits that don't fill their bytes: those are loaded, the others masked away. */
export function partOfBytes(operand: Operand): Evaluated {
  const { load } = operand;
  if (load.kind !== 'payload') return unsupported('bits of what is no header');
  const lead = load.offset % 8;
  const size = Math.ceil((lead + load.bits) / 8);
  if (!isSmall(size)) return unsupported(`${load.bits} bits in ${size} bytes`);
  const shift = 8 * size - lead - load.bits;
  const mask = datumOfBigint(((1n << BigInt(load.bits)) - 1n) << BigInt(shift), size, false);
  const subject: Subject = { load: { ...load, offset: load.offset - lead, bits: 8 * size }, size, mask };
  return { operand: { ...operand, size }, subject, shift, plain: false };
}
