import type { OwnNumber } from '../blob/entry-form.ts';
import type { Rule } from '../ir.ts';
import type { CompiledRule } from './rule-records.ts';

/** Bytes of a rule's records that are bytes of its entry; both counted from the beginning. */
export interface Moves {
  readonly from: Uint16Array;
  readonly to: Uint16Array;
}

/** A byte of a number that is an entry's own. */
interface OwnByte {
  /** Bytes from the entry's start. */
  readonly at: number;
  /** Which number of the form's, and where in it. */
  readonly number: number;
  readonly shift: number;
  /** Bits that it can have. */
  readonly bits: number;
}

/**
 * Where the own numbers of an entry go in its rule's records. Found by trying: the rule is compiled with two other sets of
 * numbers, in which no two bytes are alike and each bit is once 0 and once 1. Undefined where something else comes of them
 * than copies of their bytes.
 *
 * @param rule of a form with these numbers, which becomes the same for all of them but for the numbers themselves
 */
export function findMoves(
  rule: Rule,
  own: readonly OwnNumber[],
  compile: (rule: Rule) => CompiledRule,
): Moves | undefined {
  const bytes = own.flatMap((one, number) => bytesOf(rule, one, number));
  const tried = numbersToTry(bytes);
  if (tried === undefined) return undefined;
  const [one, other] = tried.map((values) => compile(withNumbers(rule, own, bytes, values)));
  if (one === undefined || other === undefined || textOfRest(one) !== textOfRest(other)) return undefined;
  const sources = new Map(bytes.map(({ at }, index) => [pair(tried[0][index], tried[1][index]), at]));
  const [from, to]: [number[], number[]] = [[], []];
  for (const [at, byte] of one.records.entries()) {
    if (byte === other.records[at]) continue;
    const source = sources.get(pair(byte, other.records[at]));
    if (source === undefined) return undefined;
    from.push(source);
    to.push(at);
  }
  return { from: Uint16Array.from(from), to: Uint16Array.from(to) };
}

/** Writes them: `entry` and `record` are where the entry and its records begin. */
export function moveBytes(moves: Moves, entries: Uint8Array, entry: number, records: Uint8Array, record: number): void {
  const { from, to } = moves;
  for (let at = 0; at < from.length; at += 1) records[record + (to[at] ?? 0)] = entries[entry + (from[at] ?? 0)] ?? 0;
}

/** Addresses are big-endian there, ports as the machine has them: little-endian. */
function bytesOf({ header }: Rule, { at, kind }: OwnNumber, number: number): readonly OwnByte[] {
  const limit =
    kind === 'source' ? header.sourceMask : kind === 'destination' ? header.destinationMask : /* a port */ 0xffff;
  const shifts = typeof kind === 'object' ? [0, 8] : [24, 16, 8, 0];
  return shifts
    .map((shift, index) => ({ at: at + index, number, shift, bits: (limit >>> shift) & 0xff }))
    .filter(({ bits }) => bits !== 0);
}

/** Two values for each byte, the second with all bits the other way round; no two bytes have the same two. */
function numbersToTry(bytes: readonly OwnByte[]): readonly [readonly number[], readonly number[]] | undefined {
  for (let seed = 1; seed < 256; seed += 2) {
    const first = bytes.map(({ bits }, index) => (seed * (0x5b + 0x1d * index)) & bits);
    const second = bytes.map(({ bits }, index) => ~(first[index] ?? 0) & bits);
    if (new Set(first.map((value, index) => pair(value, second[index]))).size === bytes.length) return [first, second];
  }
  return undefined;
}

function pair(one: number | undefined, other: number | undefined): number {
  return ((one ?? 0) << 8) | (other ?? 0);
}

function withNumbers(
  rule: Rule,
  own: readonly OwnNumber[],
  bytes: readonly OwnByte[],
  values: readonly number[],
): Rule {
  const numbers = new Uint32Array(own.length);
  for (const [index, { number, shift }] of bytes.entries()) {
    numbers[number] = (numbers[number] ?? 0) | ((values[index] ?? 0) << shift);
  }
  const header = { ...rule.header };
  const matches = rule.matches.map((use) => ({ ...use, data: Uint8Array.from(use.data) }));
  for (const [index, { kind }] of own.entries()) {
    const value = numbers[index] ?? 0;
    if (kind === 'source' || kind === 'destination') {
      header[kind] = value;
      continue;
    }
    const data = matches[kind.match]?.data;
    if (data === undefined) continue;
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    view.setUint16(kind.offset, value, true);
    view.setUint16(kind.offset + 2, value, true);
  }
  return { ...rule, header, matches };
}

/** All of a rule but its records' bytes. */
function textOfRest({ records, ...rest }: CompiledRule): string {
  return JSON.stringify([records.length, rest]);
}
