import type { Datum } from './datum.ts';
import { joined } from './datum.ts';
import type { Load } from './load.ts';
import type { CompareStep, Step } from './step.ts';

type PayloadLoad = Extract<Load, { readonly kind: 'payload' }>;

/** A test that nft may merge, with its place in the rule. */
interface Candidate {
  readonly at: number;
  readonly load: PayloadLoad;
  readonly op: number;
  readonly value: Datum;
}

/** A register, and what the kernel loads by its fast path; bits. */
const WIDEST = 128;
const FAST = 32;
const LINK_LAYER = 0;

/**
 * Merges tests of fields that stand side by side, as nft does before it linearizes a rule (stmt_reduce,
 * src/rule.c of 1.0.6): the candidates are sorted by their place in the packet, and one that follows its
 * predecessor's bytes with the same operator becomes part of it. A statement that is no test ends the
 * search where two or more candidates stand before it; a single one goes on being looked at. Not so the
 * kernel's own xt extensions, which nft knows nothing of: no test crosses one.
 */
export function mergeNeighbours(steps: readonly Step[]): readonly Step[] {
  if (!hasCandidates(steps)) return steps;
  let candidates: Candidate[] = [];
  let result: (Step | undefined)[] | undefined;
  const merge = () => {
    if (candidates.length > 1) result = mergeInto(candidates, result ?? [...steps]);
  };
  for (const [at, step] of steps.entries()) {
    if (step.kind === 'compare') {
      const candidate = step.mergeable ? candidateOf(step, at) : undefined;
      if (candidate !== undefined) candidates.push(candidate);
    } else if (step.kind !== 'between' && step.kind !== 'lookup' && candidates.length > 1) {
      merge();
      candidates = [];
    } else if (step.kind === 'xt') candidates = [];
  }
  merge();
  return result === undefined ? steps : result.filter((step) => step !== undefined);
}

/** Whether there are two at all; most rules have none to merge. */
function hasCandidates(steps: readonly Step[]): boolean {
  let count = 0;
  for (const step of steps) if (step.kind === 'compare' && step.mergeable) count += 1;
  return count > 1;
}

function candidateOf({ subject: { load }, op, value }: CompareStep, at: number): Candidate | undefined {
  return load.kind === 'payload' ? { at, load, op, value } : undefined;
}

function mergeInto(candidates: Candidate[], steps: (Step | undefined)[]): (Step | undefined)[] {
  candidates.sort((a, b) => a.load.base - b.load.base || a.load.offset - b.load.offset);
  let last: Candidate | undefined;
  for (const next of candidates) {
    if (last === undefined || !canMerge(last, next)) {
      last = next;
      continue;
    }
    const load = { ...last.load, bits: last.load.bits + next.load.bits };
    const value = joined(last.value, next.value);
    const { at, op } = last;
    last = { at, load, op, value };
    steps[at] = { kind: 'compare', subject: { load, size: value.size }, op, value, mergeable: false };
    steps[next.at] = undefined;
  }
  return steps;
}

function canMerge(one: Candidate, next: Candidate): boolean {
  return (
    one.op === next.op &&
    one.load.base === next.load.base &&
    one.load.offset + one.load.bits === next.load.offset &&
    isWorthwhile(one.load, next.load)
  );
}

/** Nothing is lost by a wider load: the whole is still loaded fast, or a part of it wasn't anyway. */
function isWorthwhile(one: PayloadLoad, next: PayloadLoad): boolean {
  const total = one.bits + next.bits;
  if (total > WIDEST) return false;
  return total <= FAST || one.base === LINK_LAYER || one.bits > FAST || next.bits > FAST;
}
