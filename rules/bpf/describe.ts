import { CHUNK_TABLE_SIZE, chunkModes } from './chunk-look.ts';
import type { BpfImage } from './image.ts';
import {
  type Action,
  actions,
  COUNTER_SIZE,
  HEADER_SIZE,
  headerOffsets,
  NAME_SIZE,
  type Need,
  needSizes,
  RECORD_SIZE,
  recordOffsets,
  traits,
} from './record.ts';
import { textDataSize, texts } from './text-look.ts';

const hookNames = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'] as const;
const chunkWays = new Map<number, string>(Object.entries(chunkModes).map(([name, number]) => [number, name]));
const actionNames = new Map(Object.entries(actions).map(([name, number]) => [number as number, name as Action]));

/** An image as text for people: where each hook begins, then a line a record, numbered from 0. */
export function describeImage({ records, hooks, lookedUp, fields }: BpfImage): readonly string[] {
  const bytes = Buffer.from(records.buffer, records.byteOffset, records.byteLength);
  const numberOf = (offset: number) => (offset - HEADER_SIZE) / RECORD_SIZE;
  const begins = hooks.map((hook) => {
    const start = bytes.readUInt32LE(headerOffsets.start + 4 * hook);
    const policy = bytes.readUInt32LE(headerOffsets.policy + 4 * hook);
    return `${hookNames[hook] ?? hook}: begins at ${numberOf(start)}, policy at ${numberOf(policy)}`;
  });
  const fieldNames = new Map([...fields].map(([name, slot]) => [slot, name]));
  const places: Places = { numberOf, fieldName: (slot) => fieldNames.get(slot) ?? '?' };
  const lines: string[] = [];
  const end = endOf(bytes);
  for (let at = HEADER_SIZE; at < end; at += RECORD_SIZE + dataOf(bytes, at))
    lines.push(`${numberOf(at)}: ${recordText(bytes, at, places)}`);
  const looked = lookedUp === 0 ? [] : [`${lookedUp} keys to look up`];
  return [...begins, ...looked, ...lines];
}

/** Names lie behind the records, and only tests of names lead there. */
function endOf(bytes: Buffer): number {
  let end = bytes.length;
  for (let at = HEADER_SIZE; at + RECORD_SIZE <= end; at += RECORD_SIZE + dataOf(bytes, at)) {
    const action = actionNames.get(bytes[at + recordOffsets.action] ?? -1);
    if (action === 'inName' || action === 'outName')
      end = Math.min(end, bytes.readUInt32LE(at + recordOffsets.subject));
  }
  return end;
}

/** Bytes of data behind a record, which are no records. */
function dataOf(bytes: Buffer, at: number): number {
  const action = actionNames.get(bytes[at + recordOffsets.action] ?? -1);
  if (action === 'chunks') return CHUNK_TABLE_SIZE;
  return texts.some((text) => text === action) ? textDataSize(bytes.readUInt32LE(at + recordOffsets.credit)) : 0;
}

interface Places {
  readonly numberOf: (offset: number) => number;
  readonly fieldName: (slot: number) => string;
}

