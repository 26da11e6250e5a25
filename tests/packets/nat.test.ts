import { beforeAll, describe, expect, it } from 'vitest';
import { skipNetlinkOnly } from '../harness/netlink-only.ts';
import { titled } from '../harness/ways.ts';
import { type BothResults, reason, refusals, runBothWays } from './both-ways.ts';
import type { CaseResult } from './case.ts';
import { natCases } from './nat-cases.ts';

for (const [group, cases] of Object.entries(natCases)) {
  describe.skipIf(reason !== undefined)(titled(`${group}: as in the kernel`, reason), () => {
    let results: ReadonlyMap<string, BothResults> = new Map();
    beforeAll(() => {
      results = runBothWays(cases);
    }, 120_000);

    it.for(cases)('$title', ({ title, made }, context) => {
      const both = results.get(title);
      if (both === undefined) throw new Error('no result');
      skipNetlinkOnly(context, both.ours.netlinkOnly);
      const cookies = group === 'SYNPROXY';
      const [native, ours] = cookies
        ? [withoutCookies(both.native), withoutCookies(both.ours)]
        : [both.native, both.ours];
      expect(ours).toEqual(native);
      expect(refusals(both.native)).toEqual([]);
      for (const words of made) expect(JSON.stringify(native)).toMatch(words);
    });
  });
}

const TCP_AT = 20;

/** Sequence numbers, checksums and the values of timestamps depend on the time. */
function withoutCookies(result: CaseResult): CaseResult {
  return JSON.parse(JSON.stringify(result), (key, value: unknown) =>
    key === 'bytes' ? timeless(String(value)) : value,
  );
}

function timeless(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  if (bytes[9] !== 6) return hex;
  bytes.fill(0, TCP_AT + 4, TCP_AT + 12);
  bytes.fill(0, TCP_AT + 16, TCP_AT + 18);
  const options = bytes.indexOf(Buffer.from([8, 10]), TCP_AT + 20);
  if (options >= 0) bytes.fill(0, options + 2, options + 10);
  return bytes.toString('hex');
}
