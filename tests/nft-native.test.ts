import { describe, expect, it } from 'vitest';
import { countersBy, whyNotHere } from './nft-native/run.ts';

const reason = whyNotHere();
const seeds = { first: 1, count: 60 };

describe('random tables in nftables beside the kernel’s ip_tables', () => {
  it.skipIf(reason !== undefined)(
    `count the same packets and bytes on every rule${reason === undefined ? '' : ` (skipped: ${reason})`}`,
    { timeout: 60_000 },
    () => {
      const [native, ours] = [countersBy('native', seeds), countersBy('nft', seeds)];
      for (const [at, counters] of native.entries())
        expect([seeds.first + at, ours[at]]).toEqual([seeds.first + at, counters]);
      // Nothing is proved by packets that no rule saw.
      expect(native.flat().filter((counters) => counters !== '0:0').length).toBeGreaterThan(800);
    },
  );
});
