import type { ChainSource } from '../nft/source.ts';
import type { FieldSlots } from './field-slots.ts';
import {
  actions,
  COUNTER_SIZE,
  headerOffsets,
  type LookAction,
  NAME_SIZE,
  PADDING_SIZE,
  RECORD_SIZE,
  recordOffsets,
  SHAPE_KEY_SIZE,
  SHAPE_VALUE_SIZE,
} from './record.ts';
import type { CompiledRule } from './rule-records.ts';

/** A table as the machine's data. */
export interface BpfImage {
  /** Hooks that it has a chain at, in order. */
  readonly hooks: readonly number[];
  /** The value of the records' map. */
  readonly records: Uint8Array;
  /** Elements of the shapes' map, one after another; none where no lookup is worth it. */
  readonly shapes: { readonly keys: Uint8Array; readonly values: Uint8Array; readonly count: number };
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
  /** Both masks. */
  readonly text: string;
  readonly addressMask: bigint;
  readonly traitMask: bigint;
}

/** Some rules of a chain as they lie in the records. */
export interface Segment {
  readonly first: number;
  readonly last: number;
  /** Of a run that is looked up. */
  readonly shapes: readonly Shape[];
}

export interface PlacedChain {
  readonly chain: ChainSource;
  readonly rules: readonly CompiledRule[];
  readonly segments: readonly Segment[];
  /** Where its first record lies. */
  readonly start: number;
  readonly end: number;
}

/** The counter of each entry of the blob, by its place in a slice. */
export type CounterOf = (entry: number) => number;

/** Puts the records together. */
export class ImageWriter {
  readonly #chains: readonly PlacedChain[];
  readonly #fields: FieldSlots;
  readonly #counterOf: (entry: number) => number;
  readonly #records: Buffer;
  readonly #names = new Map<string, number>();
  readonly #nameBytes: Uint8Array[] = [];
  readonly #namesAt: number;
  readonly #keys: Buffer;
  readonly #values: Buffer;
  #keyCount = 0;
  #lookups = 0;
  readonly #starts: ReadonlyMap<string, number>;
  readonly #seen = new Set<string>();

  constructor(
    chains: readonly PlacedChain[],
    fields: FieldSlots,
    { end, counterOf }: { readonly end: number; readonly counterOf: CounterOf },
  ) {
    this.#chains = chains;
    this.#fields = fields;
    this.#counterOf = counterOf;
    this.#namesAt = end;
    const names = new Set(chains.flatMap(({ rules }) => rules.flatMap((rule) => rule.names.map(nameKey))));
    this.#records = Buffer.alloc(end + names.size * NAME_SIZE + PADDING_SIZE);
    this.#starts = new Map(chains.map(({ chain, start }) => [identity(chain.kind, chain.name), start]));
    const most = chains.reduce(
      (sum, { segments }) =>
        sum +
        segments.reduce((count, { first, last, shapes }) => count + (shapes.length > 0 ? last - first + 1 : 0), 0),
      0,
    );
    this.#keys = Buffer.alloc(most * SHAPE_KEY_SIZE);
    this.#values = Buffer.alloc(most * SHAPE_VALUE_SIZE);
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
    const count = this.#keyCount;
    return {
      hooks,
      records: this.#records,
      shapes: {
        keys: this.#keys.subarray(0, count * SHAPE_KEY_SIZE),
        values: this.#values.subarray(0, count * SHAPE_VALUE_SIZE),
        count,
      },
      fields: this.#fields,
      looks,
      twelveBytes,
      inNames,
      outNames,
      jumps,
    };
  }

  #writeChain({ chain, rules, segments, start }: PlacedChain): void {
    let at = start;
    for (const { first, last, shapes } of segments) {
      if (shapes.length > 0) at = this.#writeLookups(at, shapes, rules.slice(first, last + 1));
      for (let index = first; index <= last; index += 1) {
        const rule = rules[index];
        if (rule === undefined) continue;
        this.#writeRule(at, rule, chain.first + index);
        at += rule.records.length;
      }
    }
  }

  #writeRule(at: number, rule: CompiledRule, entry: number): void {
    const records = this.#records;
    records.set(rule.records, at);
    const verdict = at + rule.records.length - RECORD_SIZE;
    records.writeUInt32LE(this.#counterOf(entry) * COUNTER_SIZE, verdict + recordOffsets.counter);
    if (rule.chain !== undefined)
      records.writeUInt32LE(this.#starts.get(identity('user', rule.chain)) ?? 0, verdict + recordOffsets.target);
    for (const one of rule.names) {
      records.writeUInt32LE(this.#nameAt(one), at + one.record * RECORD_SIZE + recordOffsets.subject);
    }
    for (const { record, field } of rule.rare ?? []) {
      const slot = this.#fields.get(field) ?? 0;
      records.writeUInt32LE(4 * slot, at + record * RECORD_SIZE + recordOffsets.subject);
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
  #writeLookups(start: number, shapes: readonly Shape[], rules: readonly CompiledRule[]): number {
    const records = this.#records;
    let at = start;
    const numbers = new Map<string, number>();
    for (const { text, addressMask, traitMask } of shapes) {
      const number = this.#lookups++;
      numbers.set(text, number);
      records.writeUInt8(actions.probe, at + recordOffsets.action);
      records.writeUInt32LE(number, at + recordOffsets.subject);
      records.writeBigUInt64LE(addressMask, at + recordOffsets.probeAddressMask);
      records.writeBigUInt64LE(traitMask, at + recordOffsets.probeTraitMask);
      at += RECORD_SIZE;
    }
    records.writeUInt8(actions.take, at + recordOffsets.action);
    records.writeUInt32LE((rules.length + 1) * RECORD_SIZE, at + recordOffsets.target);
    at += RECORD_SIZE;
    const first = at;
    this.#seen.clear();
    let place = first;
    for (const { records: from, lookup } of rules) {
      // the first of equal ones is the one that matches
      if (lookup !== undefined && !this.#seen.has(lookup.compare)) {
        this.#seen.add(lookup.compare);
        const key = this.#keyCount * SHAPE_KEY_SIZE;
        this.#keys.writeUInt32LE(numbers.get(lookup.shape) ?? 0, key);
        for (let index = 0; index < 8; index += 1) {
          this.#keys[key + 8 + index] = from[recordOffsets.addresses + index] ?? 0;
          this.#keys[key + 16 + index] = from[recordOffsets.traits + index] ?? 0;
        }
        this.#values.writeUInt32LE(place, this.#keyCount * SHAPE_VALUE_SIZE);
        this.#keyCount += 1;
      }
      place += from.length;
    }
    return first;
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
