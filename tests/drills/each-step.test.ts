import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { disagreements } from '../../drills/agreement.ts';
import { listingOf } from '../../drills/chain-model.ts';
import { GuardedStreams } from '../../drills/guarded-streams.ts';
import { isAlive } from '../../drills/processes.ts';
import { stepsIn, Tracer, whyNoTracer } from '../../drills/tracer.ts';
import { bpfilter, missing, titled } from '../harness/ways.ts';
import { Network } from './network.ts';
import type { Done, ServedShell } from './served-shell.ts';

/** DRILL_EVERY_CALL: kill at every call, not only at those that change something. */
const every = process.env.DRILL_EVERY_CALL === '1';
const reason = missing('root', 'build', 'nft', 'iptables-legacy') ?? whyNoTracer();

const timeout = every ? 3_600_000 : 300_000;

/** A change that is made again and again, and how it is seen that it was made. */
interface Change {
  /** What must be there before it. */
  readonly begin?: () => Promise<unknown>;
  readonly make: () => Promise<Done>;
  readonly check: (title: string) => Promise<void>;
}

/** Makes the change with the driver killed at each of its steps: it succeeds, and is made once. */
async function killAtEachStep(network: Network, shell: ServedShell, what: string, change: Change): Promise<void> {
  const { begin = async () => {}, make, check } = change;
  await begin();
  const file = path.join(network.folder, 'steps');
  const watcher = await Tracer.watch(shell.driver ?? 0, file, every);
  await make();
  await watcher.end();
  const steps = stepsIn(file);
  expect(steps.length).toBeGreaterThan(15);

  let killed = 0;
  for (const step of steps) {
    await begin();
    const driver = shell.driver ?? 0;
    const tracer = await Tracer.killAt(driver, step);
    const title = `${step.call} number ${step.nth}`;
    expect(await make(), title).toEqual({ status: 0, output: '' });
    killed += isAlive(driver) ? 0 : 1;
    await tracer.end();
    await check(title);
  }
  if (every) console.log(`${steps.length} calls of the driver${what}, killed at ${killed}`);
  // The last steps come after the answer and may not be reached before the next command.
  expect(killed).toBeGreaterThan(steps.length - (every ? 25 : 5));
}

describe.skipIf(reason !== undefined)(titled('a driver killed at each of its steps', reason), () => {
  test('of a command that changes the table: the command succeeds, once', { timeout }, async () => {
    const network = await Network.create();
    try {
      const shell = await network.shell();
      await shell.expect('iptables -N drill && iptables -A INPUT -j drill');
      const streams = await GuardedStreams.start(network, shell);
      const rules: string[] = [];
      const append = async () => {
        rules.push(`-p tcp -m tcp --dport ${1000 + rules.length} -j DROP`);
        return shell.command(`iptables -A drill ${rules.at(-1)}`);
      };
      for (let warm = 0; warm < 2; warm += 1) await append();
      await killAtEachStep(network, shell, '', {
        make: append,
        check: async (title) => {
          expect(await shell.expect('iptables -S drill'), title).toBe(listingOf('drill', rules));
          expect(disagreements(network, await shell.expect('iptables -S')), title).toEqual([]);
        },
      });
      expect(await streams.finish(shell)).toEqual([]);
      expect(network.log).not.toMatch(/unexpected|corrupt/);
    } finally {
      await network.close();
    }
  });

  const noMove = missing('netlink');
  test.skipIf(noMove !== undefined)(
    titled('of a command by which a table moves to another name in nftables: the same', noMove),
    { timeout },
    async () => {
      const plain = '-p icmp -j MARK --set-xmark 0x1/0xffffffff';
      const bound = '-p udp -m udp --dport 68 -j CHECKSUM --checksum-fill';
      const network = await Network.create();
      try {
        const shell = await network.shell();
        const begin = () =>
          shell.expect(`${bpfilter} reset && iptables -t mangle -A OUTPUT ${plain} && iptables -t mangle -S`);
        const move = () => shell.command(`iptables -t mangle -A OUTPUT ${bound}`);
        await begin();
        await move();
        await killAtEachStep(network, shell, ' while a table moves', {
          begin,
          make: move,
          check: async (title) => {
            expect(await shell.expect('iptables -t mangle -S OUTPUT'), title).toBe(
              `-P OUTPUT ACCEPT\n-A OUTPUT ${plain}\n-A OUTPUT ${bound}\n`,
            );
            expect(await shell.expect('nft list tables'), title).toBe('table ip mangle\n');
          },
        });
        expect(network.log).not.toMatch(/unexpected|corrupt/);
      } finally {
        await network.close();
      }
    },
  );
});
