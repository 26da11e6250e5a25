import type { NftValue } from '../json.ts';
import { bytesOf, type Datum, datumOfBigint, datumOfBytes, inNetworkOrder, isSmall } from './datum.ts';
import type { Operand } from './load.ts';
import { wordsOf } from './registers.ts';
import type { SetContent, SetElement } from './set-model.ts';
import { unsupported } from './unsupported.ts';
import { bigintOf, datumOf, numberOf, prefixMask } from './value.ts';

/** What values are of: an operand, or the parts of a concatenation. */
export type Values = Operand & { readonly parts?: readonly Operand[] };

export interface SetOptions {
  /** As in Evaluated. */
  readonly shift?: number;
  /** What touches becomes one interval. */
  readonly merges: boolean;
  /** Intervals are allowed, whether there are any or not; undefined: as the values say. */
  readonly intervals?: boolean;
}

/** The elements of a set with keys of an operand. */
export function setContent(operand: Values, values: readonly NftValue[], options: SetOptions): SetContent {
  const { key, size, hostOrder = false, parts } = operand;
  if (key === undefined) return unsupported('a set of such values');
  const intervals = options.intervals ?? values.some(isInterval);
  const base = { key, size, hostOrder, intervals };
  if (parts !== undefined) {
    const elements = values.map((value) => concatElement(value, parts, intervals));
    return { ...base, parts: parts.map((part) => part.size), elements, declared: elements.length };
  }
  if (!intervals) {
    const elements = values.map((value) => ({ key: whole(datumOf(value, operand, options.shift), size) }));
    return { ...base, elements, declared: elements.length };
  }
  if (!isSmall(size)) return { ...base, ...widePoints(values, operand, options.shift) };
  const found = values.map((value) => ({ ...intervalOf(value, operand), data: undefined }));
  const elements = points(options.merges ? merged(found) : apart(found), size, options.shift);
  return { ...base, elements: elements.points, declared: elements.declared };
}

export function isInterval(value: NftValue): boolean {
  if (typeof value !== 'object' || isList(value)) return false;
  if ('range' in value || 'prefix' in value) return true;
  return 'concat' in value && value.concat.some(isInterval);
}

/** No beginning of a name. */
function whole(datum: Datum, size: number): Datum {
  return datum.size === size ? datum : unsupported('the beginning of a name in a set');
}

function isList(value: NftValue): value is readonly NftValue[] {
  return Array.isArray(value);
}

/** An interval of numbers, and what a map says to them. */
export interface Interval {
  readonly from: number;
  readonly to: number;
  readonly data: Datum | undefined;
}

export function intervalOf(
  value: NftValue,
  { notation, size }: Operand,
): { readonly from: number; readonly to: number } {
  const limit = 2 ** (8 * size);
  const checked = (from: number, to: number) =>
    from >= 0 && from <= to && to < limit ? { from, to } : unsupported(`${from}-${to} in a set`);
  if (typeof value === 'object' && 'range' in value) {
    return checked(numberOf(value.range[0], notation), numberOf(value.range[1], notation));
  }
  if (typeof value === 'object' && 'prefix' in value) {
    const { addr, len } = value.prefix;
    if (!(len >= 0 && len <= 8 * size)) return unsupported(`prefix ${addr}/${len}`);
    const span = 2 ** (8 * size - len);
    const address = numberOf(addr, notation);
    const from = address - (address % span);
    return checked(from, from + span - 1);
  }
  const one = numberOf(value, notation);
  return checked(one, one);
}

/** Ascending; what touches becomes one. */
function merged(intervals: readonly Interval[]): readonly Interval[] {
  const found: Interval[] = [];
  for (const one of ascending(intervals)) {
    const last = found.at(-1);
    if (last === undefined || one.from > last.to + 1) found.push(one);
    else found[found.length - 1] = { ...last, to: Math.max(last.to, one.to) };
  }
  return found;
}

/** Ascending; refuses what overlaps, as nft does. */
export function apart(intervals: readonly Interval[]): readonly Interval[] {
  const found = ascending(intervals);
  for (const [at, one] of found.entries()) {
    const before = found[at - 1];
    if (before !== undefined && one.from <= before.to) unsupported(`intervals that overlap at ${one.from}`);
  }
  return found;
}

