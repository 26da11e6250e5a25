import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { disagreements } from '../../drills/agreement.ts';
import { GuardedStreams } from '../../drills/guarded-streams.ts';
import { type NftMode, NftWrapper, slowness } from '../../drills/nft-wrapper.ts';
import { killHard } from '../../drills/processes.ts';
import { missing, titled } from '../harness/ways.ts';
import { drill, rounds, sleep } from './drill.ts';
import { Network } from './network.ts';
import type { ServedShell } from './served-shell.ts';

const reason = missing('root', 'build', 'nft', 'iptables-legacy');

interface Case {
  readonly mode: NftMode;
  /** Whether the change comes into force. */
  readonly done: boolean;
  /** What iptables says of it, and what the log must say. */
  readonly says?: RegExp;
  readonly log: RegExp;
}

const cases: readonly Case[] = [
  { mode: 'exits 1', done: false, says: /Input\/output error/, log: /told to fail/ },
  { mode: 'prints garbage', done: false, says: /Input\/output error/, log: /nft ended with status 3/ },
  { mode: 'is killed before', done: false, says: /Input\/output error/, log: /nft was killed by SIGKILL/ },
  { mode: 'is killed after', done: true, log: /the kernel has taken the rules all the same/ },
  { mode: 'exits 1 after', done: true, log: /the kernel has taken the rules all the same/ },
  { mode: 'hangs', done: false, says: /Connection timed out/, log: /nft took too long and was killed/ },
  { mode: 'hangs after', done: true, log: /the kernel has taken the rules all the same/ },
];

/** Longer than nft is given for a transaction. */
const patience = 120_000;

describe.skipIf(reason !== undefined)(titled('nft that fails', reason), () => {
  let network: Network;
  let wrapper: NftWrapper;
  let shell: ServedShell;
  let streams: GuardedStreams;
  let rules: readonly string[] = [];
  let port = 100;

  const rule = () => `-p tcp -m tcp --dport ${port++} -j DROP`;
  /** Everything is as the accepted commands left it: for callers, and in the kernel. */
  const checkState = async () => {
    const listing = await shell.expect('iptables -S');
    expect(listing.split('\n').filter((line) => line.startsWith('-A drill'))).toEqual(
      rules.map((one) => `-A drill ${one}`),
    );
    expect(disagreements(network, listing)).toEqual([]);
  };

  beforeAll(async () => {
    network = await Network.create();
    wrapper = new NftWrapper(network.folder);
    shell = await network.shell(wrapper.environment);
    rules = [rule()];
    await shell.expect(`iptables -N drill && iptables -A INPUT -j drill && iptables -A drill ${rules[0]}`);
    streams = await GuardedStreams.start(network, shell);
  });
  afterAll(() => network.close());

  test.each(cases)('that $mode: in force: $done', { timeout: patience }, async ({ mode, done, says, log }) => {
    const added = rule();
    const before = network.log.length;
    wrapper.mode = mode;
    const start = performance.now();
    const { status, output } = await shell.command(`iptables -A drill ${added}`);
    const elapsed = performance.now() - start;
    wrapper.mode = 'works';
    expect(network.log.slice(before)).toMatch(log);
    expect({ status, output }).toEqual({
      status: done ? 0 : 1,
      output: says === undefined ? '' : expect.stringMatching(says),
    });
    // The shim's own deadline is past 30 s: a driver that reaches it would be killed for a fault of nft's.
    expect(elapsed).toBeLessThan(30_000);
    if (done) rules = [...rules, added];
    await checkState();
    const again = rule();
    await shell.expect(`iptables -A drill ${again}`);
    rules = [...rules, again];
    await checkState();
  });

  test.each(['exits 1 always', 'lists garbage'] as const)(
    'that %s: callers get an errno, the rules stay',
    async (mode) => {
      const before = network.log.length;
      wrapper.mode = mode;
      for (const line of [`iptables -A drill ${rule()}`, 'iptables -S drill']) {
        expect((await shell.command(line)).status, line).not.toBe(0);
      }
      killHard(shell.driver ?? 0);
      expect((await shell.command(`iptables -A drill ${rule()}`)).status).not.toBe(0);
      wrapper.mode = 'works';
      expect(network.log.slice(before)).toMatch(mode === 'lists garbage' ? /nft's listing: not JSON/ : /told to fail/);
      expect(network.log.slice(before)).not.toMatch(/unexpected/);
      await checkState();
    },
  );

  test('that is not installed: callers get an errno, the log names the package, the rules stay', async () => {
    const before = network.log.length;
    wrapper.vanish();
    expect((await shell.command(`iptables -A drill ${rule()}`)).status).not.toBe(0);
    killHard(shell.driver ?? 0);
    expect((await shell.command('iptables -S drill')).status).not.toBe(0);
    wrapper.appear();
    expect(network.log.slice(before)).toMatch(/nft is not installed \(Debian package nftables\)/);
    await checkState();
  });

  const wanted = rounds(12);
  test.each(['slow', 'slow after'] as const)(
    `that is %s, its driver killed meanwhile, ${wanted} times`,
    { timeout: wanted * 5_000 },
    (mode) =>
      drill(async (random) => {
        wrapper.mode = mode;
        for (let round = 1; round <= wanted; round += 1) {
          const added = rule();
          const kill = sleep(random.below(slowness * 1.5)).then(() => killHard(shell.driver ?? 0));
          expect(await shell.command(`iptables -A drill ${added}`), `round ${round}`).toEqual({
            status: 0,
            output: '',
          });
          await kill;
          rules = [...rules, added];
          await checkState();
        }
        wrapper.mode = 'works';
      }),
  );

  test('lets no packet past a DROP rule meanwhile, and loses no count', async () => {
    expect(await streams.finish(shell)).toEqual([]);
  });
});
