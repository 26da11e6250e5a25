import type { NftExpression, NftOperator, NftStatement } from '../json.ts';
import { bytesOf, type Datum, datumOfBytes, filled } from './datum.ts';
import type { Evaluation } from './evaluation.ts';
import type { Operand, Subject } from './load.ts';
import { comparison } from './numbers.ts';
import { type Evaluated, subjectOf } from './operand.ts';
import { setContent } from './set-content.ts';
import type { Step } from './step.ts';
import { unsupported } from './unsupported.ts';
import { datumOf, numberOf, orderedDatumOf, prefixMask } from './value.ts';

type Match = Extract<NftStatement, { readonly match: unknown }>['match'];

/** Adds a test as nft compiles it, behind the tests that it implies. */
export function addMatch({ op, left, right }: Match, evaluation: Evaluation): void {
  const evaluated = subjectOf(left, evaluation);
  evaluation.steps.push(testStep(evaluated, op, right, evaluation));
}

function testStep(evaluated: Evaluated, op: NftOperator, right: NftExpression, evaluation: Evaluation): Step {
  const { operand, subject } = evaluated;
  if (!isMask(subject)) unsupported('a test of what is turned over');
  if (typeof right === 'boolean' && operand.presence !== undefined) {
    return testStep(
      {
        ...evaluated,
        operand: { load: operand.presence, size: operand.size, notation: 'boolean', hostOrder: true },
        subject: { load: operand.presence, size: operand.size },
      },
      op,
      right,
      evaluation,
    );
  }
  if (typeof right === 'string' && right.startsWith('@')) {
    // nft turns it where the set is one of intervals
    if (operand.hostOrder === true && operand.size > 1) unsupported(`${right} of what is in host order`);
    return { kind: 'lookup', subject, inverted: isInverted(op), set: right.slice(1) };
  }
  if (typeof right === 'object' && !Array.isArray(right)) {
    if ('prefix' in right) return prefixStep(evaluated, op, right.prefix);
    if ('range' in right) return rangeStep(evaluated, op, right.range);
    if ('set' in right) return setStep(evaluated, op, right.set, evaluation);
  }
  if (op === 'in') return flagStep(evaluated, right);
  return compareStep(evaluated, op, right, evaluation);
}

/** nft moves what is behind ^ or a shift to the value. */
function isMask({ changes = [] }: Subject): boolean {
  return changes.every((change) => change.kind === 'mask' && !change.flips);
}

function compareStep(
  { operand, subject, shift, plain }: Evaluated,
  op: Exclude<NftOperator, 'in'>,
  right: NftExpression,
  evaluation: Evaluation,
): Step {
  const { tellsProtocol, notation, load } = operand;
  const isOrder = op !== '==' && op !== '!=';
  if (isOrder && (notation === 'interface name' || notation === 'text')) return unsupported(`"${op}" on a text`);
  if (notation === 'boolean' && op !== '==') return unsupported(`"${op}" on a boolean`);
  if (load.kind === 'concat') return unsupported('a concatenation beside a single value');
  if (tellsProtocol !== undefined && op === '==' && plain && !Array.isArray(right))
    evaluation.protocols.tell(numberOf(right, notation), tellsProtocol);
  return {
    kind: 'compare',
    subject: isOrder ? ordered(operand, subject) : subject,
    op: comparison[op],
    value: isOrder ? orderedDatumOf(right, operand, shift) : datumOf(right, operand, shift),
    mergeable: plain && load.kind === 'payload' && !isOrder,
  };
}

/** One of the bits is set. */
function flagStep({ operand, subject, plain }: Evaluated, right: NftExpression): Step {
  if (operand.bits !== true || !plain) return unsupported('"in" on what is no flags');
  const { size } = operand;
  return {
    kind: 'compare',
    subject: { ...subject, mask: datumOf(right, operand) },
    op: comparison['!='],
    value: filled(size, 0),
    mergeable: false,
  };
}

type Prefix = Extract<NftExpression, { readonly prefix: unknown }>['prefix'];

/** The leading bits of an address: whole bytes are all that is loaded. */
function prefixStep({ operand, subject, plain }: Evaluated, op: NftOperator, { addr, len }: Prefix): Step {
  const { load, size, notation } = operand;
  if (!plain || notation !== 'address' || !(len > 0 && len <= 8 * size)) return unsupported(`prefix ${addr}/${len}`);
  if (op !== '==' && op !== '!=') return unsupported(`"${op}" on a prefix`);
  const value = datumOf(addr, operand);
  if (len % 8 !== 0) {
    const mask = prefixMask(len, size);
    return { kind: 'compare', subject: { ...subject, mask }, op: comparison[op], value, mergeable: false };
  }
  const part = datumOfBytes(bytesOf(value).subarray(0, len / 8));
  const shorter: Subject = { load: load.kind === 'payload' ? { ...load, bits: len } : load, size: part.size };
  return { kind: 'compare', subject: shorter, op: comparison[op], value: part, mergeable: false };
}

function rangeStep(
  { operand, subject, shift }: Evaluated,
  op: NftOperator,
  [low, high]: readonly [NftExpression, NftExpression],
): Step {
  if (operand.bits === true || operand.load.kind === 'concat') return unsupported('a range of flags');
  const [from, to] = [orderedDatumOf(low, operand, shift), orderedDatumOf(high, operand, shift)];
  if (isGreater(from, to)) unsupported(`range ${JSON.stringify(low)}-${JSON.stringify(high)}`);
  return { kind: 'between', subject: ordered(operand, subject), inverted: isInverted(op), from, to };
}

/** In network order. */
function isGreater(one: Datum, other: Datum): boolean {
  return Buffer.compare(bytesOf(one), bytesOf(other)) > 0;
}

function setStep(
  { operand, subject, shift, plain }: Evaluated,
  op: NftOperator,
  values: Extract<NftExpression, { readonly set: unknown }>['set'],
  evaluation: Evaluation,
): Step {
  const { tellsProtocol, notation } = operand;
  const isTest = op === '==' || op === 'in';
  const [only] = values;
  if (only === undefined) return unsupported('a set of no values');
  // nft makes one value of a set of one
  if (values.length === 1) return testStep({ operand, subject, shift, plain }, isTest ? '==' : op, only, evaluation);
  const set = setContent(plain ? operand : { ...operand, ...keyWithoutExpression(operand) }, values, {
    shift,
    merges: true,
  });
  evaluation.sets.push(set);
  for (const value of values) {
    if (tellsProtocol !== undefined && isTest && plain && typeof value !== 'object')
      evaluation.protocols.tell(numberOf(value, notation), tellsProtocol);
  }
  const asked = set.intervals ? ordered(operand, subject) : subject;
  return { kind: 'lookup', subject: asked, inverted: !isTest && isInverted(op), set };
}

/** nft only keeps the expression of a set's keys where nothing is done to it. */
function keyWithoutExpression({ key }: Operand): Pick<Operand, 'key'> {
  return key === undefined ? {} : { key: { type: key.type } };
}

/** Greater and less are asked of bytes in network order. */
function ordered({ hostOrder }: Operand, subject: Subject): Subject {
  return hostOrder === true && subject.size > 1 ? { ...subject, swapped: true } : subject;
}

function isInverted(op: NftOperator): boolean {
  if (op !== '==' && op !== '!=') return unsupported(`"${op}" on several values`);
  return op === '!=';
}
