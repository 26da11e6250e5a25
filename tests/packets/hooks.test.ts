import { afterAll, beforeAll, describe, vi } from 'vitest';
import { describePackets } from './describe-packets.ts';
import { hookCases, xtHookCases } from './hook-cases.ts';

describe.each([
  ['nft alone', 'no'],
  ["with the kernel's own extensions", 'yes'],
])('%s', (_, xt) => {
  beforeAll(() => {
    vi.stubEnv('BPFILTER_XT', xt);
  });
  afterAll(() => {
    vi.unstubAllEnvs();
  });
  describePackets(xt === 'no' ? hookCases : { ...hookCases, ...xtHookCases });
});
