import { describe, expect, test } from 'vitest';
import { programCommand } from '../harness/program.ts';
import { bpfilter, copyFor, missing, runCommand, titled, withFolder } from '../harness/ways.ts';
import { runScenario } from './run-scenario.ts';
import { scenarios } from './scenarios.ts';

const reason = missing('root', 'build', 'transport', 'iptables-legacy', 'kernel ip_tables');

const nobody = 65534;
const asNobody = ['setpriv', '--reuid', `${nobody}`, '--regid', `${nobody}`, '--clear-groups'];

/** Executes what follows where the kernel's own ip_tables answers nobody. */
const withoutIpTables = ['unshare', '-n', ...programCommand(new URL('without-ip-tables.ts', import.meta.url))] as const;

/** Each way to be served; the first column of the comparison is always the kernel's own ip_tables as root. */
const ways: readonly {
  readonly way: string;
  readonly owner?: number;
  readonly wrapper: (command: string) => readonly string[];
}[] = [
  { way: 'root in a fresh network namespace', wrapper: (command) => ['unshare', '-n', command, 'run', '--'] },
  {
    way: 'an ordinary user with run --isolated',
    owner: nobody,
    wrapper: (command) => [...asNobody, command, 'run', '--isolated', '--'],
  },
  {
    way: 'an ordinary user in unshare -Urn',
    owner: nobody,
    wrapper: (command) => [...asNobody, 'unshare', '-Urn', command, 'run', '--'],
  },
  {
    way: "with the kernel's own ip_tables taken away",
    wrapper: (command) => [...withoutIpTables, command, 'run', '--'],
  },
];

describe.skipIf(reason !== undefined)(
  titled('below the shim, iptables-legacy says what it says natively', reason),
  () => {
    for (const { way, wrapper, owner } of ways) {
      describe(way, () => {
        test.each(scenarios)('$title', (scenario) => {
          const native = withFolder((folder) => runScenario(scenario, ['unshare', '-n'], folder));
          const served = withFolder((folder) => {
            const command = owner === undefined ? bpfilter : copyFor(owner, folder);
            return runScenario(scenario, wrapper(command), folder);
          }, owner);
          expect(served).toEqual(native);
        });
      });
    }

    test("where the kernel's own ip_tables is taken away, nothing else answers", () => {
      withFolder((folder) => {
        const listing = runCommand([...withoutIpTables, '/usr/sbin/iptables-legacy', '-S'], { folder });
        expect(listing).toMatchObject({ status: 3, stdout: '' });
        // ENOSYS, in iptables' words.
        expect(listing.stderr).toContain('implemented real soon');
      });
    });
  },
);
