import { entry, extension, head, standard } from '../../rules/blob/testing/raw-blob.ts';
import type { Random } from '../harness/random.ts';
import { knownRevisions } from './structs.ts';

/** Offsets in struct ipt_replace and struct ipt_entry (linux/netfilter_ipv4/ip_tables.h), spelled out. */
const HEAD = 96;
const replaceFields = { name: 0, validHooks: 32, numEntries: 36, size: 40, hookEntry: 44, underflow: 64, counters: 84 };
const TARGET_OFFSET = 88;
const NEXT_OFFSET = 90;
const ENTRY = 112;

/** Numbers that such code goes wrong at, if it does. */
const edges: readonly number[] = [
  0, 1, 7, 8, 31, 32, 39, 40, 64, 96, 112, 144, 152, 176, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xfff8, 0xffff,
  0x10000, 1e6, 0x2000001, 0x4000000, 0x7ffffff, 0x08000000, 0x7fffffff, 0x80000000, 0xfffffff8, 0xfffffffb, 0xfffffffc,
  0xfffffffe, 0xffffffff,
];

/** One mutation adds no more than this: several of the large ones would take minutes to no end. */
const mostBytes = 1 << 20;

/** Entries of a blob as far as they can be walked; never more than this many are looked at. */
const mostEntries = 4096;

function entriesOf(bytes: Buffer): readonly number[] {
  const found: number[] = [];
  for (let at = HEAD; at + ENTRY <= bytes.length && found.length < mostEntries; ) {
    found.push(at);
    const next = bytes.readUInt16LE(at + NEXT_OFFSET);
    if (next < ENTRY) break;
    at += next;
  }
  return found;
}

/** Where the matches and the target of an entry begin. */
function extensionsOf(bytes: Buffer, at: number): readonly number[] {
  const target = at + bytes.readUInt16LE(at + TARGET_OFFSET);
  const found: number[] = [];
  for (let position = at + ENTRY; position < target && position + 32 <= bytes.length && found.length < 64; ) {
    found.push(position);
    const size = bytes.readUInt16LE(position);
    if (size < 32) break;
    position += size;
  }
  if (target + 32 <= bytes.length) found.push(target);
  return found;
}

function edge(random: Random, near: number): number {
  switch (random(4)) {
    case 0:
      return (near + random(33) - 16) >>> 0;
    case 1:
      return (near + 8 * (random(41) - 20)) >>> 0;
    case 2:
      return (near ^ (1 << random(32))) >>> 0;
    default:
      return edges[random(edges.length)] ?? 0;
  }
}

function one<Value>(random: Random, values: readonly Value[]): Value | undefined {
  return values[random(Math.max(1, values.length))];
}

/** Replaces `removed` bytes at `at`; when `repair`, everything that counts or points is moved along. */
function splice(bytes: Buffer, at: number, removed: number, inserted: Uint8Array, entries: number, repair: boolean) {
  const made = Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at + removed)]);
  if (!repair) return made;
  const shift = inserted.length - removed;
  const moved = (offset: number): number => (offset + HEAD >= at + removed ? offset + shift : offset);
  made.writeUInt32LE((made.readUInt32LE(replaceFields.size) + shift) >>> 0, replaceFields.size);
  made.writeUInt32LE((made.readUInt32LE(replaceFields.numEntries) + entries) >>> 0, replaceFields.numEntries);
  for (let hook = 0; hook < 5; hook += 1) {
    // A rule put in the place where a hook begins belongs to that hook.
    const first = replaceFields.hookEntry + 4 * hook;
    if (made.readUInt32LE(first) + HEAD !== at) made.writeUInt32LE(moved(made.readUInt32LE(first)) >>> 0, first);
    const last = replaceFields.underflow + 4 * hook;
    made.writeUInt32LE(moved(made.readUInt32LE(last)) >>> 0, last);
  }
  for (const place of entriesOf(made)) {
    const target = place + made.readUInt16LE(place + TARGET_OFFSET);
    if (target + 36 > made.length || made[target + 2] !== 0) continue;
    const verdict = made.readInt32LE(target + 32);
    if (verdict > 0) made.writeInt32LE(moved(verdict) | 0, target + 32);
  }
  return made;
}

