import type { ChainGraph, ChainView } from './chains.ts';
import { counterSize, verdictOffset } from './layout.ts';
import type { WalkedTable } from './walk.ts';

/** A table taken apart. */
export interface TableParts {
  readonly walked: WalkedTable;
  readonly graph: ChainGraph;
}

/**
 * By entry of `next`: an entry of `previous` that has the same key, or -1. Found by comparing bytes from both ends of
 * each chain, which is all there is to most changes; an entry that only moved isn't looked for.
 */
export function unchangedEntries(next: TableParts, previous: TableParts): Int32Array {
  const found = new Int32Array(next.walked.offsets.length).fill(-1);
  const compare = { same: sameKeys(next, previous), sameRun: runComparison(next, previous) };
  const chains = new Map(previous.graph.chains.map((chain) => [identity(chain), chain]));
  for (const chain of next.graph.chains) {
    const old = chains.get(identity(chain));
    if (old === undefined) continue;
    const most = Math.min(chain.last - chain.first, old.last - old.first) + 1;
    const head = equalEntries(compare, chain.first, old.first, most, 1);
    for (let at = 0; at < head; at += 1) found[chain.first + at] = old.first + at;
    const tail = equalEntries(compare, chain.last, old.last, most - head, -1);
    for (let at = 0; at < tail; at += 1) found[chain.last - at] = old.last - at;
  }
  return found;
}

interface Comparison {
  /** Whether two entries have the same key. */
  readonly same: (index: number, old: number) => boolean;
  /** Whether runs of entries, told by their first ones, are the same byte by byte, and so are the chains they jump to. */
  readonly sameRun: (index: number, old: number, count: number) => boolean;
}

/**
 * How many entries, `most` at most, have the same keys one after the other, going on from `index` and `old` or (`way` -1)
 * back from there. Most are the same bytes: runs are compared at once, each as twice as long as the one before, and entry
 * by entry only where they differ.
 */
function equalEntries({ same, sameRun }: Comparison, index: number, old: number, most: number, way: 1 | -1): number {
  let done = 0;
  let length = 1;
  while (done < most) {
    const count = Math.min(length, most - done);
    const back = way === 1 ? 0 : 1 - count;
    const [at, oldAt] = [index + way * done + back, old + way * done + back];
    if (count === 1) {
      if (!same(at, oldAt)) return done;
      done += 1;
      length = 2;
    } else if (sameRun(at, oldAt, count)) {
      done += count;
      length *= 2;
    } else length = count >> 1;
  }
  return done;
}

function runComparison(next: TableParts, previous: TableParts): Comparison['sameRun'] {
  const [bytes, oldBytes] = [bufferOf(next.walked), bufferOf(previous.walked)];
  const { offsets, verdicts } = next.walked;
  const { offsets: oldOffsets } = previous.walked;
  return (index, old, count) => {
    const [from, oldFrom] = [offsets[index] ?? 0, oldOffsets[old] ?? 0];
    const length = (offsets[index + count] ?? bytes.length) - from;
    if ((oldOffsets[old + count] ?? oldBytes.length) - oldFrom !== length) return false;
    if (bytes.compare(oldBytes, oldFrom, oldFrom + length, from, from + length) !== 0) return false;
    for (let at = 0; at < count; at += 1) {
      if ((verdicts[index + at] ?? 0) > 0 && !sameJump(next.graph, index + at, previous.graph, old + at)) return false;
    }
    return true;
  };
}

function bufferOf({ entries }: WalkedTable): Buffer {
  return Buffer.from(entries.buffer, entries.byteOffset, entries.length);
}

function identity({ kind, name }: ChainView): string {
  return `${kind} ${name}`;
}

/** Tells whether entry `index` of one table and `old` of the other have the same key (RuleKeys). */
export function sameKeys(next: TableParts, previous: TableParts): (index: number, old: number) => boolean {
  const [words, oldWords] = [next.walked.words, previous.walked.words];
  const { layout, offsets, verdicts, blob } = next.walked;
  const { offsets: oldOffsets, verdicts: oldVerdicts } = previous.walked;
  const [nfcache, comefrom] = [layout.nfcache >>> 2, layout.comefrom >>> 2];
  const [counters, behind] = [layout.counters >>> 2, (layout.counters + counterSize) >>> 2];
  return (index, old) => {
    const at = (offsets[index] ?? 0) >>> 2;
    const oldAt = (oldOffsets[old] ?? 0) >>> 2;
    const length = ((offsets[index + 1] ?? 0) >>> 2) - at;
    if (length <= 0 || ((oldOffsets[old + 1] ?? 0) >>> 2) - oldAt !== length) return false;
    let verdict = -1;
    if ((verdicts[index] ?? 0) > 0) {
      if ((oldVerdicts[old] ?? 0) <= 0 || !sameJump(next.graph, index, previous.graph, old)) return false;
      const start = offsets[index] ?? 0;
      verdict = (blob.targetOffset(start) + verdictOffset) >>> 2;
    }
    for (let word = 0; word < counters; word += 1) {
      if (words[at + word] !== oldWords[oldAt + word] && word !== nfcache && word !== comefrom) return false;
    }
    for (let word = behind; word < length; word += 1) {
      if (words[at + word] !== oldWords[oldAt + word] && word !== verdict) return false;
    }
    return true;
  };
}

function sameJump(next: ChainGraph, index: number, previous: ChainGraph, old: number): boolean {
  return next.chains[next.jumps[index] ?? -1]?.name === previous.chains[previous.jumps[old] ?? -1]?.name;
}
