import { BpfilterError } from '../../../protocol/error.ts';
import type { CounterListing } from '../counter-listing.ts';
import type { ListedChain } from '../listing.ts';
import { guardedId } from '../names.ts';
import {
  chainAttribute,
  expressionAttribute,
  objectAttribute,
  objectType,
  ruleAttribute,
  TYPE_MASK,
  USERDATA_COMMENT,
} from './numbers.ts';

/**
 * What the kernel tells of tables of ours, message by message: each function gets one message of a dump at
 * [start, start + length) and puts what it finds where it is told. Attributes are read where they lie.
 * All throw `dataplane` for bytes that are none of these messages.
 */
type View = DataView<ArrayBuffer>;

const GENERATION_ID = 1; // NFTA_GEN_ID

/** struct nlmsghdr and struct nfgenmsg. */
const HEADERS = 20;

/** Packets and bytes by the id that a counter is named for; GETOBJ. Other counters are passed over. */
export function decodeCounter(view: View, start: number, length: number, found: CounterListing): void {
  const end = start + length;
  let id: number | undefined;
  let packetsAt = 0;
  let bytesAt = 0;
  for (let at = start + HEADERS; at < end; ) {
    const size = sizeAt(view, at, end);
    const type = typeAt(view, at);
    if (type === objectAttribute.name) id = counterIdAt(view, at + 4, at + size);
    else if (type === objectAttribute.data) {
      const inner = at + size;
      for (let one = at + 4; one < inner; ) {
        const oneSize = sizeAt(view, one, inner);
        const oneType = typeAt(view, one);
        if (oneType === 1 && oneSize === 12) bytesAt = one + 4;
        else if (oneType === 2 && oneSize === 12) packetsAt = one + 4;
        one += padded(oneSize);
      }
    }
    at += padded(size);
  }
  if (id === undefined || packetsAt === 0 || bytesAt === 0) return;
  const word = (at: number) => view.getUint32(at);
  found.add(id, word(packetsAt), word(packetsAt + 4), word(bytesAt), word(bytesAt + 4));
}

/** Handles by the entry a rule belongs to, in the order of the messages: by the counter it names, or a guard's comment; GETRULE. */
export function decodeHandle(view: View, start: number, length: number, found: Map<number, number[]>): void {
  const end = start + length;
  let handle: number | undefined;
  let id: number | undefined;
  for (let at = start + HEADERS; at < end; ) {
    const size = sizeAt(view, at, end);
    const type = typeAt(view, at);
    if (type === ruleAttribute.handle && size === 12) handle = Number(view.getBigUint64(at + 4));
    else if (type === ruleAttribute.expressions) id = counterOfExpressions(view, at + 4, at + size) ?? id;
    else if (type === ruleAttribute.userdata) id ??= guardOfUserdata(view, at + 4, at + size);
    at += padded(size);
  }
  if (id === undefined) return;
  if (handle === undefined) throw unreadable('a rule without a handle');
  const known = found.get(id);
  if (known === undefined) found.set(id, [handle]);
  else known.push(handle);
}

const COUNTER_PACKETS = 2; // NFTA_COUNTER_PACKETS

/** Packets that a rule has counted in a counter of its own, its first expression; GETRULE. `undefined` where it has none there. */
export function decodePassed(view: View, start: number, length: number): number | undefined {
  const end = start + length;
  for (let at = start + HEADERS; at < end; ) {
    const size = sizeAt(view, at, end);
    if (typeAt(view, at) === ruleAttribute.expressions)
      return size > 4 ? packetsOf(view, at + 4, at + size) : undefined;
    at += padded(size);
  }
  return undefined;
}

/** Of the expression at `at`: {NAME, DATA {BYTES, PACKETS}}. */
function packetsOf(view: View, at: number, end: number): number | undefined {
  const expressionEnd = at + sizeAt(view, at, end);
  let isCounter = false;
  for (let one = at + 4; one < expressionEnd; ) {
    const size = sizeAt(view, one, expressionEnd);
    const type = typeAt(view, one);
    if (type === expressionAttribute.name) isCounter = textAt(view, one + 4, one + size) === 'counter';
    else if (type === expressionAttribute.data && isCounter) {
      for (let inner = one + 4; inner < one + size; ) {
        const innerSize = sizeAt(view, inner, one + size);
        if (typeAt(view, inner) === COUNTER_PACKETS && innerSize === 12) return Number(view.getBigUint64(inner + 4));
        inner += padded(innerSize);
      }
    }
    one += padded(size);
  }
  return undefined;
}

