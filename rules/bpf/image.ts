import type { BlobView } from '../blob/view.ts';
import type { ChainSource } from '../nft/source.ts';
import type { FieldSlots } from './field-slots.ts';
import { LookupTable, SLOT_SIZE, slotsFor } from './lookup-table.ts';
import { moveBytes } from './moves.ts';
import {
  actions,
  COUNTER_SIZE,
  headerOffsets,
  type LookAction,
  NAME_SIZE,
  PADDING_SIZE,
  RECORD_SIZE,
  recordOffsets,
} from './record.ts';
import type { CompiledRule } from './rule-records.ts';

/** A table as the machine's data. */
export interface BpfImage {
  /** Hooks that it has a chain at, in order. */
  readonly hooks: readonly number[];
  /** The value of the records' map. */
  readonly records: Uint8Array;
  /** How many different rules are looked up; none where it isn't worth it. */
  readonly lookedUp: number;
  /** What it asks for of a packet, and where. */
  readonly fields: FieldSlots;
  /** What rules look at where a packet comes to them. */
  readonly looks: ReadonlySet<LookAction>;
  /** A match reads 12 bytes of transport header. */
  readonly twelveBytes: boolean;
  readonly inNames: boolean;
  readonly outNames: boolean;
  /** A rule jumps to a chain, to come back from it. */
  readonly jumps: boolean;
}

/** The masks that a lookup is made under. */
export interface Shape {
  readonly number: number;
  readonly addressMask: bigint;
  readonly traitMask: bigint;
}

/** Some rules of a chain as they lie in the records. */
export interface Segment {
  readonly first: number;
  readonly last: number;
  /** Of a run that is looked up, each with how many of its rules have it; none otherwise. */
  readonly shapes: readonly (Shape & { readonly rules: number })[];
}

export interface PlacedChain {
  readonly chain: ChainSource;
  readonly rules: readonly CompiledRule[];
  /** The number of each rule's shape; −1 of one that can't be looked up. */
  readonly shapeOf: Int32Array;
  readonly segments: readonly Segment[];
  /** Where its first record lies. */
  readonly start: number;
  readonly end: number;
}

/** The counter of each entry of the blob, by its place in a slice. */
export type CounterOf = (entry: number) => number;

/** The entries of the blob, for what is each one's own. */
export type EntrySource = Pick<BlobView, 'entries' | 'offsets'>;

/** Where records are to be written: so many bytes, or some more, all of them 0. */
export type RoomOf = (size: number) => Uint8Array;

interface ImageOptions {
  readonly source: EntrySource;
  readonly end: number;
  readonly counterOf: CounterOf;
  readonly room: RoomOf;
}

/** Words of 32 bits in a record, and where they are in it. */
const RECORD_WORDS = RECORD_SIZE / 4;
const word = {
  counter: recordOffsets.counter / 4,
  target: recordOffsets.target / 4,
} as const;

/** Puts the records together. */
export class ImageWriter {
  readonly #source: EntrySource;
  readonly #chains: readonly PlacedChain[];
  readonly #fields: FieldSlots;
  readonly #counterOf: (entry: number) => number;
  readonly #records: Buffer;
  /** The same. */
  readonly #words: Uint32Array;
  readonly #names = new Map<string, number>();
  readonly #nameBytes: Uint8Array[] = [];
  readonly #namesAt: number;
  /** Where the next lookup's table is to stand. */
  #tableAt: number;
  #lookedUp = 0;
  readonly #starts: ReadonlyMap<string, number>;

