import type { NftExpression, NftOperator, NftStatement } from '../json.ts';
import { inNetworkOrder, type SmallDatum } from './datum.ts';
import { type Load, type Operand, operandOf } from './load.ts';
import { comparison } from './numbers.ts';
import type { ProtocolContext } from './protocol-context.ts';
import { anonymousSet } from './set-elements.ts';
import type { Step, Subject } from './step.ts';
import { unsupported } from './unsupported.ts';
import { bitsOf, datumOf, interfaceName, numberOf } from './value.ts';

type Match = Extract<NftStatement, { readonly match: unknown }>['match'];

/** `meta l4proto PROTOCOL`. */
export function protocolStep(protocol: number): Step {
  const subject: Subject = { load: operandOf({ meta: { key: 'l4proto' } }).load, size: 1 };
  return { kind: 'compare', subject, op: comparison['=='], value: inNetworkOrder(protocol, 1), mergeable: false };
}

/** Adds a test as nft compiles it, behind the test of the protocol that it implies. */
export function addMatch(steps: Step[], { op, left, right }: Match, context: ProtocolContext): void {
  const masked = typeof left === 'object' && '&' in left ? left['&'] : undefined;
  const operand = operandOf(masked === undefined ? left : masked[0]);
  const { protocol, needsProtocol } = operand;
  if (protocol !== undefined && context.lacks(protocol)) {
    steps.push(protocolStep(protocol));
    context.tell(protocol, 'meta');
  }
  if (needsProtocol === true) context.needsAny();
  steps.push(masked === undefined ? plainStep(operand, op, right, context) : maskedStep(operand, masked[1], op, right));
}

function maskedStep(operand: Operand, mask: NftExpression, op: NftOperator, right: NftExpression): Step {
  const { load, size, notation } = operand;
  if (op === 'in' || size === 16 || isPartOfByte(load) || (operand.bits === true && op !== '==' && op !== '!='))
    return unsupported(`"${op}" on masked bits`);
  if (operand.hostOrder === true && op !== '==' && op !== '!=') return unsupported(`"${op}" on masked bits`);
  const subject = { load, size, mask: datumOf(bitsOf(mask, notation), operand) };
  return {
    kind: 'compare',
    subject,
    op: comparison[op],
    value: datumOf(numberOf(right, notation), operand),
    mergeable: false,
  };
}

function plainStep(operand: Operand, op: NftOperator, right: NftExpression, context: ProtocolContext): Step {
  const { load, size, notation, tellsProtocol } = operand;
  if (notation === 'interface name') {
    if (typeof right !== 'string' || (op !== '==' && op !== '!='))
      return unsupported(`interface name ${JSON.stringify(right)}`);
    return {
      kind: 'compare',
      subject: { load, size },
      op: comparison[op],
      value: interfaceName(right),
      mergeable: false,
    };
  }
  if (op === 'in') return flagStep(operand, right);
  if (typeof right === 'object' && !Array.isArray(right)) {
    if ('prefix' in right) return prefixStep(operand, op, right.prefix);
    if ('range' in right) return rangeStep(operand, op, right.range);
    if ('set' in right) {
      const set = anonymousSet(operand, right.set);
      for (const value of right.set)
        if (tellsProtocol !== undefined && op === '==' && typeof value === 'number') context.tell(value, tellsProtocol);
      return { kind: 'lookup', subject: { load, size }, inverted: isInverted(op), set };
    }
  }
  const value = numberOf(right, notation);
  if (tellsProtocol !== undefined && op === '==') context.tell(value, tellsProtocol);
  if (isPartOfByte(load)) return partStep(operand, op, value);
  if (notation === 'boolean' && op !== '==') return unsupported(`"${op}" on a boolean`);
  if (operand.bits === true && value !== 0) return unsupported(`"${op}" on flags`);
  return compare(operand, op, value);
}

function compare(operand: Operand, op: Exclude<NftOperator, 'in'>, value: number): Step {
  const { load, size } = operand;
  const isOrder = op !== '==' && op !== '!=';
  const mergeable = load.kind === 'payload' && !isOrder;
  return {
    kind: 'compare',
    subject: ordered(operand, isOrder),
    op: comparison[op],
    value: orderedDatum(operand, isOrder, value),
    mergeable: mergeable && size <= 4,
  };
}

