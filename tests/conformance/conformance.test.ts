import { beforeAll, describe, expect, it } from 'vitest';
import { missing, titled } from '../harness/ways.ts';
import { knownDifferences, unexpected } from './differences.ts';
import type { LineOutcome } from './outcome.ts';
import { runTests, testFiles } from './run-both.ts';
import { iptablesTests } from './source.ts';
import { countsOf } from './summary.ts';

const unmet = missing('root', 'build', 'nft', 'iptables-legacy', 'kernel ip_tables');
const source = unmet === undefined ? iptablesTests() : { problem: unmet };
const reason = 'problem' in source ? source.problem : undefined;
/** Only netlink loads the kernel's own extensions. */
const mode = missing('netlink') === undefined ? 'with-xt' : 'without-xt';

describe.skipIf(reason !== undefined)(titled("iptables' own extension tests, through the shim", reason), () => {
  let outcomes: readonly LineOutcome[] = [];
  beforeAll(async () => {
    if ('folder' in source) outcomes = await runTests(testFiles(source.folder));
  }, 300_000);

  it('run: nearly all of them come out right natively', () => {
    const { lines, natively } = countsOf(outcomes);
    expect(lines).toBeGreaterThan(600);
    expect(natively / lines).toBeGreaterThan(0.9);
  });

  it('come out as they do natively, but for the documented ones', () => {
    expect(unexpected(outcomes, knownDifferences, mode)).toEqual([]);
  });

  it('accept nothing that the kernel refuses', () => {
    expect(outcomes.filter(({ ours }) => ours?.kind === 'accepted')).toEqual([]);
  });
});
