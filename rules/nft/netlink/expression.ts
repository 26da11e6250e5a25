import { type Datum, writeDatum } from './datum.ts';
import { expressionAttribute, LIST_ELEMENT } from './numbers.ts';
import type { AnonymousSet } from './set-model.ts';
import { type MessageWriter, swap32 } from './writer.ts';

/** The kernel's expressions that we write (struct nft_expr_type in its source). */
export type ExpressionName =
  | 'payload'
  | 'meta'
  | 'ct'
  | 'exthdr'
  | 'rt'
  | 'fib'
  | 'numgen'
  | 'hash'
  | 'socket'
  | 'osf'
  | 'xfrm'
  | 'bitwise'
  | 'byteorder'
  | 'cmp'
  | 'range'
  | 'lookup'
  | 'dynset'
  | 'objref'
  | 'counter'
  | 'limit'
  | 'quota'
  | 'connlimit'
  | 'log'
  | 'reject'
  | 'immediate'
  | 'nat'
  | 'masq'
  | 'redir'
  | 'dup'
  | 'tproxy'
  | 'synproxy'
  | 'notrack'
  | 'match'
  | 'target';

/** An attribute of an expression: its number among NFTA_NAME_* (linux/netfilter/nf_tables.h) and what it holds. */
export type Attribute =
  | { readonly type: number; readonly as: 'u8' | 'u16' | 'u32' | 'u64'; readonly value: number }
  | { readonly type: number; readonly as: 'text'; readonly value: string }
  | { readonly type: number; readonly as: 'bytes'; readonly value: Uint8Array }
  /** {VALUE} */
  | { readonly type: number; readonly as: 'datum'; readonly value: Datum }
  /** The id of a set that is made in the same batch. */
  | { readonly type: number; readonly as: 'set'; readonly value: AnonymousSet }
  | { readonly type: number; readonly as: 'expression'; readonly value: Expression }
  | { readonly type: number; readonly as: 'expressions'; readonly value: readonly Expression[] }
  | { readonly type: number; readonly as: 'attributes'; readonly value: readonly Attribute[] };

/** One expression of a rule, as plain data. */
export interface Expression {
  readonly name: ExpressionName;
  readonly attributes: readonly Attribute[];
}

export function u8(type: number, value: number): Attribute {
  return { type, as: 'u8', value };
}

export function u16(type: number, value: number): Attribute {
  return { type, as: 'u16', value };
}

export function u32(type: number, value: number): Attribute {
  return { type, as: 'u32', value };
}

/** Of a whole number below 2^53. */
export function u64(type: number, value: number): Attribute {
  return { type, as: 'u64', value };
}

/** Gives the id of a set in its batch. */
export type IdOf = (set: AnonymousSet) => number;

/** Where no expression names a set. */
const noSets: IdOf = () => 0;

/** The element of a list that is one expression. */
export function writeExpression(writer: MessageWriter, { name, attributes }: Expression, idOf: IdOf = noSets): void {
  expression(writer, name, () => {
    for (const attribute of attributes) writeAttribute(writer, attribute, idOf);
  });
}

/** The same, its attributes by `write`. */
export function expression(writer: MessageWriter, name: ExpressionName, write: (writer: MessageWriter) => void): void {
  const element = writer.open(LIST_ELEMENT);
  writer.text(expressionAttribute.name, name);
  const data = writer.open(expressionAttribute.data);
  write(writer);
  writer.close(data);
  writer.close(element);
}

/** One attribute with what it holds. */
export function writeAttribute(writer: MessageWriter, attribute: Attribute, idOf: IdOf = noSets): void {
  const { type } = attribute;
  switch (attribute.as) {
    case 'u8':
      writer.u8(type, attribute.value);
      break;
    case 'u16':
      writer.word(type, 2, swap32(attribute.value) >>> 16);
      break;
    case 'u32':
      writer.u32(type, attribute.value);
      break;
    case 'u64':
      writer.u64(type, attribute.value);
      break;
    case 'text':
      writer.text(type, attribute.value);
      break;
    case 'bytes':
      writer.binary(type, attribute.value);
      break;
    case 'datum':
      writeDatum(writer, type, attribute.value);
      break;
    case 'set':
      writer.u32(type, idOf(attribute.value));
      break;
    case 'expression':
      writeNested(writer, type, attribute.value, idOf);
      break;
    case 'expressions': {
      const list = writer.open(type);
      for (const one of attribute.value) writeNested(writer, LIST_ELEMENT, one, idOf);
      writer.close(list);
      break;
    }
    case 'attributes': {
      const nested = writer.open(type);
      for (const one of attribute.value) writeAttribute(writer, one, idOf);
      writer.close(nested);
      break;
    }
    default:
      attribute satisfies never;
  }
}

/** An expression within an expression: {NAME, DATA}. */
function writeNested(writer: MessageWriter, type: number, { name, attributes }: Expression, idOf: IdOf): void {
  const start = writer.open(type);
  writer.text(expressionAttribute.name, name);
  const data = writer.open(expressionAttribute.data);
  for (const attribute of attributes) writeAttribute(writer, attribute, idOf);
  writer.close(data);
  writer.close(start);
}