/** A rule with any extension in it, whether it may stand there or not. */
function someRule(random: Random): Uint8Array {
  const known = one(random, knownRevisions);
  const sample = known && one(random, known.samples);
  if (known === undefined || sample === undefined) return head('x');
  const made = extension(known.definition.name, known.number, sample.data);
  const ip = Buffer.alloc(84);
  ip.writeUInt16LE(sample.protocol, 80);
  ip.writeUInt8(sample.inverted, 83);
  const verdict = standard(-1 - random(2));
  return known.definition.kind === 'match'
    ? entry({ ip, matches: [made], target: verdict })
    : entry({ ip, target: made });
}

type Mutation = (bytes: Buffer, random: Random) => Buffer | undefined;

function field(offsets: (bytes: Buffer, random: Random) => number | undefined, size: 1 | 2 | 4): Mutation {
  return (bytes, random) => {
    const at = offsets(bytes, random);
    if (at === undefined || at < 0 || at + size > bytes.length) return undefined;
    const value = bytes.readUIntLE(at, size);
    bytes.writeUIntLE(edge(random, value) % 2 ** (8 * size), at, size);
    return bytes;
  };
}

const anEntry = (bytes: Buffer, random: Random): number | undefined => one(random, entriesOf(bytes));
function anExtension(bytes: Buffer, random: Random): number | undefined {
  const at = anEntry(bytes, random);
  return at === undefined ? undefined : one(random, extensionsOf(bytes, at));
}

/** Where the verdict of an entry with the standard target stands. */
function aVerdict(bytes: Buffer, random: Random): number | undefined {
  const places = entriesOf(bytes)
    .map((at) => at + bytes.readUInt16LE(at + TARGET_OFFSET))
    .filter((target) => target + 40 <= bytes.length && bytes[target + 2] === 0);
  const target = one(random, places);
  return target === undefined ? undefined : target + 32;
}

interface Kind {
  readonly name: string;
  /** How often it is taken, beside the others. */
  readonly weight: number;
  readonly apply: Mutation;
}

const kinds: readonly Kind[] = [
  kind('header: hooks, underflows, numbers', 1, (_, random) => replaceFields.validHooks + 4 * random(15), 4),
  kind(
    'header: entries, size, counters',
    1,
    (_, random) => one(random, [replaceFields.numEntries, replaceFields.size, replaceFields.counters]),
    4,
  ),
  kind('header: name of the table', 1, (_, random) => random(32), 1),
  { name: 'header: a hook at some other entry', weight: 1, apply: otherHook },
  kind(
    'entry: offsets',
    1,
    (bytes, random) => add(anEntry(bytes, random), one(random, [TARGET_OFFSET, NEXT_OFFSET])),
    2,
  ),
  kind(
    'entry: protocol and flags',
    1,
    (bytes, random) => add(anEntry(bytes, random), one(random, [80, 81, 82, 83])),
    1,
  ),
  kind('entry: any byte', 1, (bytes, random) => add(anEntry(bytes, random), random(ENTRY)), 1),
  kind('extension: size', 1, anExtension, 2),
  kind('extension: name', 1, (bytes, random) => add(anExtension(bytes, random), 2 + random(29)), 1),
  kind('extension: revision', 1, (bytes, random) => add(anExtension(bytes, random), 31), 1),
  kind('extension: a byte of its struct', 3, (bytes, random) => inside(bytes, random, 1), 1),
  kind('extension: two bytes of its struct', 1, (bytes, random) => inside(bytes, random, 2), 2),
  kind('extension: four bytes of its struct', 2, (bytes, random) => inside(bytes, random, 4), 4),
  kind('verdict: any number', 1, aVerdict, 4),
  { name: 'verdict: a jump', weight: 2, apply: jump },
  { name: 'verdict: a standard one', weight: 1, apply: standardVerdict },
  { name: 'entries: one put in', weight: 1, apply: putIn },
  { name: 'entries: one taken out', weight: 1, apply: takeOut },
  { name: 'entries: one repeated', weight: 1, apply: repeat },
  { name: "entries: a chain's head put in", weight: 1, apply: putHead },
  { name: 'end: cut', weight: 1, apply: (bytes, random) => bytes.subarray(0, random(bytes.length + 1)) },
  { name: 'end: more behind it', weight: 1, apply: putBehind },
  { name: 'any bytes', weight: 1, apply: anyBytes },
];
const weighted: readonly number[] = kinds.flatMap(({ weight }, index) => Array<number>(weight).fill(index));

