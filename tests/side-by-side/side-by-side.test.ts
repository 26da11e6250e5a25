import { describe, expect, test } from 'vitest';
import { bpfilter, missing, titled, withFolder } from '../harness/ways.ts';
import { runScenario } from './run-scenario.ts';
import { scenarios } from './scenarios.ts';

const reason = missing('root', 'build', 'nft', 'iptables-legacy', 'kernel ip_tables');

const nobody = 65534;
const asNobody = ['setpriv', '--reuid', `${nobody}`, '--regid', `${nobody}`, '--clear-groups'];

/** Each way to be served; the first column of the comparison is always the kernel's own ip_tables as root. */
const ways: readonly { readonly way: string; readonly owner?: number; readonly wrapper: readonly string[] }[] = [
  { way: 'root in a fresh network namespace', wrapper: ['unshare', '-n', bpfilter, 'run', '--'] },
  { way: 'an ordinary user with run --isolated', owner: nobody, wrapper: [...asNobody, bpfilter, 'run', '--isolated', '--'] },
  { way: 'an ordinary user in unshare -Urn', owner: nobody, wrapper: [...asNobody, 'unshare', '-Urn', bpfilter, 'run', '--'] },
];

describe.skipIf(reason !== undefined)(titled('below the shim, iptables-legacy says what it says natively', reason), () => {
  for (const { way, wrapper, owner } of ways) {
    describe(way, () => {
      test.each(scenarios)('$title', (scenario) => {
        const native = withFolder((folder) => runScenario(scenario, ['unshare', '-n'], folder));
        const served = withFolder((folder) => runScenario(scenario, wrapper, folder), owner);
        expect(served).toEqual(native);
      });
    });
  }
});
