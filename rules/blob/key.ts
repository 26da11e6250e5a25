import type { ChainGraph } from './chains.ts';
import { counterSize, verdictOffset } from './layout.ts';
import type { WalkedTable } from './walk.ts';
import { malformed } from './where.ts';

/** Entries are at most this long: next_offset is a u16. */
const scratch = Buffer.alloc(1 << 16);

/**
 * Keys of entries: what a rule does, whatever its place and its counters. Each is made once, when it is first
 * asked for.
 */
export class RuleKeys {
  readonly #table: WalkedTable;
  readonly #graph: ChainGraph;
  readonly #known: (string | undefined)[];

  constructor(table: WalkedTable, graph: ChainGraph) {
    this.#table = table;
    this.#graph = graph;
    this.#known = new Array(table.offsets.length);
  }

  /** The entry's masked bytes, then the name of the chain it jumps to. Throws `malformed` for no entry. */
  key(index: number): string {
    const known = this.#known[index];
    if (known !== undefined) return known;
    const key = this.#make(index);
    this.#known[index] = key;
    return key;
  }

  /** Takes over keys that were made of a table before: `unchanged` tells the entry there that has the same, or -1. */
  inherit(previous: RuleKeys, unchanged: Int32Array): void {
    for (let index = 0; index < unchanged.length; index += 1) {
      const old = unchanged[index] ?? -1;
      if (old >= 0) this.#known[index] = previous.#known[old];
    }
  }

  #make(index: number): string {
    const { offsets, entries, layout, verdicts, blob } = this.#table;
    const start = offsets[index];
    if (start === undefined) throw malformed(`entry ${index} asked for, of ${offsets.length}`);
    const end = offsets[index + 1] ?? entries.length;
    scratch.set(entries.subarray(start, end));
    const { nfcache, comefrom, counters } = layout;
    scratch.fill(0, nfcache, nfcache + 4);
    scratch.fill(0, comefrom, comefrom + 4);
    scratch.fill(0, counters, counters + counterSize);
    if ((verdicts[index] ?? 0) > 0) {
      // No verdict is 0, so this can't be taken for one.
      const verdict = blob.targetOffset(start) + verdictOffset;
      scratch.fill(0, verdict, verdict + 4);
    }
    const bytes = scratch.toString('latin1', 0, end - start);
    const chain = this.#graph.chains[this.#graph.jumps[index] ?? -1];
    return chain === undefined ? bytes : bytes + chain.name;
  }
}
