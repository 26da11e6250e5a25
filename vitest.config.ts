import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Folders whose files take longest; where no earlier run tells, vitest would begin with the largest files. */
const longest = ['tests/conformance/', 'tests/differential/', 'tests/drills/', 'tests/packets/', 'tests/', 'umh/'];

/**
 * Long files first: a long one at the end has one processor, and the other waits. Those that share a process come last,
 * one after the other: a process is kept only for a file that comes next.
 */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId, project }: TestSpecification): number => {
      if (!project.config.isolate) return longest.length + 1;
      const at = longest.findIndex((folder) => moduleId.includes(`/${folder}`));
      return at < 0 ? longest.length : at;
    };
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => rank(one) - rank(other));
  }
}

export default defineConfig({
  test: {
    // Tests start processes and namespaces of their own, and wait a third of their time for the kernel and for
    // time-outs: three files at a time keep the two processors of the smallest machine busy.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'processes',
          include: ['{cli,kern-shim,umh,sys,drills,tests,scripts}/**/*.test.ts'],
        },
      },
      {
        // What these test does nothing but compute, and nothing of it is kept that another file could see: three
        // processes do for all of them, each loading its modules once. That is half the work.
        extends: true,
        test: {
          name: 'computing',
          include: ['{rules,protocol}/**/*.test.ts'],
          isolate: false,
        },
      },
    ],
  },
});
