import { type Datum, type SmallSize, writeDatum } from './datum.ts';
import { expression, type IdOf, writeExpression } from './expression.ts';
import type { Load, Subject } from './load.ts';
import { loadExpressions, subjectExpressions } from './load-expressions.ts';
import { dataAttribute, verdictAttribute } from './numbers.ts';
import { ANONYMOUS_SET } from './set-names.ts';
import type { Step } from './step.ts';
import { type MessageWriter, prepared, swap32 } from './writer.ts';

/**
 * The expressions that most rules are made of, written without data between: compileBatch has 100,000
 * rules to do. The numbers are those of enum nft_NAME_attributes (linux/netfilter/nf_tables.h).
 */

/** The one register in use. */
const REGISTER = 1;
const VERDICT_REGISTER = 0;

/** Loads are made once and copied: there are only so many fields and keys. */
const loads = new Map<number, Uint32Array>();

/** Tells loads apart that are worth to be remembered. */
function loadKey(load: Load): number | undefined {
  switch (load.kind) {
    case 'payload':
      return ((load.base << 24) | (load.offset << 8) | load.bits) * 4;
    case 'meta':
      return load.key * 4 + 1;
    case 'ct':
      return (load.key * 4 + (load.direction ?? 2)) * 4 + 2;
    default:
      return undefined;
  }
}

/** Loads register 1, and changes it as the subject says. */
export function writeSubject(writer: MessageWriter, subject: Subject, idOf: IdOf): void {
  const { load, mask, swapped, changes } = subject;
  const key = mask === undefined && swapped !== true && changes === undefined ? loadKey(load) : undefined;
  if (key === undefined) {
    for (const one of subjectExpressions(subject)) writeExpression(writer, one, idOf);
    return;
  }
  let known = loads.get(key);
  if (known === undefined) {
    known = prepared((into) => {
      for (const one of loadExpressions(load, 0)) writeExpression(into, one);
    });
    loads.set(key, known);
  }
  writer.copy(known);
}

export function writeCompare(writer: MessageWriter, op: number, value: Datum): void {
  if ('word' in value) {
    const { words, operator, datum } = compareForms[value.size];
    const start = writer.copy(words);
    writer.patch(start + operator, swap32(op));
    writer.patch(start + datum, value.word);
  } else writeCompareExpression(writer, op, value);
}

function writeCompareExpression(writer: MessageWriter, op: number, value: Datum): void {
  expression(writer, 'cmp', () => {
    writer.u32(1, REGISTER);
    writer.u32(2, op);
    writeDatum(writer, 3, value);
  });
}

/** A comparison of so many bytes, and where in it the operator and the value stand: most expressions are comparisons. */
function compareForm(size: SmallSize) {
  const [marker, word] = [0x7f7f7f7f, 0x55aa55aa];
  const words = prepared((writer) => writeCompareExpression(writer, marker, { size, word }));
  return { words, operator: words.indexOf(marker), datum: words.indexOf(word) };
}

const compareForms = { 1: compareForm(1), 2: compareForm(2), 3: compareForm(3), 4: compareForm(4) } as const;

const OUTSIDE = 1; // NFT_RANGE_NEQ

/** Not from `from` to `to`. */
export function writeOutside(writer: MessageWriter, from: Datum, to: Datum): void {
  expression(writer, 'range', () => {
    writer.u32(1, REGISTER);
    writer.u32(2, OUTSIDE);
    writeDatum(writer, 3, from);
    writeDatum(writer, 4, to);
  });
}

const LOOKUP_INVERTED = 1; // NFT_LOOKUP_F_INV

/** In a set of the same batch, or in one by its name. */
export function writeLookup(
  writer: MessageWriter,
  { set, inverted }: Extract<Step, { readonly kind: 'lookup' }>,
  idOf: IdOf,
): void {
  expression(writer, 'lookup', () => {
    writer.u32(2, REGISTER);
    if (typeof set === 'string') writer.text(1, set);
    else {
      writer.text(1, ANONYMOUS_SET);
      writer.u32(4, idOf(set));
    }
    if (inverted) writer.u32(5, LOOKUP_INVERTED);
  });
}

/** A named object: it counts, or lets pass as many as it allows. */
export function writeObject(writer: MessageWriter, type: number, name: string): void {
  expression(writer, 'objref', () => {
    writer.u32(1, type);
    writer.text(2, name);
  });
}

/** A verdict that ends the rule. */
export function writeVerdict(writer: MessageWriter, code: number, chain: string | undefined): void {
  expression(writer, 'immediate', () => {
    writer.u32(1, VERDICT_REGISTER);
    const data = writer.open(2);
    const verdict = writer.open(dataAttribute.verdict);
    writer.u32(verdictAttribute.code, code);
    if (chain !== undefined) writer.text(verdictAttribute.chain, chain);
    writer.close(verdict);
    writer.close(data);
  });
}
