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
  const same = comparison(next, previous);
  const chains = new Map(previous.graph.chains.map((chain) => [identity(chain), chain]));
  for (const chain of next.graph.chains) {
    const old = chains.get(identity(chain));
    if (old === undefined) continue;
    let [head, oldHead] = [chain.first, old.first];
    for (; head <= chain.last && oldHead <= old.last && same(head, oldHead); head += 1, oldHead += 1)
      found[head] = oldHead;
    let [tail, oldTail] = [chain.last, old.last];
    for (; tail >= head && oldTail >= oldHead && same(tail, oldTail); tail -= 1, oldTail -= 1) found[tail] = oldTail;
  }
  return found;
}

function identity({ kind, name }: ChainView): string {
  return `${kind} ${name}`;
}

/** The bytes as words; copied where they don't begin at one. */
function wordsOf({ entries }: WalkedTable): Uint32Array {
  const bytes = entries.byteOffset % 4 === 0 ? entries : Uint8Array.from(entries);
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2);
}

/** Whether entry `index` of one table and `old` of the other have the same key (RuleKeys). */
function comparison(next: TableParts, previous: TableParts): (index: number, old: number) => boolean {
  const [words, oldWords] = [wordsOf(next.walked), wordsOf(previous.walked)];
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
