import { expect, it } from 'vitest';
import { describeSeeds } from './describe-seeds.ts';
import { caseOf } from './seeds.ts';

describeSeeds('random rules and packets: as in the kernel', {
  count: 20,
  toCase: caseOf,
  together: (results, count) => {
    it('most seeds let packets through, and connections be made', () => {
      const outcomes = results().map(({ outcome }) => outcome.native);
      const emitted = outcomes.filter(({ packets }) => packets.some((text) => !text.includes('"emitted":[]')));
      expect(emitted.length).toBeGreaterThan(count / 2);
      expect(outcomes.filter(({ connections }) => connections.length > 0).length).toBeGreaterThan(count / 4);
    });

    it('few seeds are such that the kernel differs from itself', () => {
      expect(results().filter(({ unsteady }) => unsteady).length).toBeLessThanOrEqual(count / 10);
    });
  },
});
