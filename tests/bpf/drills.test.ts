import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GuardedStreams } from '../../drills/guarded-streams.ts';
import { killHard } from '../../drills/processes.ts';
import { rounds } from '../drills/drill.ts';
import { Network } from '../drills/network.ts';
import type { ServedShell } from '../drills/served-shell.ts';
import { missing, titled } from '../harness/ways.ts';

const reason = missing('root', 'build', 'netlink', 'nft', 'iptables-legacy');
const noBpftool = spawnSync('bpftool', ['version']).status === 0 ? undefined : 'needs bpftool';
const byBpf = { BPFILTER_BACKEND: 'bpf' };
const auto = { BPFILTER_BACKEND: 'auto' };

describe.skipIf(reason !== undefined)(titled('tables that BPF carries', reason), () => {
  let network: Network;
  let shell: ServedShell;
  beforeEach(async () => {
    network = await Network.create();
  });
  afterEach(() => network.close());

  const tables = () => network.run('nft', 'list', 'tables', 'ip').stdout.match(/bpfilter_\w+/g) ?? [];
  const maps = () =>
    [...network.run('nft', 'list', 'ruleset').stdout.matchAll(/chain counters_(\d+)_/g)].map(([, id = '']) => id);
  const counted = async (pattern: string, who = shell): Promise<number> => {
    const listing = await who.expect('iptables -nvxL INPUT');
    return Number(
      listing
        .split('\n')
        .find((line) => line.includes(pattern))
        ?.trim()
        .split(/\s+/)[0],
    );
  };

  it('appends and deletions under traffic: nothing leaks, nothing is lost, counters are exact', {
    timeout: 600_000,
  }, async () => {
    shell = await network.shell(byBpf);
    const streams = await GuardedStreams.start(network, shell);
    for (let round = 0; round < rounds(40); round += 1) {
      await shell.expect(`iptables -${round % 2 === 0 ? 'I' : 'D'} INPUT -p tcp -m tcp --dport 7 -j DROP`);
    }
    expect(tables()).toEqual(['bpfilter_filter_bpf']);
    expect(await streams.finish(shell)).toEqual([]);
  });

  it('a table that asks no more for connections has none tracked', async () => {
    shell = await network.shell(byBpf);
    const tracked = () => network.run('nft', 'list', 'ruleset').stdout.includes('ct state');
    await shell.expect('iptables -A INPUT -m conntrack --ctstate NEW -j ACCEPT');
    expect(tracked()).toBe(true);
    await shell.expect('iptables -A INPUT -p tcp -j ACCEPT');
    expect(tracked()).toBe(true);
    await shell.expect('iptables -D INPUT 1');
    expect(tracked()).toBe(false);
    await shell.expect('iptables -S INPUT');
  });

  it('more rules than there is room to count them: exact, by a successor too', { timeout: 120_000 }, async () => {
    shell = await network.shell(byBpf);
    const streams = await GuardedStreams.start(network, shell);
    await shell.expect('iptables -N more');
    const [first] = maps();
    for (let port = 1; port <= 8; port += 1) {
      const lines = Array.from({ length: 80 }, (_, at) => `-A more -p tcp -m tcp --dport ${80 * port + at}`);
      await shell.expect(
        `printf '%s\\n' '*filter' ${lines.map((line) => `'${line}'`).join(' ')} COMMIT | iptables-restore -n`,
      );
    }
    await shell.expect('iptables -A more -p tcp -m tcp --dport 1');
    expect(maps()).toHaveLength(1);
    expect(maps()).not.toContain(first);
    killHard(shell.driver ?? 0);
    expect(await streams.finish(shell)).toEqual([]);
  });

  it('move to nft and back under traffic: never neither, and counted twice for a moment at most', {
    timeout: 300_000,
  }, async () => {
    shell = await network.shell(auto);
    const streams = await GuardedStreams.start(network, shell);
    const begin = performance.now();
    const moves = rounds(10);
    for (let round = 0; round < moves; round += 1) {
      await shell.expect(`iptables -${round % 2 === 0 ? 'A' : 'D'} INPUT -p tcp -m tcp --dport 7 -j REJECT`);
      expect(tables()).toEqual([round % 2 === 0 ? 'bpfilter_filter' : 'bpfilter_filter_bpf']);
    }
    const perSecond = (sent: number) => (sent * 1000) / (performance.now() - begin);
    const { faults, guarded, leaked, counted: sent, countersLost } = await streams.outcome(shell);
    expect(faults).toEqual([]);
    expect(guarded).toBeGreaterThan(0);
    expect(leaked).toBe(0);
    expect(countersLost).toBeLessThanOrEqual(Math.ceil(perSecond(sent) * 0.05) * moves);
  });

  it('drivers that carry all by nft read them, and take them over', { timeout: 120_000 }, async () => {
    shell = await network.shell(auto);
    await shell.expect('iptables -A INPUT -i lo -p icmp -m icmp --icmp-type 8 -j ACCEPT');
    expect(network.run('ping', '-q', '-c', '3', '-i', '0.2', '127.0.0.1').status).toBe(0);
    const other = await network.shell({ BPFILTER_BACKEND: 'nft' });
    expect(await counted('icmptype 8', other)).toBe(3);
    expect(tables()).toEqual(['bpfilter_filter_bpf']);
    await other.expect('iptables -A INPUT -p tcp -m tcp --dport 7 -j DROP');
    expect(tables()).toEqual(['bpfilter_filter']);
    expect(network.run('ping', '-q', '-c', '2', '-i', '0.2', '127.0.0.1').status).toBe(0);
    expect(await counted('icmptype 8', other)).toBe(5);
    expect(await counted('icmptype 8')).toBe(5);
    await shell.expect('iptables -A INPUT -p tcp -m tcp --dport 8 -j DROP');
    expect(tables()).toEqual(['bpfilter_filter_bpf']);
    expect(await counted('icmptype 8')).toBe(5);
  });

  const handleOf = (chain: string, nth: number): string => {
    const listing = network.run('nft', '-a', 'list', 'chain', 'ip', 'bpfilter_filter_bpf', chain).stdout;
    return [...listing.matchAll(/(?:accept|drop).*# handle (\d+)/g)][nth]?.[1] ?? '';
  };
  const takings: readonly { readonly title: string; readonly commands: () => readonly string[] }[] = [
    { title: 'all rules there are', commands: () => ['flush ruleset'] },
    { title: 'the table', commands: () => ['delete table ip bpfilter_filter_bpf'] },
    {
      title: 'a rule that calls the program',
      commands: () => [`delete rule ip bpfilter_filter_bpf hook_INPUT handle ${handleOf('hook_INPUT', 0)}`],
    },
    {
      title: 'a rule behind the program',
      commands: () => [`delete rule ip bpfilter_filter_bpf hook_INPUT handle ${handleOf('hook_INPUT', 1)}`],
    },
    {
      title: 'a base chain',
      commands: () => [
        'flush chain ip bpfilter_filter_bpf hook_INPUT',
        'delete chain ip bpfilter_filter_bpf hook_INPUT',
      ],
    },
  ];
  it.each(takings)('somebody takes away $title: it is put back', { timeout: 120_000 }, async ({ commands }) => {
    shell = await network.shell(byBpf);
    await shell.expect('iptables -A INPUT -p icmp -m icmp --icmp-type 8 -j DROP');
    const ping = () => network.run('ping', '-q', '-c', '1', '-W', '1', '127.0.0.1').status;
    expect(ping()).toBe(1);
    expect(await counted('icmptype 8')).toBe(1);
    for (const command of commands()) expect(network.run('nft', ...command.split(' '))).toMatchObject({ status: 0 });
    expect(await counted('icmptype 8')).toBe(1);
    expect(ping()).toBe(1);
    expect(await counted('icmptype 8')).toBe(2);
    expect(tables()).toEqual(['bpfilter_filter_bpf']);
    await shell.expect('iptables -A INPUT -p tcp -m tcp --dport 7 -j DROP');
  });

  it.skipIf(noBpftool !== undefined)(
    titled('a change of rules alone loads no programs', noBpftool),
    { timeout: 120_000 },
    async () => {
      shell = await network.shell(byBpf);
      const ids = () => {
        const [counters] = maps().map(Number);
        return listed('prog').flatMap(({ id, map_ids: of = [] }) => (of.includes(counters ?? 0) ? [id] : []));
      };
      const append = (port: number) => shell.expect(`iptables -A INPUT -p tcp -m tcp --dport ${port} -j DROP`);
      for (let port = 1; port <= 4; port += 1) await append(port);
      const before = ids();
      expect(before.length).toBe(9);
      for (let port = 5; port <= 12; port += 1) await append(port);
      expect(ids()).toEqual(before);
      expect((await shell.expect('iptables -S INPUT')).match(/-A INPUT/g)).toHaveLength(12);
    },
  );

  it.skipIf(noBpftool !== undefined)(
    titled('nothing stays of them after a reset, nor of a namespace that has gone', noBpftool),
    { timeout: 120_000 },
    async () => {
      shell = await network.shell(byBpf);
      await shell.expect('iptables -A INPUT -p tcp -m tcp --dport 7 -j DROP');
      const first = maps();
      expect(stillThere(first)).toEqual(first);
      await shell.expect(`${network.bpfilter} reset`);
      await shell.expect('iptables -A INPUT -i lo -j DROP && iptables -t raw -A OUTPUT -s 10.0.0.1 -j DROP');
      const second = maps();
      expect(second).toHaveLength(2);
      await shell.close();
      await goneFrom(first);
      expect(stillThere(second)).toEqual(second);
      await network.close();
      await goneFrom(second);
    },
  );
});

interface Listed {
  readonly id: number;
  readonly map_ids?: readonly number[];
}

function listed(what: 'map' | 'prog'): readonly Listed[] {
  return JSON.parse(spawnSync('bpftool', ['-j', what, 'show'], { encoding: 'utf8', maxBuffer: 1 << 28 }).stdout);
}

/** Those of some maps that the kernel still has, itself or for a program. */
function stillThere(ids: readonly string[]): readonly string[] {
  const all = [...listed('map').map(({ id }) => id), ...listed('prog').flatMap(({ map_ids: of = [] }) => of)];
  return ids.filter((id) => all.includes(Number(id)));
}

/** The kernel takes rules, and namespaces, away a moment later. */
async function goneFrom(ids: readonly string[]): Promise<void> {
  for (let tries = 200; stillThere(ids).length > 0 && tries > 0; tries -= 1) await sleep(50);
  expect(stillThere(ids)).toEqual([]);
}