function recordText(bytes: Buffer, at: number, { numberOf, fieldName }: Places): string {
  const word = (offset: number) => bytes.readUInt32LE(at + offset);
  const here = numberOf(at);
  const wanted = compareText(bytes, at);
  const when = wanted === '' ? '' : `if ${wanted}, else ${here + word(recordOffsets.skip) / RECORD_SIZE}: `;
  const action = actionNames.get(bytes[at + recordOffsets.action] ?? -1);
  const need = (bytes[at + recordOffsets.need] ?? 0) as Need;
  const needs = need === 0 ? '' : `, with ${needSizes[need]} bytes of transport header or dropped`;
  const counted = `counter ${word(recordOffsets.counter) / COUNTER_SIZE}`;
  const branches = () =>
    `? ${here + bytes.readUInt16LE(at + recordOffsets.whenTrue)} : ${here + bytes.readUInt16LE(at + recordOffsets.whenFalse)}`;
  const subject = () => fieldName(word(recordOffsets.subject) / 4);
  const hex = (offset: number) => `0x${word(offset).toString(16)}`;
  const does = () => {
    switch (action) {
      case 'accept':
      case 'drop':
      case 'return':
      case 'next':
        return `${action}, ${counted}`;
      case 'jump':
      case 'goto':
        return `${action} ${numberOf(word(recordOffsets.target))}, ${counted}`;
      case 'pass':
        return `on to ${here + 1}`;
      case 'masked':
        return `(${subject()} ^ ${hex(recordOffsets.first)}) & ${hex(recordOffsets.second)} == 0 ${branches()}`;
      case 'within': {
        const low = word(recordOffsets.first);
        return `${subject()} in ${low}–${low + word(recordOffsets.second)} ${branches()}`;
      }
      case 'any':
        return `${subject()} & ${hex(recordOffsets.second)} ${branches()}`;
      case 'inName':
      case 'outName':
        return `${action === 'inName' ? 'in' : 'out'} interface ${nameText(bytes, word(recordOffsets.subject))} ${branches()}`;
      case 'probe':
        return `look up ${traitsText(bytes, at + recordOffsets.probeAddressMask, at + recordOffsets.probeTraitMask)} in ${word(recordOffsets.tableMask) + 1} slots`;
      case 'take':
        return `on to the first rule found, else ${here + word(recordOffsets.target) / RECORD_SIZE}`;
      case 'random':
        return `${word(recordOffsets.first)} times of 2^31 ${branches()}`;
      case 'nth':
        return `one of ${word(recordOffsets.first) + 1} ${branches()}`;
      case 'limit':
        return `a bucket of ${word(recordOffsets.second)} for ${word(recordOffsets.first)} each ${branches()}`;
      case 'quota':
        return `${bytes.readBigUInt64LE(at + recordOffsets.filled)} bytes are left ${branches()}`;
      case 'text':
      case 'longText':
      case 'blockText':
      case 'longBlockText': {
        const piece = action === 'blockText' || action === 'longBlockText' ? ' in one piece' : '';
        const length = word(recordOffsets.credit);
        return `a text of ${length} bytes${piece} from ${word(recordOffsets.first)} to ${word(recordOffsets.second)} ${branches()}`;
      }
      case 'connectionCount': {
        const kinds = ['packets', 'bytes', 'bytes a packet'];
        const ways = ['', ' there', ' back', ''];
        const [kind = 0, way = 0] = bytes.subarray(at + recordOffsets.credit);
        const bounds = [recordOffsets.first, recordOffsets.filled].map((bound) => bytes.readBigUInt64LE(at + bound));
        return `${kinds[kind] ?? '?'}${ways[way] ?? ''} over its connection in ${bounds.join('–')} ${branches()}`;
      }
      case 'dccpOption':
        return `DCCP option ${word(recordOffsets.first)} ${branches()}`;
      case 'chunks':
        return `chunks of SCTP, ${chunkWays.get(word(recordOffsets.first)) ?? '?'} of its types ${branches()}`;
      case 'connectionLabel':
        return `labels of its connection, byte ${word(recordOffsets.first)} & ${hex(recordOffsets.second)} ${branches()}`;
      case 'ownerGroups': {
        const low = word(recordOffsets.first);
        return `a group of the owner's in ${low}–${low + word(recordOffsets.second)} ${branches()}`;
      }
      case 'tcpOption':
        return `TCP option ${word(recordOffsets.first)} ${branches()}`;
      case 'segmentSize': {
        const low = word(recordOffsets.first);
        return `greatest segment in ${low}–${low + word(recordOffsets.second)} ${branches()}`;
      }
      case 'u32Load':
        return `u32 at ${word(recordOffsets.first)} ${branches()}`;
      case 'u32At':
        return `u32 at ${word(recordOffsets.first)} behind where it leads to ${branches()}`;
      case 'u32And':
        return `u32 & ${hex(recordOffsets.first)} ${branches()}`;
      case 'u32Left':
        return `u32 << ${word(recordOffsets.first)} ${branches()}`;
      case 'u32Right':
        return `u32 >> ${word(recordOffsets.first)} ${branches()}`;
      case 'classicLoad':
      case 'classicIndirect':
      case 'classicLink':
      case 'classicTake':
      case 'classicPut':
      case 'classicMath':
      case 'classicCompare':
      case 'classicRandom':
        return `${action} ${hex(recordOffsets.first)} ${hex(recordOffsets.second)} ${branches()}`;
      case undefined:
        return 'nothing known';
      default:
        return action satisfies never;
    }
  };
  return `${when}${does()}${needs}`;
}

function quad(bytes: Buffer, at: number): string {
  return [...bytes.subarray(at, at + 4)].join('.');
}

function addressText(bytes: Buffer, at: number, name: string, offset: number): readonly string[] {
  const mask = quad(bytes, at + recordOffsets.addressMask + offset);
  if (mask === '0.0.0.0') return [];
  return [`${name} ${quad(bytes, at + recordOffsets.addresses + offset)}/${mask}`];
}

/** Traits by name: where they begin and how many bytes they have; numbers of two bytes are in network order. */
const traitNames = [
  ['protocol', traits.protocol, 1],
  ['later fragment', traits.fragment, 1],
  ['tcp flags', traits.tcpFlags, 1],
  ['tos', traits.tos, 1],
  ['source port', traits.transport, 2],
  ['destination port', traits.transport + 16n, 2],
] as const;

function part(value: bigint, from: bigint, bytes: 1 | 2): number {
  const raw = Number((value >> from) & (bytes === 1 ? 0xffn : 0xffffn));
  return bytes === 1 ? raw : ((raw & 0xff) << 8) | (raw >> 8);
}

function compareText(bytes: Buffer, at: number): string {
  const value = bytes.readBigUInt64LE(at + recordOffsets.traits);
  const mask = bytes.readBigUInt64LE(at + recordOffsets.traitMask);
  const tests = traitNames.flatMap(([name, from, size]) => {
    const bits = part(mask, from, size);
    if (bits === 0) return [];
    const whole = size === 1 ? 0xff : 0xffff;
    return [`${name} ${part(value, from, size)}${bits === whole ? '' : `/0x${bits.toString(16)}`}`];
  });
  return [...addressText(bytes, at, 'source', 0), ...addressText(bytes, at, 'destination', 4), ...tests].join(', ');
}

/** What a lookup's masks let through. */
function traitsText(bytes: Buffer, addresses: number, mask: number): string {
  const masks = ['source', 'destination'].flatMap((name, index) => {
    const text = quad(bytes, addresses + 4 * index);
    return text === '0.0.0.0' ? [] : [text === '255.255.255.255' ? name : `${name}/${text}`];
  });
  const bits = bytes.readBigUInt64LE(mask);
  const names = traitNames.flatMap(([name, from, size]) => (part(bits, from, size) === 0 ? [] : [name]));
  return [...masks, ...names].join(', ');
}

function nameText(bytes: Buffer, at: number): string {
  const name = bytes.subarray(at, at + NAME_SIZE / 2);
  const mask = bytes.subarray(at + NAME_SIZE / 2, at + NAME_SIZE);
  const end = name.indexOf(0);
  const text = JSON.stringify(name.toString('latin1', 0, end < 0 ? name.length : end));
  return mask[end < 0 ? name.length - 1 : end] === 0 ? `${text}*` : text;
}
