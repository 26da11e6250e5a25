import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { disagreements } from '../../drills/agreement.ts';
import { killHard } from '../../drills/processes.ts';
import { missing, titled } from '../harness/ways.ts';
import { drill, rounds, sleep } from './drill.ts';
import { Network } from './network.ts';
import type { ServedShell } from './served-shell.ts';

const reason = missing('root', 'build', 'nft', 'iptables-legacy');
const emptyTable = '-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n';
/**
 * What iptables says when the table changed between its read and its write (EAGAIN), or between that
 * and the counters it adds back (EINVAL): so would the kernel's own.
 */
const changedMeanwhile = /Resource temporarily unavailable|Invalid argument/;

const portsOf = (listing: string): readonly number[] =>
  [...listing.matchAll(/^-A INPUT .*--dport (\d+) -j ACCEPT$/gm)].map(([, port]) => Number(port));

async function within(work: (network: Network) => Promise<void>): Promise<void> {
  const network = await Network.create();
  try {
    await work(network);
    expect(network.log).not.toMatch(/unexpected|corrupt/);
  } finally {
    await network.close();
  }
}

/** Starts `bpfilter reset`, to be ended by itself or by the caller. */
function startReset(network: Network): { readonly pid: number; readonly ended: Promise<number | null> } {
  const [command = '', ...args] = [...network.inside, network.bpfilter, 'reset'];
  const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, ...network.environment } });
  return { pid: child.pid ?? 0, ended: once(child, 'exit').then(([status]) => status as number | null) };
}

/** Appends rules, each with a port one higher, until stopped; gives the ports that were accepted. */
async function appendRules(shell: ServedShell, stopped: () => boolean): Promise<readonly number[]> {
  const accepted: number[] = [];
  for (let port = 1000; !stopped(); port += 1) {
    const { status, output } = await shell.command(`iptables -w 60 -A INPUT -p tcp -m tcp --dport ${port} -j ACCEPT`);
    if (status === 0) accepted.push(port);
    else if (!changedMeanwhile.test(output)) throw new Error(`port ${port}: status ${status}: ${output}`);
  }
  return accepted;
}

describe.skipIf(reason !== undefined)(titled('bpfilter reset', reason), () => {
  test('with traffic and two shims running: everybody sees a table never touched, nobody loses a packet but to rules', () =>
    within(async (network) => {
      const [one, other] = [await network.shell(), await network.shell()];
      const foreignIsSame = network.foreignTable();
      const traffic = await network.traffic({ dropped: 9001, control: 9002 });
      await traffic.start('control');
      await one.expect('iptables -A INPUT -p udp -m udp --dport 9001 -j DROP && iptables -t mangle -N drill');
      expect(await other.expect('iptables -S INPUT')).toContain('--dport 9001 -j DROP');
      await traffic.start('dropped');
      await sleep(100);
      expect((await traffic.report()).dropped).toMatchObject({ received: 0 });
      expect(await startReset(network).ended).toBe(0);
      for (const shell of [one, other]) {
        expect(await shell.expect('iptables -S')).toBe(emptyTable);
        expect(await shell.expect('iptables -t mangle -S')).not.toContain('drill');
        expect(await shell.expect('iptables-save')).toMatch(/\*filter\n(:\w+ ACCEPT \[\d+:\d+\]\n){3}COMMIT/);
      }
      expect(network.run('nft', 'list', 'tables').stdout).not.toContain('bpfilter_');
      expect(foreignIsSame()).toBe(true);
      await sleep(100);
      await other.expect('iptables -A INPUT -p udp -m udp --dport 9001 -j DROP');
      expect(await one.expect('iptables -S INPUT')).toContain('--dport 9001 -j DROP');
      await traffic.stop('dropped', 'control');
      const { dropped, control } = await traffic.report();
      expect(dropped?.received).toBeGreaterThan(0);
      expect(dropped?.received).toBeLessThan(dropped?.sent ?? 0);
      expect(control?.received).toBe(control?.sent);
    }));

  const wanted = rounds(10);
  test(
    `${wanted} times while one shim's commands append rules and another's list them`,
    { timeout: wanted * 6_000 },
    () =>
      drill((random) =>
        within(async (network) => {
          const [appender, lister] = [await network.shell(), await network.shell()];
          let done = false;
          const stopped = () => done;
          const appending = appendRules(appender, stopped);
          const listings: (readonly number[])[] = [];
          const listing = (async () => {
            while (!stopped()) listings.push(portsOf(await lister.expect('iptables -w 60 -S INPUT')));
          })();
          for (let round = 0; round < wanted; round += 1) {
            await sleep(random.below(300));
            expect(await startReset(network).ended).toBe(0);
          }
          await sleep(200);
          done = true;
          const [accepted] = await Promise.all([appending, listing]);
          const last = await lister.expect('iptables -S INPUT');
          // Each table that was seen is a run of what was accepted, without holes; the last one goes to its end.
          // (A rule whose counters came too late may have been seen for a moment.)
          for (const ports of listings) {
            const [first = 0] = ports;
            const end = ports.at(-1) ?? 0;
            expect(ports).toEqual(expect.arrayContaining(accepted.filter((port) => first <= port && port <= end)));
          }
          expect(accepted.slice(accepted.length - portsOf(last).length)).toEqual(portsOf(last));
          expect(accepted.length).toBeGreaterThan(wanted);
          expect(disagreements(network, await lister.expect('iptables -S'))).toEqual([]);
          expect(await startReset(network).ended).toBe(0);
          expect(await appender.expect('iptables -S')).toBe(emptyTable);
        }),
      ),
  );

  test(
    `killed ${wanted} times at random: the table is as before or as never touched, in the kernel too`,
    {
      timeout: wanted * 6_000,
    },
    () =>
      drill((random) =>
        within(async (network) => {
          const shell = await network.shell();
          for (let round = 1; round <= wanted; round += 1) {
            await shell.expect(`iptables -A INPUT -p tcp -m tcp --dport ${round} -j ACCEPT`);
            const before = await shell.expect('iptables -S');
            const { pid, ended } = startReset(network);
            await sleep(100 + random.below(250));
            killHard(pid);
            await ended;
            const after = await shell.expect('iptables -S');
            expect([before, emptyTable]).toContain(after);
            if (after === before) expect(disagreements(network, after)).toEqual([]);
            else expect(network.run('nft', 'list', 'tables').stdout).not.toContain('bpfilter_');
          }
        }),
      ),
  );
});
