import { writeDatum } from './datum.ts';
import {
  LIST_ELEMENT,
  message,
  messageFlag,
  setAttribute,
  setElementAttribute,
  setElementListAttribute,
  setFlag,
} from './numbers.ts';
import type { AnonymousSet, SetContent, SetElement, TypeOf } from './set-model.ts';
import { ANONYMOUS_MAP, ANONYMOUS_SET } from './set-names.ts';
import type { MessageWriter } from './writer.ts';

const INTERVAL_END = 1; // NFT_SET_ELEM_INTERVAL_END

/** Userdata of a set: NFTNL_UDATA_SET_* (libnftnl/udata.h), nft's enum byteorder. */
const KEY_BYTEORDER = 0;
const DATA_BYTEORDER = 1;
const MERGES_ELEMENTS = 2;
const KEY_TYPEOF = 3;
const DATA_INTERVALS = 6;
const NO_BYTEORDER = 0;
const HOST_ENDIAN = 1;
const BIG_ENDIAN = 2;
/** Userdata of an element: NFTNL_UDATA_SET_ELEM_FLAGS with nft's "ends with the greatest value". */
const OPEN_INTERVAL = Uint8Array.of(1, 4, 1, 0, 0, 0);

/** Most bytes of elements in one message: the length of an attribute is a u16. */
const MOST_IN_MESSAGE = 65_000;

/** Where a set stands: by its name, and a number by which this batch knows it. */
export interface SetPlace {
  readonly family: number;
  readonly table: string;
  readonly name: string;
  readonly id: number;
}

/** What a named set has that one of a rule's own hasn't. */
export interface NamedSet {
  /** NFT_SET_* */
  readonly flags: number;
  /** Milliseconds that an element lives. */
  readonly timeout?: number;
  /** Most elements. */
  readonly size?: number;
  /** It mustn't be there yet. */
  readonly exclusive: boolean;
}

/** NEWSET and NEWSETELEM for a set of a rule's own. */
export function writeAnonymousSet(
  writer: MessageWriter,
  sequence: number,
  place: Omit<SetPlace, 'name'>,
  set: AnonymousSet,
): void {
  const name = set.data === undefined ? ANONYMOUS_SET : ANONYMOUS_MAP;
  const flags = setFlag.anonymous | setFlag.constant;
  writeSet(writer, sequence, { ...place, name }, set, { flags, size: set.declared, exclusive: false }, true);
}

/** NEWSET and, where there are elements, NEWSETELEM. */
export function writeSet(
  writer: MessageWriter,
  sequence: number,
  place: SetPlace,
  set: SetContent,
  named: NamedSet,
  merges: boolean,
): void {
  const { key, size, intervals, data, parts } = set;
  const concatenated = intervals && parts !== undefined;
  const flags = messageFlag.request | messageFlag.create | (named.exclusive ? messageFlag.exclusive : 0);
  const start = writer.openMessage(message.newSet, flags, sequence, place.family);
  writer.text(setAttribute.table, place.table);
  writer.text(setAttribute.name, place.name);
  writer.u32(
    setAttribute.flags,
    named.flags |
      (intervals ? setFlag.interval : 0) |
      (data === undefined ? 0 : setFlag.map) |
      (concatenated ? setFlag.concatenation : 0),
  );
  writer.u32(setAttribute.keyType, key.type);
  writer.u32(setAttribute.keyLength, size);
  if (data !== undefined) {
    writer.u32(setAttribute.dataType, data.key.type);
    writer.u32(setAttribute.dataLength, data.size);
  }
  writer.u32(setAttribute.id, place.id);
  if (named.timeout !== undefined) writer.u64(setAttribute.timeout, named.timeout);
  writeDescription(writer, named.size, concatenated ? parts : undefined);
  writer.binary(setAttribute.userdata, userdata(set, merges));
  writer.closeMessage(start);
  writeElements(writer, sequence, place, set.elements);
}

function writeDescription(writer: MessageWriter, size: number | undefined, parts: readonly number[] | undefined): void {
  if (size === undefined && parts === undefined) return;
  const description = writer.open(setAttribute.description);
  if (size !== undefined) writer.u32(1, size);
  if (parts !== undefined) {
    const list = writer.open(2);
    for (const part of parts) {
      const element = writer.open(LIST_ELEMENT);
      writer.u32(1, part);
      writer.close(element);
    }
    writer.close(list);
  }
  writer.close(description);
}

function writeElements(
  writer: MessageWriter,
  sequence: number,
  place: SetPlace,
  elements: readonly SetElement[],
): void {
  for (let next = 0; next < elements.length; ) {
    const flags = messageFlag.request | messageFlag.create;
    const start = writer.openMessage(message.newSetElement, flags, sequence, place.family);
    writer.text(setElementListAttribute.table, place.table);
    writer.text(setElementListAttribute.set, place.name);
    writer.u32(setElementListAttribute.setId, place.id);
    const list = writer.open(setElementListAttribute.elements);
    for (; next < elements.length && writer.sizeOf(list) < MOST_IN_MESSAGE; next += 1) {
      const element = elements[next];
      if (element !== undefined) writeElement(writer, element);
    }
    writer.close(list);
    writer.closeMessage(start);
  }
}

function writeElement(writer: MessageWriter, { key, keyEnd, isIntervalEnd, isOpen, data }: SetElement): void {
  const element = writer.open(LIST_ELEMENT);
  if (isIntervalEnd === true) writer.u32(setElementAttribute.flags, INTERVAL_END);
  writeDatum(writer, setElementAttribute.key, key);
  if (keyEnd !== undefined) writeDatum(writer, setElementAttribute.keyEnd, keyEnd);
  if (data !== undefined) writeDatum(writer, setElementAttribute.data, data);
  if (isOpen === true) writer.binary(setElementAttribute.userdata, OPEN_INTERVAL);
  writer.close(element);
}

/** What nft wants to know when it lists the set. */
function userdata({ key, size, hostOrder, intervals, data, parts }: SetContent, merges: boolean): Uint8Array {
  const byteorder = (host: boolean) => u32(host ? HOST_ENDIAN : BIG_ENDIAN);
  const isMap = data !== undefined;
  return Uint8Array.from([
    ...entry(
      KEY_BYTEORDER,
      parts === undefined ? byteorder((key.hostOrder ?? hostOrder) && !(intervals && size === 1)) : u32(NO_BYTEORDER),
    ),
    ...(isMap
      ? [...entry(DATA_BYTEORDER, byteorder(data.hostOrder)), ...entry(DATA_INTERVALS, u32(Number(data.intervals)))]
      : []),
    ...(intervals && merges && !isMap ? entry(MERGES_ELEMENTS, u32(1)) : []),
    ...(key.typeOf === undefined || isMap ? [] : entry(KEY_TYPEOF, typeOfData(key.typeOf))),
  ]);
}

/** {expression, data}, the data numbered from 0 on. */
function typeOfData({ expression, data }: TypeOf): readonly number[] {
  const inner = data.flatMap((one, index) =>
    typeof one === 'number' ? entry(index, u32(one)) : one.flatMap((part, at) => entry(at, typeOfData(part))),
  );
  return [...entry(0, u32(expression)), ...entry(1, inner)];
}

function entry(type: number, content: readonly number[]): readonly number[] {
  return [type, content.length, ...content];
}

/** Host order (little-endian machines). */
function u32(value: number): readonly number[] {
  return [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);
}
