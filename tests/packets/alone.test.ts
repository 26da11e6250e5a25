import { expect, it, vi } from 'vitest';
import { aloneCases } from './alone-cases.ts';
import { describePackets } from './describe-packets.ts';

vi.stubEnv('BPFILTER_XT', 'no');
describePackets(aloneCases);

it.each(Object.entries(aloneCases))('%s: there are cases', (_, cases) => {
  expect(cases.length).toBeGreaterThan(1);
});
