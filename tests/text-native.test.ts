import { describe, expect, it } from 'vitest';
import { compareWithNative, whyNoNative } from './text-native/run.ts';

const reason = whyNoNative();

describe('bpfilter iptables beside iptables-legacy', () => {
  it.skipIf(reason !== undefined)(
    `prints the same, byte for byte${reason === undefined ? '' : ` (skipped: ${reason})`}`,
    { timeout: 60_000 },
    () => {
      const { compared, bytes, differences } = compareWithNative();
      // Most of it is worth nothing if iptables printed nothing.
      expect(compared).toBeGreaterThan(380);
      expect(bytes).toBeGreaterThan(1_000_000);
      expect(differences).toEqual([]);
    },
  );
});