  constructor(chains: readonly PlacedChain[], fields: FieldSlots, { source, end, counterOf, room }: ImageOptions) {
    this.#source = source;
    this.#chains = chains;
    this.#fields = fields;
    this.#counterOf = counterOf;
    this.#namesAt = end;
    const names = new Set<string>();
    let slots = 0;
    for (const { rules, segments } of chains) {
      for (const rule of rules) for (const name of rule.names) names.add(nameKey(name));
      for (const { shapes } of segments) for (const { rules } of shapes) slots += slotsFor(rules);
    }
    this.#tableAt = end + names.size * NAME_SIZE;
    const { buffer, byteOffset, length } = room(this.#tableAt + slots * SLOT_SIZE + PADDING_SIZE);
    this.#records = Buffer.from(buffer, byteOffset, length);
    this.#words = new Uint32Array(buffer, byteOffset, length / 4);
    this.#starts = new Map(chains.map(({ chain, start }) => [identity(chain.kind, chain.name), start]));
  }

  image(): BpfImage {
    let [inNames, outNames, twelveBytes] = [false, false, false];
    const jumps = this.#chains.some(({ rules }) => rules.some(({ action }) => action === 'jump'));
    const looks = new Set<LookAction>();
    const hooks: number[] = [];
    for (const placed of this.#chains) {
      this.#writeChain(placed);
      for (const { direction, twelveBytes: asksTwelve, looks: some } of placed.rules) {
        if (some !== undefined) for (const look of some) looks.add(look);
        twelveBytes ||= asksTwelve === true;
        inNames ||= direction.in;
        outNames ||= direction.out;
      }
      const { hook } = placed.chain;
      if (hook === undefined) continue;
      hooks.push(hook);
      this.#records.writeUInt32LE(placed.start, headerOffsets.start + 4 * hook);
      const policy = placed.end - (placed.rules.at(-1)?.records.length ?? 0);
      this.#records.writeUInt32LE(policy, headerOffsets.policy + 4 * hook);
    }
    for (const [index, bytes] of this.#nameBytes.entries()) this.#records.set(bytes, this.#namesAt + index * NAME_SIZE);
    return {
      hooks,
      records: this.#records,
      lookedUp: this.#lookedUp,
      fields: this.#fields,
      looks,
      twelveBytes,
      inNames,
      outNames,
      jumps,
    };
  }

  #writeChain({ chain, rules, shapeOf, segments, start }: PlacedChain): void {
    let at = start;
    for (const { first, last, shapes } of segments) {
      const tables = shapes.length > 0 ? this.#writeLookups(at, shapes, last - first + 1) : undefined;
      if (tables !== undefined) at += (shapes.length + 1) * RECORD_SIZE;
      for (let index = first; index <= last; index += 1) {
        const rule = rules[index];
        if (rule === undefined) continue;
        this.#writeRule(at, rule, chain.first + index);
        if (tables?.get(shapeOf[index] ?? -1)?.add(at) === true) this.#lookedUp += 1;
        at += rule.records.length;
      }
    }
  }

  #writeRule(at: number, rule: CompiledRule, entry: number): void {
    const words = this.#words;
    this.#records.set(rule.records, at);
    const { entries, offsets } = this.#source;
    if (rule.moves !== undefined) moveBytes(rule.moves, entries, offsets[entry] ?? 0, this.#records, at);
    const verdict = (at + rule.records.length) / 4 - RECORD_WORDS;
    words[verdict + word.counter] = this.#counterOf(entry) * COUNTER_SIZE;
    if (rule.chain !== undefined) words[verdict + word.target] = this.#starts.get(identity('user', rule.chain)) ?? 0;
    for (const one of rule.names) {
      this.#records.writeUInt32LE(this.#nameAt(one), at + one.record * RECORD_SIZE + recordOffsets.subject);
    }
    if (rule.rare === undefined) return;
    for (const { record, field } of rule.rare) {
      const slot = this.#fields.get(field) ?? 0;
      this.#records.writeUInt32LE(4 * slot, at + record * RECORD_SIZE + recordOffsets.subject);
    }
  }

  #nameAt(one: CompiledRule['names'][number]): number {
    const key = nameKey(one);
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const place = this.#namesAt + this.#nameBytes.length * NAME_SIZE;
    this.#nameBytes.push(Buffer.concat([maskedName(one), one.name.mask]));
    this.#names.set(key, place);
    return place;
  }

  /** A probe for each shape, then what takes the first rule that was found. The rules stand behind. */
  #writeLookups(start: number, shapes: Segment['shapes'], rules: number): ReadonlyMap<number, LookupTable> {
    const records = this.#records;
    let at = start;
    const tables = new Map<number, LookupTable>();
    for (const { number, addressMask, traitMask, rules } of shapes) {
      const table = new LookupTable(this.#words, this.#tableAt, slotsFor(rules));
      this.#tableAt += slotsFor(rules) * SLOT_SIZE;
      tables.set(number, table);
      records.writeUInt8(actions.probe, at + recordOffsets.action);
      records.writeUInt32LE(table.place, at + recordOffsets.table);
      records.writeUInt32LE(table.mask, at + recordOffsets.tableMask);
      records.writeBigUInt64LE(addressMask, at + recordOffsets.probeAddressMask);
      records.writeBigUInt64LE(traitMask, at + recordOffsets.probeTraitMask);
      at += RECORD_SIZE;
    }
    records.writeUInt8(actions.take, at + recordOffsets.action);
    records.writeUInt32LE((rules + 1) * RECORD_SIZE, at + recordOffsets.target);
    return tables;
  }
}

function identity(kind: ChainSource['kind'], name: string): string {
  return `${kind} ${name}`;
}

/** Bits that the mask hides aren't looked at, and may differ. */
function maskedName({ name: { name, mask } }: CompiledRule['names'][number]): Uint8Array {
  return name.map((byte, at) => byte & (mask[at] ?? 0));
}

function nameKey(one: CompiledRule['names'][number]): string {
  return `${Buffer.from(maskedName(one)).toString('hex')} ${Buffer.from(one.name.mask).toString('hex')}`;
}
