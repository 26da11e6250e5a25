import { BpfilterError } from '../../protocol/error.ts';
import { hooksOf } from './per-hook.ts';
import type { WalkedTable } from './walk.ts';
import { where } from './where.ts';

/** Set in `reached` while an entry is on the way that is being followed. */
const ON_PATH = 1 << 5;

/** Index of the entry that starts at `offset`, or -1 (xt_find_jump_offset). */
export function findEntry(offsets: Uint32Array, offset: number): number {
  let low = 0;
  let high = offsets.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = offsets[middle] ?? 0;
    if (at === offset) return middle;
    if (at < offset) low = middle + 1;
    else high = middle;
  }
  return -1;
}

/**
 * Which hooks each entry can be reached from, as mark_source_chains finds it
 * (net/ipv4/netfilter/ip_tables.c): 1 << hook, by entry. It follows the rules of each hook in order
 * and goes into each jump; an entry seen before from this hook counts as a return. Linear in entries.
 * Throws `loop` (ELOOP): a loop, a jump to where no entry starts, or rules that run off the end.
 * Entries that no hook reaches aren't looked at.
 */
export function markSourceChains(table: WalkedTable): Uint8Array {
  const count = table.offsets.length;
  const state = { reached: new Uint8Array(count), back: new Int32Array(count), ends: unconditionalEnds(table) };
  for (const hook of hooksOf(table.validHooks))
    follow(table, state, 1 << hook, findEntry(table.offsets, table.hookEntry[hook]));
  return state.reached;
}

interface State {
  readonly reached: Uint8Array;
  /** The entry from which this one was come to; itself at a hook's first. */
  readonly back: Int32Array;
  /** 1: the entry always leaves its chain. */
  readonly ends: Uint8Array;
}

function unconditionalEnds({ forms, verdicts }: WalkedTable): Uint8Array {
  const ends = new Uint8Array(forms.length);
  for (let index = 0; index < ends.length; index += 1) {
    if ((verdicts[index] ?? 0) < 0 && forms[index]?.isUnconditional === true) ends[index] = 1;
  }
  return ends;
}

function follow(table: WalkedTable, { reached, back, ends }: State, hook: number, start: number): void {
  const count = reached.length;
  let index = start;
  back[index] = index;
  for (;;) {
    const seen = reached[index] ?? 0;
    if ((seen & ON_PATH) !== 0)
      throw loop(table, back[index] ?? index, `leads back to entry ${index}, which leads to it`);
    reached[index] = seen | hook | ON_PATH;
    const from = index;
    if (ends[index] === 1 || (seen & hook) !== 0) {
      // Back through all that was merely passed, to the last jump; then on behind that.
      let left: number;
      do {
        reached[index] = (reached[index] ?? 0) ^ ON_PATH;
        left = index;
        index = back[index] ?? index;
        if (index === left) return;
      } while (left === index + 1);
      if (index + 1 >= count) throw loop(table, index, 'has no entry behind it to return to');
      back[index + 1] = index;
      index += 1;
    } else {
      index = nextOf(table, from);
      back[index] = from;
    }
  }
}

/** Where an entry that lets the packet go on leads to: the jump's target, else the next entry. */
function nextOf(table: WalkedTable, index: number): number {
  const verdict = table.verdicts[index] ?? 0;
  if (verdict > 0) {
    const to = findEntry(table.offsets, verdict);
    if (to < 0) throw loop(table, index, `jumps to byte ${verdict}, where no entry starts`);
    return to;
  }
  if (index + 1 >= table.offsets.length) throw loop(table, index, 'is the last entry, and packets can run past it');
  return index + 1;
}

function loop(table: WalkedTable, index: number, problem: string): BpfilterError {
  return new BpfilterError('loop', `${where(table, index)} ${problem}`);
}
