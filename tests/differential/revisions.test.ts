import { describe, expect, it } from 'vitest';
import type { MatchUse, Rule, Table } from '../../rules/ir.ts';
import { range } from '../../rules/nat/testing/range.ts';
import { findMatch, findTarget } from '../../rules/registry.ts';
import { anyHeader } from '../../rules/testing/header.ts';
import { inOtherRevisions, revisionsIn } from './revisions.ts';

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

function mark(value: number): MatchUse {
  return {
    name: 'mark',
    revision: 1,
    data: findMatch('mark', 1).revision.encode({ mark: value, mask: 0xff, invert: 0 }),
  };
}

function bytes(size: number, text = ''): Uint8Array {
  const room = Buffer.alloc(size);
  room.write(text, 'latin1');
  return room;
}

const STATE_ALIAS = 0x2000;
const whole = { address: bytes(16), mask: bytes(16) };
const ends = <Value>(value: Value) => ({ origsrc: value, origdst: value, replsrc: value, repldst: value });
const stateNew: MatchUse = {
  name: 'conntrack',
  revision: 3,
  data: findMatch('conntrack', 3).revision.encode({
    addresses: ends(whole),
    ports: ends({ low: 0, high: 0 }),
    expires: { min: 0, max: 0 },
    protocol: 0,
    matchFlags: 1 | STATE_ALIAS,
    invertFlags: 0,
    states: 8,
    statuses: 0,
  }),
};
const recentSet: MatchUse = {
  name: 'recent',
  revision: 1,
  data: findMatch('recent', 1).revision.encode({
    seconds: 0,
    hit_count: 0,
    check_set: 2,
    invert: 0,
    name: bytes(200, 'a'),
    side: 0,
    pad: 0,
    mask: Buffer.alloc(16, 0xff),
  }),
};
const hashlimitHourly: MatchUse = {
  name: 'hashlimit',
  revision: 3,
  data: findMatch('hashlimit', 3).revision.encode({
    revision: 3,
    name: bytes(255, 'a'),
    pad: bytes(1),
    mode: 0,
    avg: 3_600_000_000n,
    burst: 3n,
    size: 0,
    max: 0,
    gc_interval: 1000,
    expire: 10_000,
    interval: 0,
    srcmask: 32,
    dstmask: 32,
    pad2: bytes(6),
    hinfo: 0n,
  }),
};
const cgroupOne: MatchUse = {
  name: 'cgroup',
  revision: 2,
  data: findMatch('cgroup', 2).revision.encode({
    hasPath: 0,
    hasClassid: 1,
    invertPath: 0,
    invertClassid: 0,
    path: bytes(512),
    classid: 7,
    priv: 0n,
  }),
};
const snatTo: MatchUse = {
  name: 'SNAT',
  revision: 0,
  data: findTarget('SNAT', 0).revision.encode(range({ hosts: [1, 1] })),
};

const queues = Array.from({ length: 100 }, (_, number) => number);

describe('inOtherRevisions', () => {
  it('finds every revision that says the same, some rule its own', () => {
    const names = queues.flatMap((number) => revisionsIn(inOtherRevisions(tableOf(queue(number)))));
    expect([...new Set(names)].sort()).toEqual([0, 1, 2, 3].map((number) => `target NFQUEUE, revision ${number}`));
  });

  it('keeps to one that can say it', () => {
    const CPU_FANOUT = 2;
    const names = queues.flatMap((number) => revisionsIn(inOtherRevisions(tableOf(queue(number, CPU_FANOUT)))));
    expect(new Set(names)).toEqual(new Set(['target NFQUEUE, revision 3']));
  });

  it('says the same', () => {
    for (const number of queues) {
      const [rule] = inOtherRevisions(tableOf(queue(number))).chains[0]?.rules ?? [];
      if (rule?.target.kind !== 'extension') throw new Error('no target');
      const { definition, revision } = findTarget(rule.target.name, rule.target.revision);
      expect(definition.save(revision.decode(rule.target.data), { header: anyHeader })).toBe(` --queue-num ${number}`);
    }
  });

  it('has NOTRACK as a target of its own', () => {
    const NOTRACK_AS_ALIAS = 3;
    const names = queues.flatMap((zone) => revisionsIn(inOtherRevisions(tableOf(ct(NOTRACK_AS_ALIAS, zone)))));
    expect(names).toContain('target NOTRACK, revision 0');
    expect(revisionsIn(inOtherRevisions(tableOf(ct(1))))).not.toContain('target NOTRACK, revision 0');
  });

  it('leaves alone what there is in one revision only', () => {
    const data = findMatch('ttl', 0).revision.encode({ mode: 0, ttl: 64 });
    const one = { name: 'ttl', revision: 0, data };
    for (const number of queues)
      expect(inOtherRevisions(tableOf(queue(number), [one])).chains[0]?.rules[0]?.matches).toEqual([one]);
  });

  it.each([
    { use: stateNew, kind: 'match', others: ['match state, revision 0'], own: 3 },
    { use: recentSet, kind: 'match', others: ['match recent, revision 0'], own: 1 },
    {
      use: hashlimitHourly,
      kind: 'match',
      others: ['match hashlimit, revision 1', 'match hashlimit, revision 2'],
      own: 3,
    },
    { use: cgroupOne, kind: 'match', others: ['match cgroup, revision 0', 'match cgroup, revision 1'], own: 2 },
    { use: snatTo, kind: 'target', others: ['target SNAT, revision 1', 'target SNAT, revision 2'], own: 0 },
  ] as const)('finds all that can say the same as $use.name', ({ use, kind, others, own }) => {
    const tables = queues.map((number) =>
      kind === 'match' ? tableOf(queue(number), [use]) : tableOf(use, [mark(number)]),
    );
    const found = tables.flatMap((table) => revisionsIn(inOtherRevisions(table)));
    expect([...new Set(found)]).toEqual(expect.arrayContaining([...others, `${kind} ${use.name}, revision ${own}`]));
  });
});
