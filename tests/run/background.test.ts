import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { bpfilter, missing, runCommand, titled } from '../harness/ways.ts';
import { inOwnFolder } from './own-folder.ts';
import { inNamespace, processesWith, runNative, stateOf, until } from './way.ts';

const reason = missing('root', 'build', 'transport', 'iptables-legacy');

/** Nothing of a test is left: no process that knows its folder, no socket. */
async function nothingLeft(folder: string): Promise<void> {
  await until(`the processes to end: ${processesWith(folder).join(' ')}`, () => processesWith(folder).length === 0);
  expect(fs.readdirSync(stateOf(folder)).filter((name) => name.endsWith('.sock'))).toEqual([]);
}

describe.skipIf(reason !== undefined)(titled('jobs that outlive CMD', reason), () => {
  /** CMD ends, a job waits for the file `go` and then writes what it saw into `seen`. */
  const job = (start: string, line: string): string =>
    `cat >job <<'END'\nuntil [ -e go ]; do sleep 0.05; done; { ${line}; } >seen.new 2>&1; mv seen.new seen\nEND\n${bpfilter} run -- sh -c '${start}'; echo "status $?"`;

  test.each([
    ['in the background', 'iptables -N before; sh job >/dev/null 2>&1 & exit 7', 'status 7\n'],
    ['in a session of its own', 'iptables -N before; setsid sh job >/dev/null 2>&1 </dev/null & exit 0', 'status 0\n'],
    ['daemonised', 'iptables -N before; (setsid sh job >/dev/null 2>&1 </dev/null &) ; exit 3', 'status 3\n'],
    ['when CMD was killed', 'iptables -N before; sh job >/dev/null 2>&1 & kill -9 $$', 'status 137\n'],
    ['when nothing was asked before', 'sh job >/dev/null 2>&1 & iptables -w -N before; exit 1', 'status 1\n'],
  ])('%s: run ends at once, the job is served, nothing is left', (_title, start, said) =>
    inOwnFolder(async (folder) => {
      const ran = runNative(`cd "${folder}"; ${job(start, 'iptables -N after; iptables -S; echo $?')} 2>/dev/null`, {
        folder,
      });
      expect(ran.stdout).toBe(said);
      expect(processesWith(folder).length).toBeGreaterThanOrEqual(2);
      fs.writeFileSync(path.join(folder, 'go'), '');
      await until('the job', () => fs.existsSync(path.join(folder, 'seen')));
      const seen = fs.readFileSync(path.join(folder, 'seen'), 'utf8');
      expect(seen).toBe('-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n-N after\n-N before\n0\n');
      await nothingLeft(folder);
    }),
  );

  test('several jobs, each its calls, and a new run beside them', () =>
    inOwnFolder(async (folder) => {
      const jobs = `for n in 1 2 3; do echo "until [ -e go ]; do sleep 0.05; done; iptables -w -A INPUT -s 10.0.0.$n -j DROP; echo x >>done" >job$n; done`;
      const run = `${bpfilter} run --`;
      const script = `cd "${folder}"; ${jobs}; ${run} sh -c 'for n in 1 2 3; do sh job$n >/dev/null 2>&1 & done'; touch go; ${run} sh -c 'iptables -w -A INPUT -s 10.0.0.9 -j DROP; until [ "$(wc -l <done)" = 3 ]; do sleep 0.05; done; iptables -S INPUT | sort'`;
      const ran = runNative(script, { folder });
      expect(ran.stdout).toBe(
        `${[1, 2, 3, 9].map((n) => `-A INPUT -s 10.0.0.${n}/32 -j DROP\n`).join('')}-P INPUT ACCEPT\n`,
      );
      await nothingLeft(folder);
    }));

  test('a run without jobs leaves nothing', () =>
    inOwnFolder(async (folder) => {
      runCommand([...inNamespace, bpfilter, 'run', '--', 'iptables', '-N', 'x'], { folder });
      await nothingLeft(folder);
    }));

  test('a network namespace ends with its last process: no driver keeps it', () =>
    inOwnFolder(async (folder) => {
      const script = `unshare -n sh -c 'iptables -N x; readlink /proc/self/ns/net'; exec sleep 30`;
      const ran = runCommand([...inNamespace, bpfilter, 'run', '--', 'timeout', '8', 'sh', '-c', script], { folder });
      const name = ran.stdout.trim();
      expect(name).toMatch(/^net:/);
      const isIn = (pid: string) => {
        try {
          return /^\d+$/.test(pid) && fs.readlinkSync(`/proc/${pid}/ns/net`) === name;
        } catch {
          return false;
        }
      };
      // The heir of a driver's memory is there for a moment longer.
      await until('nobody to be in it', () => !fs.readdirSync('/proc').some(isIn), 2_000);
    }));
});
