import { expect, it } from 'vitest';
import { missing } from '../harness/ways.ts';
import { tablesCarried } from './both-ways.ts';
import { describeSeeds } from './describe-seeds.ts';
import { bpfCaseOf } from './seeds.ts';

/** As of differential.test.ts; `make differential BACKEND=bpf SEEDS=…` looks further. */
describeSeeds('random rules that BPF carries: as in the kernel', {
  count: 16,
  toCase: bpfCaseOf,
  unmet: missing('netlink'),
  together: (results, count) => {
    it('BPF carried every table', () => {
      expect(tablesCarried.byBpf).toBe(tablesCarried.all);
      // One in 16 seeds asks for more at once than a program has room for, and carries nothing; others four tables at least.
      const carried = results().filter(({ exceeded }) => !exceeded).length;
      expect(carried).toBeGreaterThanOrEqual(Math.floor((count * 15) / 16));
      expect(tablesCarried.all).toBeGreaterThanOrEqual(4 * carried);
    });
  },
});
