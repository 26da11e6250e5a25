import { XT_ALIGNMENT } from '../../protocol/x-tables.ts';
import type { BlobBytes } from './blob-bytes.ts';
import { EntryForm, type OwnNumber } from './entry-form.ts';
import { type BlobLayout, counterSize, extensionHeader, verdictOffset } from './layout.ts';
import type { Registry } from './registry-interface.ts';
import { mixed } from './word-hash.ts';

/** Where the structs of a match have ranges of ports (`MatchDefinition.portRanges`). */
type PortRanges = Pick<Registry, 'findMatch'>;

/**
 * So many forms of one hash are kept; an entry of yet another one has a form of its own, that is in no book. Whoever sends
 * entries can make them all alike but for what the hash leaves out.
 */
const MOST_OF_A_HASH = 8;

/**
 * The forms of a table's entries. Entries have the same form when their bytes are the same but for nfcache, comefrom and
 * counters, where a jump leads, and numbers that are each entry's own: addresses under the same masks, and single ports of
 * matches that say where they have them. So most entries of a large table have one of a few forms, and what hangs on nothing
 * else is found out once for each: whether the entry is whole (walk.ts), whether its extensions are right
 * (extension-check.ts), what it becomes (rules/bpf/compiled-rules.ts).
 *
 * An address with bits outside of its mask, which no packet has, and a range of several ports belong to the form.
 */
export class FormBook {
  readonly #layout: BlobLayout;
  readonly #ranges: PortRanges | undefined;
  readonly #byHash = new Map<number, EntryForm>();
  #size = 0;

  /** @param ranges where ports are looked for; nowhere unless given */
  constructor(layout: BlobLayout, ranges?: PortRanges) {
    this.#layout = layout;
    this.#ranges = ranges;
  }

  get size(): number {
    return this.#size;
  }

  /** Whether its forms can be used where ports are looked for there. */
  fits(layout: BlobLayout, ranges: PortRanges): boolean {
    return layout === this.#layout && ranges === this.#ranges;
  }

  /**
   * The form of the entry at `at`; undefined where it wasn't met before, or is no entry. `likely`: one it may well have.
   *
   * @param words all of the blob
   */
  find(words: Uint32Array, blob: BlobBytes, at: number, likely: EntryForm | undefined): EntryForm | undefined {
    const first = at >>> 2;
    if (at % XT_ALIGNMENT !== 0 || first + this.#layout.entry / 4 > words.length) return undefined;
    if (likely !== undefined && hasForm(words, first, likely)) return likely;
    let form = this.#byHash.get(this.#hash(words, blob, at));
    while (form !== undefined && !hasForm(words, first, form)) form = form.sameHash;
    return form;
  }

  /** Enters the form of the entry at `at`, which was found to be whole. */
  enter(words: Uint32Array, blob: BlobBytes, at: number): EntryForm {
    const layout = this.#layout;
    const length = blob.nextOffset(at);
    const target = blob.targetOffset(at);
    const own = [...this.#ownAddresses(words, at), ...this.#ownPorts(words, blob, at)];
    const counts = new Uint32Array(length >>> 2).fill(0xffffffff);
    for (const { at: place } of own) counts[place / 4] = 0;
    for (const place of [layout.nfcache, layout.comefrom]) counts[place / 4] = 0;
    counts.fill(0, layout.counters / 4, (layout.counters + counterSize) / 4);
    const isStandard = blob.isStandard(at + target);
    const verdict = (target + verdictOffset) / 4;
    const jumps = isStandard && blob.verdict(at + target) > 0;
    if (jumps) counts[verdict] = 0;
    // the last one of a table may end anywhere
    const hash = this.#hash(words, blob, at);
    const others = this.#byHash.get(hash);
    const isKept = length % 4 === 0 && countOf(others) < MOST_OF_A_HASH;
    const form = new EntryForm({
      words: words.slice(at / 4, (at + length) >>> 2),
      counts,
      addresses: layout.addresses
        .filter(({ at: place }) => counts[place / 4] === 0)
        .map(({ at: place, mask }) => ({ word: place / 4, mask: mask / 4 })),
      ports: own.filter(({ kind }) => typeof kind === 'object').map(({ at: place }) => place / 4),
      own,
      target,
      verdict: isStandard ? verdict : -1,
      jumps,
      isHead: blob.isError(at + target),
      isUnconditional: blob.isUnconditional(at),
      number: isKept ? this.#size : -1,
      sameHash: isKept ? others : undefined,
    });
    if (isKept) {
      this.#byHash.set(hash, form);
      this.#size += 1;
    }
    return form;
  }

  #ownAddresses(words: Uint32Array, at: number): readonly OwnNumber[] {
    const word = (place: number) => words[(at + place) / 4] ?? 0;
    return this.#layout.addresses
      .filter((one) => word(one.mask) !== 0 && (word(one.at) & ~word(one.mask)) === 0)
      .map((one) => ({ at: one.at, kind: one.of }));
  }

  #ownPorts(words: Uint32Array, blob: BlobBytes, at: number): readonly OwnNumber[] {
    const own: OwnNumber[] = [];
    let match = 0;
    for (let place = this.#layout.entry; place < blob.targetOffset(at); match += 1) {
      const size = blob.extensionSize(at + place);
      for (const offset of this.#portRanges(blob, at + place)) {
        const range = place + extensionHeader + offset;
        if (extensionHeader + offset + 4 <= size && isOnePort(words[(at + range) / 4] ?? 0))
          own.push({ at: range, kind: { match, offset } });
      }
      place += size;
    }
    return own;
  }

