import { describe, expect, test } from 'vitest';
import { disagreements } from '../../drills/agreement.ts';
import { killHard } from '../../drills/processes.ts';
import { packetBytes } from '../../drills/udp-streams.ts';
import { missing, titled } from '../harness/ways.ts';
import { Network } from './network.ts';

const reason = missing('root', 'build', 'nft', 'iptables-legacy');
const port = 9003;
const setUp = [
  'iptables -N drill',
  'iptables -A INPUT -j drill',
  'iptables -A drill -p tcp -m tcp --dport 1 -j DROP',
  `iptables -A INPUT -p udp -m udp --dport ${port} -j ACCEPT`,
].join(' && ');

/** How others take our rules away. */
const takings = [
  { by: 'nft flush ruleset', foreignStays: false },
  { by: 'nft delete table ip bpfilter_filter', foreignStays: true },
] as const;

/** The next thing that anybody asks, and who answers it. */
const nexts = [
  { line: 'iptables -S', who: 'the driver that put them in force' },
  { line: 'iptables -A drill -p tcp -m tcp --dport 2 -j DROP', who: 'the driver that put them in force' },
  { line: 'iptables -S', who: 'a new driver' },
  { line: 'iptables -A drill -p tcp -m tcp --dport 2 -j DROP', who: 'a new driver' },
] as const;

function packetsAndBytes(listing: string): readonly [number, number] {
  const [packets, bytes] = (listing.split('\n').find((line) => line.includes(`dpt:${port}`)) ?? '').trim().split(/\s+/);
  return [Number(packets), Number(bytes)];
}

describe.skipIf(reason !== undefined)(titled('rules that somebody takes out of the kernel', reason), () => {
  describe.each(takings)('by $by', ({ by, foreignStays }) => {
    test.each(nexts)(
      'are put back by $line, asked of $who, with the counters that are known',
      async ({ line, who }) => {
        const network = await Network.create();
        try {
          const shell = await network.shell();
          const foreignIsSame = network.foreignTable();
          await shell.expect(setUp);
          const traffic = await network.traffic({ counted: port });
          await traffic.start('counted');
          await shell.expect('iptables -A drill -p tcp -m tcp --dport 3 -j DROP');
          await traffic.stop('counted');
          const { counted } = await traffic.report();
          const sent = counted?.sent ?? 0;
          expect(packetsAndBytes(await shell.expect('iptables -nvxL INPUT'))).toEqual([sent, sent * packetBytes]);
          const before = (await shell.expect('iptables -S')).trimEnd();

          network.run(...by.split(' '));
          if (who === 'a new driver') killHard(shell.driver ?? 0);
          const logged = network.log.length;
          await shell.expect(line);
          expect(network.log.slice(logged)).toMatch(/table filter: its rules are gone from the kernel/);
          const after = await shell.expect('iptables -S');
          const added = line.startsWith('iptables -A') ? `\n${line.slice('iptables '.length)}` : '';
          expect(after.split('\n').toSorted()).toEqual(`${before}${added}\n`.split('\n').toSorted());
          expect(disagreements(network, after)).toEqual([]);
          const [packets, bytes] = packetsAndBytes(await shell.expect('iptables -nvxL INPUT'));
          expect(bytes).toBe(packets * packetBytes);
          // Only the driver that read them last knows what the kernel had counted; the state folder has what was read for it.
          if (who === 'a new driver') expect(packets).toBeLessThanOrEqual(sent);
          else expect(packets).toBe(sent);
          if (foreignStays) expect(foreignIsSame()).toBe(true);
        } finally {
          await network.close();
        }
      },
    );
  });

  // nft's program doesn't tell the generation, so by that transport nobody misses single rules.
  const noGeneration = missing('netlink');
  test
    .skipIf(noGeneration !== undefined)
    .each(['flush table ip bpfilter_filter', 'flush chain ip bpfilter_filter drill'])(
    titled('are put back when only the rules went: nft %s', noGeneration),
    async (flush) => {
      const network = await Network.create();
      try {
        const shell = await network.shell();
        await shell.expect(setUp);
        network.run('nft', ...flush.split(' '));
        expect(disagreements(network, await shell.expect('iptables -S'))).toEqual([]);
        await shell.expect('iptables -A drill -p tcp -m tcp --dport 2 -j DROP');
      } finally {
        await network.close();
      }
    },
  );

  test('leave the tables of others as they are when they come back, change and go', async () => {
    const network = await Network.create();
    try {
      const shell = await network.shell();
      const foreignIsSame = network.foreignTable();
      await shell.expect(setUp);
      await shell.expect('iptables -t mangle -A PREROUTING -p tcp -m tcp --dport 5 -j MARK --set-mark 1');
      expect(foreignIsSame()).toBe(true);
      network.run('nft', 'delete table ip bpfilter_filter; delete table ip bpfilter_mangle');
      for (const table of ['filter', 'mangle']) await shell.expect(`iptables -t ${table} -S`);
      expect(
        network
          .run('nft', 'list', 'tables', 'ip')
          .stdout.match(/bpfilter_\w+/g)
          ?.toSorted(),
      ).toEqual(['bpfilter_filter', 'bpfilter_mangle']);
      expect(foreignIsSame()).toBe(true);
      expect(network.run(network.bpfilter, 'reset')).toMatchObject({ status: 0 });
      expect(foreignIsSame()).toBe(true);
      expect(network.run('nft', 'list', 'tables', 'ip').stdout).not.toContain('bpfilter_');
    } finally {
      await network.close();
    }
  });
});