/** What `mutate` does, by the number it tells. */
export const mutationNames: readonly string[] = kinds.map(({ name }) => name);

function kind(
  name: string,
  weight: number,
  offsets: (bytes: Buffer, random: Random) => number | undefined,
  size: 1 | 2 | 4,
): Kind {
  return { name, weight, apply: field(offsets, size) };
}

/** Somewhere in the struct of an extension. */
function inside(bytes: Buffer, random: Random, size: number): number | undefined {
  const at = anExtension(bytes, random);
  if (at === undefined) return undefined;
  const room = Math.floor((bytes.readUInt16LE(at) - 32) / size);
  return room <= 0 ? undefined : at + 32 + size * random(room);
}

function otherHook(bytes: Buffer, random: Random): Buffer | undefined {
  const at = anEntry(bytes, random);
  if (at === undefined) return undefined;
  bytes.writeUInt32LE(at - HEAD, replaceFields.hookEntry + 4 * random(10));
  return bytes;
}

function standardVerdict(bytes: Buffer, random: Random): Buffer | undefined {
  const verdict = aVerdict(bytes, random);
  if (verdict === undefined) return undefined;
  bytes.writeInt32LE(-random(8), verdict);
  return bytes;
}

function putIn(bytes: Buffer, random: Random): Buffer | undefined {
  const at = anEntry(bytes, random);
  return at === undefined ? undefined : splice(bytes, at, 0, someRule(random), 1, random(8) !== 0);
}

function takeOut(bytes: Buffer, random: Random): Buffer | undefined {
  const at = anEntry(bytes, random);
  if (at === undefined) return undefined;
  return splice(bytes, at, bytes.readUInt16LE(at + NEXT_OFFSET), Buffer.alloc(0), -1, random(8) !== 0);
}

/** Doubled, or now and then thousandfold. */
function repeat(bytes: Buffer, random: Random): Buffer | undefined {
  const at = anEntry(bytes, random);
  if (at === undefined) return undefined;
  const same = bytes.subarray(at, at + bytes.readUInt16LE(at + NEXT_OFFSET));
  const times = random(500) === 0 ? random(2000) : 1 + random(3);
  if (times * same.length > mostBytes) return undefined;
  return splice(bytes, at, 0, Buffer.concat(Array<Buffer>(times).fill(same)), times, random(8) !== 0);
}

function putHead(bytes: Buffer, random: Random): Buffer | undefined {
  const at = anEntry(bytes, random);
  const name = one(random, ['one', 'two', '', 'INPUT', 'ERROR', 'x'.repeat(29)]) ?? '';
  return at === undefined ? undefined : splice(bytes, at, 0, head(name), 1, true);
}

function putBehind(bytes: Buffer, random: Random): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(random(200), random(256))]);
}

function anyBytes(bytes: Buffer, random: Random): Buffer | undefined {
  if (bytes.length === 0) return undefined;
  for (let left = 1 + random(8); left > 0; left -= 1) bytes[random(bytes.length)] = random(256);
  return bytes;
}

/** A jump to an entry, or next to one: into its middle, back to itself, past the end. */
function jump(bytes: Buffer, random: Random): Buffer | undefined {
  const verdict = aVerdict(bytes, random);
  const to = anEntry(bytes, random);
  if (verdict === undefined || to === undefined) return undefined;
  bytes.writeInt32LE(to - HEAD + (random(6) === 0 ? 8 * random(30) : 0), verdict);
  return bytes;
}

function add(at: number | undefined, more: number | undefined): number | undefined {
  return at === undefined || more === undefined ? undefined : at + more;
}

/**
 * A copy of `blob` with a few things wrong in it (or, seldom, with none). Never empty of meaning: most remains. `tell`
 * hears what was done, as an index of `mutationNames`.
 */
export function mutate(blob: Uint8Array, random: Random, tell?: (mutation: number) => void): Uint8Array {
  let bytes: Buffer = Buffer.from(blob);
  for (let left = random(12) === 0 ? 0 : 1 + random(random(5) === 0 ? 12 : 3); left > 0; left -= 1) {
    if (bytes.length < HEAD) break;
    const index = one(random, weighted) ?? 0;
    const made = kinds[index]?.apply(bytes, random);
    if (made === undefined) continue;
    bytes = made;
    tell?.(index);
  }
  return bytes;
}
