import { BlobBytes } from './blob-bytes.ts';
import type { ChainGraph } from './chains.ts';
import { counterSize, verdictOffset } from './layout.ts';
import type { WalkedTable } from './walk.ts';
import { malformed } from './where.ts';

/**
 * Keys of entries: what a rule does, whatever its place and its counters. Costs one copy of the
 * table, made when the first key is asked for.
 */
export class RuleKeys {
  readonly #table: WalkedTable;
  readonly #graph: ChainGraph;
  readonly #masked: BlobBytes;

  constructor(table: WalkedTable, graph: ChainGraph) {
    this.#table = table;
    this.#graph = graph;
    this.#masked = new BlobBytes(mask(table), table.layout);
  }

  /** The entry's masked bytes, then the name of the chain it jumps to. Throws `malformed` for no entry. */
  key(index: number): string {
    const { offsets } = this.#table;
    const start = offsets[index];
    if (start === undefined) throw malformed(`entry ${index} asked for, of ${offsets.length}`);
    const bytes = this.#masked.latin1(start, offsets[index + 1] ?? this.#masked.bytes.length);
    const chain = this.#graph.chains[this.#graph.jumps[index] ?? -1];
    return chain === undefined ? bytes : bytes + chain.name;
  }
}

function mask({ entries, layout, offsets, verdicts, blob }: WalkedTable): Uint8Array {
  const masked = Uint8Array.from(entries);
  const { nfcache, comefrom, counters } = layout;
  for (const [index, at] of offsets.entries()) {
    masked.fill(0, at + nfcache, at + nfcache + 4);
    masked.fill(0, at + comefrom, at + comefrom + 4);
    masked.fill(0, at + counters, at + counters + counterSize);
    if ((verdicts[index] ?? 0) > 0) {
      // No verdict is 0, so this can't be taken for one.
      const verdict = at + blob.targetOffset(at) + verdictOffset;
      masked.fill(0, verdict, verdict + 4);
    }
  }
  return masked;
}