function ascending(intervals: readonly Interval[]): readonly Interval[] {
  return [...intervals].sort((a, b) => a.from - b.from);
}

/**
 * An interval set's points: where one begins and where it has ended. nft counts the end of an open
 * interval too, though it doesn't send it.
 */
export function points(
  intervals: readonly Interval[],
  size: 1 | 2 | 3 | 4,
  shift = 0,
): { readonly points: readonly SetElement[]; readonly declared: number } {
  const greatest = 2 ** (8 * size) - 1;
  const startsAtZero = intervals[0]?.from === 0;
  const found: SetElement[] = startsAtZero ? [] : [{ key: inNetworkOrder(0, size), isIntervalEnd: true }];
  for (const interval of intervals) {
    const [from, to] = [interval.from * 2 ** shift, interval.to * 2 ** shift];
    const { data } = interval;
    const isOpen = to === greatest;
    found.push({
      key: inNetworkOrder(from, size),
      ...(isOpen ? { isOpen } : {}),
      ...(data === undefined ? {} : { data }),
    });
    if (!isOpen) found.push({ key: inNetworkOrder(to + 1, size), isIntervalEnd: true });
  }
  return { points: found, declared: 2 * intervals.length + (startsAtZero ? 0 : 1) };
}

/** The same for ranges of numbers of more than four bytes; none may touch another. */
function widePoints(
  values: readonly NftValue[],
  operand: Operand,
  shift = 0,
): { readonly elements: readonly SetElement[]; readonly declared: number } {
  const { size } = operand;
  if (shift !== 0) return unsupported('intervals of such values');
  const ranges = values.map((value) => wideRange(value, operand)).sort((a, b) => (a.from < b.from ? -1 : 1));
  const startsAtZero = ranges[0]?.from === 0n;
  const elements: SetElement[] = startsAtZero ? [] : [{ key: datumOfBigint(0n, size, false), isIntervalEnd: true }];
  let free = 0n;
  for (const { from, to } of ranges) {
    if (from < free || to < from || to + 1n >= 1n << BigInt(8 * size)) return unsupported(`${from}-${to} in a set`);
    elements.push(
      { key: datumOfBigint(from, size, false) },
      { key: datumOfBigint(to + 1n, size, false), isIntervalEnd: true },
    );
    free = to + 2n;
  }
  return { elements, declared: elements.length };
}

function wideRange(value: NftValue, operand: Operand): { readonly from: bigint; readonly to: bigint } {
  if (typeof value !== 'object' || isList(value) || !('range' in value))
    return unsupported(`${JSON.stringify(value)} among intervals`);
  return { from: bigintOf(value.range[0], operand), to: bigintOf(value.range[1], operand) };
}

/** A concatenation's values, each in whole words; of intervals the first and the last ones. */
function concatElement(value: NftValue, parts: readonly Operand[], intervals: boolean): SetElement {
  if (typeof value !== 'object' || isList(value) || !('concat' in value) || value.concat.length !== parts.length)
    return unsupported(`${JSON.stringify(value)} in a set of concatenations`);
  const bounds = value.concat.map((one, at) => boundsOf(one, parts[at] ?? unsupported('a part too many')));
  const key = inWords(bounds.map(({ from }) => from));
  return intervals ? { key, keyEnd: inWords(bounds.map(({ to }) => to)) } : { key };
}

function boundsOf(value: NftValue, part: Operand): { readonly from: Datum; readonly to: Datum } {
  if (typeof value === 'object' && 'range' in value) {
    return { from: datumOf(value.range[0], part), to: datumOf(value.range[1], part) };
  }
  if (typeof value === 'object' && 'prefix' in value) {
    const from = bytesOf(datumOf(value.prefix.addr, part));
    const mask = bytesOf(prefixMask(value.prefix.len, part.size));
    const to = from.map((byte, at) => byte | (~(mask[at] ?? 0) & 0xff));
    return { from: datumOfBytes(from), to: datumOfBytes(to) };
  }
  const one = datumOf(value, part);
  return { from: one, to: one };
}

function inWords(data: readonly Datum[]): Datum {
  const bytes = new Uint8Array(data.reduce((sum, { size }) => sum + 4 * wordsOf(size), 0));
  let at = 0;
  for (const one of data) {
    bytes.set(bytesOf(one), at);
    at += 4 * wordsOf(one.size);
  }
  return datumOfBytes(bytes);
}
