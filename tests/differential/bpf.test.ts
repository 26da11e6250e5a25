import { expect, it } from 'vitest';
import { missing } from '../harness/ways.ts';
import { tablesCarried } from './both-ways.ts';
import { describeSeeds } from './describe-seeds.ts';
import { bpfCaseOf } from './seeds.ts';

/** As of differential.test.ts; `make differential BACKEND=bpf SEEDS=…` looks further. */
describeSeeds('random rules that BPF carries: as in the kernel', {
  count: 15,
  toCase: bpfCaseOf,
  unmet: missing('netlink'),
  together: (_results, count) => {
    it('BPF carried every table', () => {
      expect(tablesCarried.byBpf).toBe(tablesCarried.all);
      // four a seed, but for the few seeds that ask for more at once than a program has room for
      expect(tablesCarried.all).toBeGreaterThanOrEqual(3 * count);
    });
  },
});
