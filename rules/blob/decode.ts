import { IPT_F_GOTO } from '../../protocol/ip-tables.ts';
import { verdicts } from '../../protocol/x-tables.ts';
import type { Chain, MatchUse, Rule, Table, TargetUse } from '../ir.ts';
import type { BlobBytes } from './blob-bytes.ts';
import type { ChainGraph, ChainView } from './chains.ts';
import type { BlobView } from './view.ts';
import type { WalkedTable } from './walk.ts';
import { malformed, where } from './where.ts';

/**
 * One entry as a rule. Extension data is copied, in the blob's own length. Throws `malformed` for a
 * chain's head, the table's end and an index that isn't there.
 */
export function decodeRule(table: WalkedTable, graph: ChainGraph, index: number): Rule {
  const at = table.offsets[index];
  if (at === undefined) throw malformed(`entry ${index} asked for, of ${table.offsets.length}`);
  const { blob } = table;
  const { layout } = blob;
  const header = layout.decodeHeader(blob.bytes, at);
  const target = at + blob.targetOffset(at);
  return {
    index,
    header,
    matches: matchesOf(blob, at),
    target: decodeTarget(table, graph, index, target, header.flags),
    counters: { packets: blob.u64(at + layout.counters), bytes: blob.u64(at + layout.counters + 8) },
  };
}

/** The matches of the entry at `at`, copied. */
export function matchesOf(blob: BlobBytes, at: number): readonly MatchUse[] {
  const target = at + blob.targetOffset(at);
  const matches: MatchUse[] = [];
  for (let match = at + blob.layout.entry; match < target; match += blob.extensionSize(match)) {
    matches.push(extensionAt(blob, match));
  }
  return matches;
}

/** All of a table. In: a view; out: chains in blob order, each rule decoded. */
export function decodeTable(view: BlobView): Table {
  return { name: view.table, chains: view.chains.map((chain) => decodeChain(view, chain)) };
}

function decodeChain(view: BlobView, chain: ChainView): Chain {
  const rules: Rule[] = [];
  for (let index = chain.first; index < chain.last; index += 1) rules.push(view.rule(index));
  const last = view.rule(chain.last);
  if (chain.hook !== undefined) return { kind: 'builtin', name: chain.name, hook: chain.hook, rules, policy: last };
  return { kind: 'user', name: chain.name, rules, headIndex: chain.head ?? chain.first - 1, tail: last };
}

function decodeTarget(table: WalkedTable, graph: ChainGraph, index: number, target: number, flags: number): TargetUse {
  const { blob } = table;
  if (blob.isError(target)) throw malformed(`${where(table, index)} is no rule but a chain's head or the table's end`);
  if (!blob.isStandard(target)) return { kind: 'extension', ...extensionAt(blob, target) };
  const verdict = blob.verdict(target);
  switch (verdict) {
    case verdicts.ACCEPT:
      return { kind: 'accept' };
    case verdicts.DROP:
      return { kind: 'drop' };
    case verdicts.QUEUE:
      return { kind: 'queue' };
    case verdicts.RETURN:
      return { kind: 'return' };
    default: {
      // A jump to the next entry is how a rule without a target is written.
      const chain = graph.chains[graph.jumps[index] ?? -1];
      if (chain === undefined) return { kind: 'continue' };
      return { kind: (flags & IPT_F_GOTO) !== 0 ? 'goto' : 'jump', chain: chain.name };
    }
  }
}

function extensionAt(blob: BlobBytes, at: number): MatchUse {
  // A copy: a rule may outlive its table.
  const data = Uint8Array.from(blob.extensionData(at));
  return { name: blob.extensionName(at), revision: blob.extensionRevision(at), data };
}
