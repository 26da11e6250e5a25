import { beforeAll, describe, expect, it } from 'vitest';
import { skipNetlinkOnly } from '../harness/netlink-only.ts';
import { titled } from '../harness/ways.ts';
import { type BothResults, reason, refusals, runBothWays } from './both-ways.ts';
import { type CaseResult, type PacketCase, table } from './case.ts';
import { type Sent, sent } from './packet.ts';
import { udp } from './transport.ts';

/** From many hosts, so that nothing but chance tells them apart. */
const flows: readonly Sent[] = Array.from({ length: 60 }, (_, at) =>
  sent('left', udp({ sport: 1024, dport: 53, data: at }), { source: `10.1.0.${at + 10}` }),
);

const SPORT_AT = 20;
const DPORT_AT = 22;
const ports = { first: 3000, last: 3009 };
const range = `${ports.first}-${ports.last}`;

/** `at`: where the port stands in the packet. `spread`: many of the range, or one and the same. */
const cases = [
  { rule: `-A POSTROUTING -p udp -j SNAT --to-source 10.2.0.50:${range} --random`, at: SPORT_AT, spread: true },
  { rule: `-A POSTROUTING -p udp -j SNAT --to-source 10.2.0.50:${range} --random-fully`, at: SPORT_AT, spread: true },
  { rule: `-A POSTROUTING -p udp -j SNAT --to-source 10.2.0.48-10.2.0.63:${range}`, at: SPORT_AT, spread: true },
  { rule: `-A POSTROUTING -p udp -j MASQUERADE --to-ports ${range} --random`, at: SPORT_AT, spread: true },
  { rule: `-A PREROUTING -p udp -j DNAT --to-destination 10.2.0.9:${range} --random`, at: DPORT_AT, spread: true },
  { rule: `-A PREROUTING -p udp -j DNAT --to-destination 10.2.0.9:${range}`, at: DPORT_AT, spread: false },
] as const;

const packetCases: readonly PacketCase[] = cases.map(({ rule }) => ({
  title: rule,
  brief: true,
  steps: [{ restore: table('nat', [rule]) }, { send: flows }],
}));

/** The ports that came out, by packet. */
function portsOf({ steps }: CaseResult, at: number): readonly number[] {
  return steps.flatMap((step) =>
    'sent' in step
      ? step.sent.flatMap(({ emitted }) => emitted.map(({ bytes }) => Buffer.from(bytes, 'hex').readUInt16BE(at)))
      : [],
  );
}

describe.skipIf(reason !== undefined)(titled('ports by chance: as in the kernel', reason), () => {
  let results: ReadonlyMap<string, BothResults> = new Map();
  beforeAll(() => {
    results = runBothWays(packetCases);
  }, 120_000);

  it.for(cases)('$rule', ({ rule, at, spread }, context) => {
    const both = results.get(rule);
    if (both === undefined) throw new Error('no result');
    skipNetlinkOnly(context, both.ours.netlinkOnly);
    expect(refusals(both.native)).toEqual([]);
    for (const result of [both.native, both.ours]) {
      const found = portsOf(result, at);
      expect(found.length).toBeGreaterThan(9);
      expect(found.every((port) => port >= ports.first && port <= ports.last)).toBe(true);
      const different = new Set(found).size;
      expect(different > 3).toBe(spread);
      if (!spread) expect(different).toBe(1);
    }
  });
});