  #portRanges(blob: BlobBytes, match: number): readonly number[] {
    try {
      const found = this.#ranges?.findMatch(blob.extensionName(match), blob.extensionRevision(match));
      return found?.definition.portRanges ?? [];
    } catch {
      return []; // there is no such match, as is told when extensions are checked
    }
  }

  /** The same for entries of the same form: of all words but those that differ in it, or might be ports where these are looked for. */
  #hash(words: Uint32Array, blob: BlobBytes, at: number): number {
    const { addresses, nfcache, entry } = this.#layout;
    const first = at >>> 2;
    const next = blob.nextOffset(at);
    const target = blob.targetOffset(at);
    const verdict = blob.isStandard(at + target) ? first + (target + verdictOffset) / 4 : -1;
    const skipsPorts = this.#ranges !== undefined;
    let hash = next;
    for (let place = first + addresses.length; place < first + nfcache / 4; place += 1)
      hash = mixed(hash, words[place] ?? 0);
    const end = Math.min(first + (next >>> 2), words.length);
    for (let place = first + entry / 4; place < end; place += 1) {
      const word = words[place] ?? 0;
      if ((skipsPorts && isOnePort(word)) || (place === verdict && (word | 0) > 0)) continue;
      hash = mixed(hash, word);
    }
    return hash;
  }
}

function countOf(form: EntryForm | undefined): number {
  let count = 0;
  for (let one = form; one !== undefined; one = one.sameHash) count += 1;
  return count;
}

/** A range of one: both halves are the same. */
function isOnePort(word: number): boolean {
  return (word & 0xffff) === word >>> 16;
}

/** Looks at each word of nearly every entry. */
function hasForm(words: Uint32Array, first: number, form: EntryForm): boolean {
  const { words: wanted, counts, addresses, ports } = form;
  const length = wanted.length;
  if (first + length > words.length) return false;
  for (let at = 0; at < length; at += 1) {
    if ((((words[first + at] ?? 0) ^ (wanted[at] ?? 0)) & (counts[at] ?? 0)) !== 0) return false;
  }
  for (const { word, mask } of addresses) {
    if (((words[first + word] ?? 0) & ~(words[first + mask] ?? 0)) !== 0) return false;
  }
  for (const port of ports) if (!isOnePort(words[first + port] ?? 0)) return false;
  return !form.jumps || ((words[first + form.verdict] ?? 0) | 0) > 0;
}
