import { describe, expect, it } from 'vitest';
import type { MatchUse, Rule, Table } from '../../rules/ir.ts';
import { findMatch, findTarget } from '../../rules/registry.ts';
import { anyHeader } from '../../rules/testing/header.ts';
import { inOlderRevisions, revisionsIn } from './older.ts';

const counters = { packets: 0n, bytes: 0n };
const policy: Rule = { index: 0, header: anyHeader, matches: [], target: { kind: 'accept' }, counters };

function tableOf(target: MatchUse, matches: readonly MatchUse[] = []): Table {
  const rule: Rule = { ...policy, matches, target: { kind: 'extension', ...target } };
  return { name: 'raw', chains: [{ kind: 'builtin', name: 'PREROUTING', hook: 0, rules: [rule], policy }] };
}

/** As iptables sends them today. */
function queue(queuenum: number, flags = 0): MatchUse {
  const data = findTarget('NFQUEUE', 3).revision.encode({ revision: 3, queuenum, queues_total: 1, flags });
  return { name: 'NFQUEUE', revision: 3, data };
}

function ct(flags: number, zone = 0): MatchUse {
  const nothing = { ctEvents: 0, expEvents: 0, helper: new Uint8Array(16), timeout: new Uint8Array(32), ct: 0n };
  return {
    name: 'CT',
    revision: 2,
    data: findTarget('CT', 2).revision.encode({ ...nothing, revision: 2, flags, zone }),
  };
}

const queues = Array.from({ length: 100 }, (_, number) => number);

describe('inOlderRevisions', () => {
  it('finds every revision that says the same, some rule its own', () => {
    const names = queues.flatMap((number) => revisionsIn(inOlderRevisions(tableOf(queue(number)))));
    expect([...new Set(names)].sort()).toEqual([0, 1, 2, 3].map((number) => `target NFQUEUE, revision ${number}`));
  });

  it('keeps to one that can say it', () => {
    const CPU_FANOUT = 2;
    const names = queues.flatMap((number) => revisionsIn(inOlderRevisions(tableOf(queue(number, CPU_FANOUT)))));
    expect(new Set(names)).toEqual(new Set(['target NFQUEUE, revision 3']));
  });

  it('says the same', () => {
    for (const number of queues) {
      const [rule] = inOlderRevisions(tableOf(queue(number))).chains[0]?.rules ?? [];
      if (rule?.target.kind !== 'extension') throw new Error('no target');
      const { definition, revision } = findTarget(rule.target.name, rule.target.revision);
      expect(definition.save(revision.decode(rule.target.data), { header: anyHeader })).toBe(` --queue-num ${number}`);
    }
  });

  it('has NOTRACK as a target of its own', () => {
    const NOTRACK_AS_ALIAS = 3;
    const names = queues.flatMap((zone) => revisionsIn(inOlderRevisions(tableOf(ct(NOTRACK_AS_ALIAS, zone)))));
    expect(names).toContain('target NOTRACK, revision 0');
    expect(revisionsIn(inOlderRevisions(tableOf(ct(1))))).not.toContain('target NOTRACK, revision 0');
  });

  it('leaves alone what there is in one revision only', () => {
    const data = findMatch('ttl', 0).revision.encode({ mode: 0, ttl: 64 });
    const one = tableOf(queue(3), [{ name: 'ttl', revision: 0, data }]);
    expect(inOlderRevisions(one)).toEqual(one);
  });
});
