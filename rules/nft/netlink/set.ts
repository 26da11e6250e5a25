import { inNetworkOrder, type SmallSize, writeDatum } from './datum.ts';
import {
  LIST_ELEMENT,
  message,
  messageFlag,
  setAttribute,
  setElementAttribute,
  setElementListAttribute,
  setFlag,
} from './numbers.ts';
import type { AnonymousSet } from './step.ts';
import type { MessageWriter } from './writer.ts';

/** The kernel puts a number in the place of %d. */
export const ANONYMOUS_NAME = '__set%d';

const INTERVAL_END = 1; // NFT_SET_ELEM_INTERVAL_END

/** Userdata of a set: NFTNL_UDATA_SET_* (libnftnl/udata.h), nft's BYTEORDER_BIG_ENDIAN. */
const KEY_BYTEORDER = 0;
const MERGES_ELEMENTS = 2;
const KEY_TYPEOF = 3;
const BIG_ENDIAN = 2;
/** Userdata of an element: NFTNL_UDATA_SET_ELEM_FLAGS with nft's "ends with the greatest value". */
const OPEN_INTERVAL = Uint8Array.of(1, 4, 1, 0, 0, 0);

interface Place {
  readonly family: number;
  readonly table: string;
  readonly id: number;
}

/** A point of an interval set. */
interface Point {
  readonly value: number;
  readonly isEnd: boolean;
  readonly isOpen: boolean;
}

/** NEWSET and NEWSETELEM for an anonymous set. */
export function writeSet(
  writer: MessageWriter,
  sequence: number,
  { family, table, id }: Place,
  set: AnonymousSet,
): void {
  const { key, size, intervals } = set;
  const flags = messageFlag.request | messageFlag.create;
  const start = writer.openMessage(message.newSet, flags, sequence, family);
  writer.text(setAttribute.table, table);
  writer.text(setAttribute.name, ANONYMOUS_NAME);
  writer.u32(setAttribute.flags, setFlag.anonymous | setFlag.constant | (intervals ? setFlag.interval : 0));
  writer.u32(setAttribute.keyType, key.type);
  writer.u32(setAttribute.keyLength, size);
  writer.u32(setAttribute.id, id);
  const description = writer.open(setAttribute.description);
  writer.u32(1, declaredSize(set));
  writer.close(description);
  writer.binary(setAttribute.userdata, userdata(set));
  writer.closeMessage(start);
  writeElements(writer, sequence, { family, table, id }, set);
}

function writeElements(writer: MessageWriter, sequence: number, { family, table, id }: Place, set: AnonymousSet): void {
  const start = writer.openMessage(message.newSetElement, messageFlag.request | messageFlag.create, sequence, family);
  writer.text(setElementListAttribute.table, table);
  writer.text(setElementListAttribute.set, ANONYMOUS_NAME);
  writer.u32(setElementListAttribute.setId, id);
  const list = writer.open(setElementListAttribute.elements);
  for (const point of pointsOf(set)) writePoint(writer, point, set.size);
  writer.close(list);
  writer.closeMessage(start);
}

function writePoint(writer: MessageWriter, { value, isEnd, isOpen }: Point, size: SmallSize): void {
  const element = writer.open(LIST_ELEMENT);
  if (isEnd) writer.u32(setElementAttribute.flags, INTERVAL_END);
  writeDatum(writer, setElementAttribute.key, inNetworkOrder(value, size));
  if (isOpen) writer.binary(setElementAttribute.userdata, OPEN_INTERVAL);
  writer.close(element);
}

/** nft counts the end of an open interval too, though it doesn't send it. */
function declaredSize({ elements, intervals }: AnonymousSet): number {
  if (!intervals) return elements.length;
  return 2 * elements.length + (startsAtZero(elements) ? 0 : 1);
}

function pointsOf({ elements, intervals, size }: AnonymousSet): readonly Point[] {
  if (!intervals) return elements.map(({ from }) => ({ value: from, isEnd: false, isOpen: false }));
  const greatest = 2 ** (8 * size) - 1;
  const points: Point[] = startsAtZero(elements) ? [] : [{ value: 0, isEnd: true, isOpen: false }];
  for (const { from, to } of elements) {
    const isOpen = to === greatest;
    points.push({ value: from, isEnd: false, isOpen });
    if (!isOpen) points.push({ value: to + 1, isEnd: true, isOpen: false });
  }
  return points;
}

function startsAtZero([first]: AnonymousSet['elements']): boolean {
  return first?.from === 0;
}

/** What nft wants to know when it lists the set. */
function userdata({ key, intervals }: AnonymousSet): Uint8Array {
  const [one, two] = key.data;
  const data = [...entry(0, u32(one)), ...entry(1, u32(two))];
  const typeOf = [...entry(0, u32(key.expression)), ...entry(1, data)];
  return Uint8Array.from([
    ...entry(KEY_BYTEORDER, u32(BIG_ENDIAN)),
    ...(intervals ? entry(MERGES_ELEMENTS, u32(1)) : []),
    ...entry(KEY_TYPEOF, typeOf),
  ]);
}

function entry(type: number, content: readonly number[]): readonly number[] {
  return [type, content.length, ...content];
}

/** Host order (little-endian machines). */
function u32(value: number): readonly number[] {
  return [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);
}
