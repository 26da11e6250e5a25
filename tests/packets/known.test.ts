import { beforeAll, describe, expect, it } from 'vitest';
import { skipNetlinkOnly } from '../harness/netlink-only.ts';
import { titled } from '../harness/ways.ts';
import { type BothResults, reason, refusals, runBothWays } from './both-ways.ts';
import type { CaseResult } from './case.ts';
import { matching } from './matching.ts';
import { octets } from './octets.ts';
import type { Transport } from './packet.ts';
import { through } from './probes.ts';
import { tcp } from './transport.ts';
import { deepCase } from './verdict-cases.ts';

/** A forwarded segment's fate at a rule that drops what matches: matched, not matched, or dropped without a count. */
type Fate = 'matches' | 'passes' | 'dropped uncounted';

function fate({ saved }: CaseResult): Fate {
  if (/\[1:\d+\] -A FORWARD/.test(saved)) return 'matches';
  return /:FORWARD ACCEPT \[1:\d+\]/.test(saved) ? 'passes' : 'dropped uncounted';
}

const timestamps = '-p tcp -m tcp --tcp-option 8';

/** TCP headers whose options are broken, which nft reads in another way than ip_tables. */
const broken: readonly {
  readonly title: string;
  readonly segment: Transport;
  readonly kernel: Fate;
  readonly ours: Fate;
}[] = [
  { title: 'kind in the last byte', segment: tcp({ options: [1, 1, 1, 8] }), kernel: 'matches', ours: 'passes' },
  { title: 'length past the end', segment: tcp({ options: [8, 30, 0, 0] }), kernel: 'matches', ours: 'passes' },
  { title: 'data offset 4', segment: tcp({ dataOffset: 4, data: 8 }), kernel: 'dropped uncounted', ours: 'passes' },
  { title: 'options cut off', segment: tcp({ dataOffset: 15 }), kernel: 'dropped uncounted', ours: 'passes' },
];

/** Inverted tests that hold for a packet with a broken header: ip_tables counts it before it drops it, nft drops it first. */
const countedFirst = [
  { tests: '-p sctp -m sctp ! --chunk-types any INIT', packet: octets(132, '00500050 00000001 00000000') },
  { tests: '-p sctp -m sctp ! --chunk-types any INIT', packet: octets(132, '00500050 00000001 00000000 00030000') },
  { tests: '-p dccp -m dccp ! --dccp-option 5', packet: octets(33, '00500050 03000000 00000001') },
] as const;
const countedFirstCases = countedFirst.map(({ tests, packet }, at) => ({
  ...matching(tests, through([packet])),
  title: `${tests}, ${at}`,
}));
const tooDeep = deepCase(64);

/** What falls short of the kernel: when one of these fails, it may have become better. */
describe.skipIf(reason !== undefined)(titled('known differences from the kernel', reason), () => {
  let results: ReadonlyMap<string, BothResults> = new Map();
  beforeAll(() => {
    const cases = broken.map(({ title, segment }) => ({ ...matching(timestamps, through([segment])), title }));
    results = runBothWays([...cases, ...countedFirstCases, tooDeep]);
  }, 120_000);

  it.each(broken)('--tcp-option: $title', ({ title, kernel, ours }) => {
    const both = results.get(title);
    expect(both && [fate(both.native), fate(both.ours)]).toEqual([kernel, ours]);
  });

  it.for(countedFirstCases)('$title', ({ title }, context) => {
    const both = results.get(title);
    skipNetlinkOnly(context, both?.ours.netlinkOnly);
    expect(both && [fate(both.native), fate(both.ours)]).toEqual(['matches', 'dropped uncounted']);
  });

  it('refuses chains deeper than 64', () => {
    const both = results.get(tooDeep.title);
    expect(both && refusals(both.native)).toEqual([]);
    expect(both && refusals(both.ours)).toEqual([expect.stringContaining('failed')]);
  });
});