/** One of the bits is set. */
function flagStep(operand: Operand, right: NftExpression): Step {
  const { load, size, notation, bits } = operand;
  if (bits !== true) return unsupported('"in" on what is no flags');
  const subject = { load, size, mask: datumOf(bitsOf(right, notation), operand) };
  return { kind: 'compare', subject, op: comparison['!='], value: datumOf(0, operand), mergeable: false };
}

/** The leading bits of an address: whole bytes are all that is loaded. */
function prefixStep(
  operand: Operand,
  op: NftOperator,
  { addr, len }: { readonly addr: string; readonly len: number },
): Step {
  const { load, size, notation } = operand;
  if (notation !== 'address' || size === 16 || !(len > 0 && len < 8 * size))
    return unsupported(`prefix ${addr}/${len}`);
  if (op !== '==' && op !== '!=') return unsupported(`"${op}" on a prefix`);
  const value = datumOf(numberOf(addr, notation), operand);
  if (len % 8 !== 0) {
    const mask = datumOf((-1 << (32 - len)) >>> 0, operand);
    return { kind: 'compare', subject: { load, size, mask }, op: comparison[op], value, mergeable: false };
  }
  const part = leading(value, len / 8);
  const subject = { load: load.kind === 'payload' ? { ...load, bits: len } : load, size: part.size };
  return { kind: 'compare', subject, op: comparison[op], value: part, mergeable: false };
}

function leading({ word }: SmallDatum, bytes: number): SmallDatum {
  if (bytes !== 1 && bytes !== 2 && bytes !== 3) return unsupported(`the first ${bytes} bytes`);
  return { size: bytes, word: word & (2 ** (8 * bytes) - 1) };
}

function rangeStep(operand: Operand, op: NftOperator, [low, high]: readonly [NftExpression, NftExpression]): Step {
  const { notation, load, bits } = operand;
  if (bits === true || isPartOfByte(load)) return unsupported('a range of flags');
  const [from, to] = [numberOf(low, notation), numberOf(high, notation)];
  if (from > to) return unsupported(`range ${from}-${to}`);
  const subject = ordered(operand, true);
  return {
    kind: 'between',
    subject,
    inverted: isInverted(op),
    from: orderedDatum(operand, true, from),
    to: orderedDatum(operand, true, to),
  };
}

/** Some bits of one byte: the byte is loaded, the others masked away. */
function partStep({ load, protocol }: Operand, op: Exclude<NftOperator, 'in'>, value: number): Step {
  if (load.kind !== 'payload' || protocol === undefined) return unsupported('bits of a byte');
  const { base, offset, bits } = load;
  const shift = 8 - (offset % 8) - bits;
  if (shift < 0 || value >= 2 ** bits) return unsupported(`${value} in ${bits} bits at ${offset}`);
  const subject = {
    load: { ...load, base, offset: offset - (offset % 8), bits: 8 },
    size: 1,
    mask: inNetworkOrder((2 ** bits - 1) << shift, 1),
  };
  return { kind: 'compare', subject, op: comparison[op], value: inNetworkOrder(value << shift, 1), mergeable: false };
}

function isPartOfByte(load: Load): boolean {
  return load.kind === 'payload' && load.bits % 8 !== 0;
}

/** Greater and less are asked of bytes in network order. */
function ordered({ load, size, hostOrder }: Operand, isOrder: boolean): Subject {
  return isOrder && hostOrder === true && size > 1 ? { load, size, swapped: true } : { load, size };
}

function orderedDatum(operand: Operand, isOrder: boolean, value: number): SmallDatum {
  const { size } = operand;
  return isOrder && size !== 16 ? inNetworkOrder(value, size) : datumOf(value, operand);
}

function isInverted(op: NftOperator): boolean {
  if (op !== '==' && op !== '!=') return unsupported(`"${op}" on several values`);
  return op === '!=';
}