/** The generation of the rule set; GETGEN. `undefined` when the message doesn't tell it. */
export function decodeGeneration(view: View, start: number, length: number): number | undefined {
  const end = start + length;
  for (let at = start + HEADERS; at < end; ) {
    const size = sizeAt(view, at, end);
    if (typeAt(view, at) === GENERATION_ID && size === 8) return view.getUint32(at + 4);
    at += padded(size);
  }
  return undefined;
}

/** GETCHAIN. */
export function decodeChain(view: View, start: number, length: number): ListedChain {
  const end = start + length;
  let table: string | undefined;
  let name: string | undefined;
  for (let at = start + HEADERS; at < end; ) {
    const size = sizeAt(view, at, end);
    const type = typeAt(view, at);
    if (type === chainAttribute.table) table = textAt(view, at + 4, at + size);
    else if (type === chainAttribute.name) name = textAt(view, at + 4, at + size);
    at += padded(size);
  }
  if (table === undefined || name === undefined) throw unreadable('a chain without a name');
  return { table, name };
}

/** "objref" and its NUL make an attribute of this many bytes; no other expression's name does but "dynset", "exthdr" and the like. */
const OBJREF_SIZE = 11;
/** "obj", "ref" and the NUL as they lie in memory. */
const OBJR = 0x726a626f;
const EF = 0x6665;
const OBJREF_TYPE = 1; // NFTA_OBJREF_IMM_TYPE
const OBJREF_NAME = 2; // NFTA_OBJREF_IMM_NAME

/** The first counter of ours that the expressions name. */
function counterOfExpressions(view: View, start: number, end: number): number | undefined {
  for (let at = start; at < end; ) {
    const size = sizeAt(view, at, end);
    const name = at + 4;
    const isObject =
      size > 4 + 12 &&
      view.getUint16(name, true) === OBJREF_SIZE &&
      typeAt(view, name) === expressionAttribute.name &&
      view.getUint32(name + 4, true) === OBJR &&
      view.getUint16(name + 8, true) === EF;
    const id = isObject ? counterOfObject(view, name + 12, at + size) : undefined;
    if (id !== undefined) return id;
    at += padded(size);
  }
  return undefined;
}

/** From the DATA attribute at `at`. */
function counterOfObject(view: View, at: number, end: number): number | undefined {
  const dataEnd = at + sizeAt(view, at, end);
  let isCounter = false;
  let id: number | undefined;
  for (let one = at + 4; one < dataEnd; ) {
    const size = sizeAt(view, one, dataEnd);
    const type = typeAt(view, one);
    if (type === OBJREF_TYPE) isCounter = view.getUint32(one + 4) === objectType.counter;
    else if (type === OBJREF_NAME) id = counterIdAt(view, one + 4, one + size);
    one += padded(size);
  }
  return isCounter ? id : undefined;
}

/** Entries {type u8, length u8, content}. */
function guardOfUserdata(view: View, start: number, end: number): number | undefined {
  for (let at = start; at + 2 <= end; at += 2 + view.getUint8(at + 1)) {
    const contentEnd = at + 2 + view.getUint8(at + 1);
    if (view.getUint8(at) === USERDATA_COMMENT && contentEnd <= end) return guardedId(textAt(view, at + 2, contentEnd));
  }
  return undefined;
}

const LETTER_R = 0x72;
const ZERO = 0x30;

/** The number in a counter's name "r<ID>" with its NUL; undefined for any other name. */
function counterIdAt(view: View, start: number, end: number): number | undefined {
  if (end - start < 3 || view.getUint8(start) !== LETTER_R || view.getUint8(end - 1) !== 0) return undefined;
  if (view.getUint8(start + 1) === ZERO) return undefined;
  let id = 0;
  for (let at = start + 1; at < end - 1; at += 1) {
    const digit = view.getUint8(at) - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    id = id * 10 + digit;
  }
  return id;
}

function textAt(view: View, start: number, end: number): string {
  let last = start;
  while (last < end && view.getUint8(last) !== 0) last += 1;
  return Buffer.from(view.buffer, view.byteOffset + start, last - start).toString();
}

function sizeAt(view: View, at: number, end: number): number {
  const size = at + 4 <= end ? view.getUint16(at, true) : 0;
  if (size < 4 || at + size > end) throw unreadable(`an attribute of ${size} bytes with ${end - at} left`);
  return size;
}

function typeAt(view: View, at: number): number {
  return view.getUint16(at + 2, true) & TYPE_MASK;
}

function padded(size: number): number {
  return (size + 3) & ~3;
}

function unreadable(problem: string): BpfilterError {
  return new BpfilterError('dataplane', `nf_tables' answer: ${problem}`);
}
