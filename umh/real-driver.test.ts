import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { errno } from '../protocol/errno.ts';
import { ipv4 } from '../protocol/family.ts';
import { composeCommand } from '../protocol/mbox.ts';
import { xt_counters_info } from '../protocol/x-tables.ts';
import { entry, filter, ip, standard, verdicts } from '../rules/blob/testing/raw-blob.ts';
import type { RealDriver } from './testing/real-driver.ts';
import { useRealDrivers } from './testing/use-real-drivers.ts';

const rule = (source: number) => entry({ ip: ip({ source }), target: standard(verdicts.accept) });
const LOCALHOST = 0x7f000001;
const BLOB = filter({ input: [rule(1), rule(LOCALHOST)] });
const OTHER = filter({ input: [rule(LOCALHOST), rule(3)] });

const drivers = useRealDrivers();
const { log, nft } = drivers;
let transport = '';

function start(client = 'aa', environment: Record<string, string> = {}): RealDriver {
  return drivers.start({ client, environment: { BPFILTER_TRANSPORT: transport, ...environment } });
}
const old = (entries: number) => Buffer.alloc(16 * entries, 0xee);

describe.each(['netlink', 'exec'])('the bundled driver over %s', (way) => {
  beforeEach(() => {
    transport = way;
  });

  it('is healthy, goes by its name, and ends with its pipe', async () => {
    const driver = start();
    expect(driver.ask(0, false)).toBe(0);
    expect(readFileSync(`/proc/${driver.pid}/comm`, 'latin1')).toBe('bpfilter_umh\n');
    expect(readFileSync(`/proc/${driver.pid}/cmdline`, 'latin1')).toMatch(/^bpfilter_umh/);
    driver.close();
    const [code] = await once(driver.process, 'exit');
    expect(code).toBe(0);
  });

  it('shows an untouched table without any rule in nft', () => {
    const driver = start();
    expect(driver.info('filter')).toEqual({ status: 0, entries: 4, size: 632 });
    expect(driver.info('nope').status).toBe(-errno.ENOENT);
    expect(driver.packets('filter').packets).toEqual([0n, 0n, 0n, 0n]);
    expect(nft('list', 'ruleset')).toBe('');
    expect(driver.own('NAMES').text).toBe('filter\n');
  });

  it('puts a table in force, counts, replaces, and resets', () => {
    const driver = start();
    const before = old(4);
    expect(driver.replace(BLOB, before)).toBe(0);
    expect(before).toEqual(Buffer.alloc(64));
    drivers.namespace.run('ping', '-c', '3', '-i', '0.01', '127.0.0.1');
    const { packets } = driver.packets('filter');
    expect(packets.slice(0, 3)).toEqual([0n, 6n, 0n]);
    expect(packets[4]).toBe(6n);

    const counted = old(6);
    expect(driver.replace(OTHER, counted)).toBe(0);
    expect(counted.readBigUInt64LE(16)).toBe(6n);
    expect(driver.packets('filter').packets).toEqual([0n, 0n, 0n, 0n, 0n, 0n]);
    expect(driver.add('filter', [6n, 0n, 0n, 0n, 6n, 0n])).toBe(0);
    drivers.namespace.run('ping', '-c', '1', '127.0.0.1');
    expect(driver.packets('filter').packets).toEqual([8n, 0n, 0n, 0n, 8n, 0n]);
    expect(driver.replace(BLOB, old(4))).toBe(-errno.EAGAIN);

    expect(JSON.parse(driver.own('STATUS').text).tables[0]).toMatchObject({
      name: 'filter',
      generation: 2,
      rules: 2,
      inForce: true,
    });
    expect(driver.own('RESET').status).toBe(0);
    expect(nft('list', 'ruleset')).toBe('');
    expect(driver.info('filter').entries).toBe(4);
    expect(log()).not.toMatch(/error/);
  });

  it('goes on from the state of a killed one, and of another client', async () => {
    const first = start();
    expect(first.replace(BLOB, old(4))).toBe(0);
    expect(first.add('filter', [1n, 2n, 3n, 4n, 5n, 6n])).toBe(0);
    first.kill();
    await once(first.process, 'exit');
    const second = start('aa');
    const third = start('bb');
    expect(second.packets('filter').packets).toEqual([1n, 2n, 3n, 4n, 5n, 6n]);
    expect(third.add('filter', [1n, 1n, 1n, 1n, 1n, 1n])).toBe(0);
    expect(second.packets('filter').packets).toEqual([2n, 3n, 4n, 5n, 6n, 7n]);
    expect(third.replace(OTHER, old(6))).toBe(0);
    expect(second.packets('filter').packets).toEqual([0n, 0n, 0n, 0n, 0n, 0n]);
    expect(second.replace(BLOB, old(6))).toBe(0);
  });

  it('serves one state by several drivers at once', () => {
    const several = ['aa', 'bb', 'cc'].map((client) => start(client));
    expect(several[0]?.replace(BLOB, old(4))).toBe(0);
    const argument = Buffer.alloc(xt_counters_info.size + 16 * 6);
    xt_counters_info.write({ name: 'filter', num_counters: 6 }, argument);
    argument.writeBigUInt64LE(1n, xt_counters_info.size);
    for (let round = 0; round < 30; round++) {
      for (const driver of several) driver.send(composeCommand(0, ipv4.set.addCounters), true, argument);
      expect(several.map((driver) => driver.receive())).toEqual([0, 0, 0]);
    }
    expect(several.map((driver) => driver.packets('filter').packets[0])).toEqual([90n, 90n, 90n]);
    // Of several replaces at once each takes effect whole, in some order; all have the right number of counters.
    const rooms = several.map(() => old(6));
    const sent = several.map((driver, i) => driver.sendReplace(i % 2 === 0 ? OTHER : BLOB, rooms[i] ?? old(6)));
    expect(several.map((driver) => driver.receive())).toEqual(sent.map(() => 0));
    expect(rooms.map((room) => room.readBigUInt64LE(0)).sort()).toEqual([0n, 0n, 90n]);
    expect(nft('list', 'chains').match(/gen_\d+/g)).toEqual(['gen_4']);
  });

  it('puts back rules that somebody flushed', () => {
    const driver = start();
    expect(driver.replace(BLOB, old(4))).toBe(0);
    expect(driver.add('filter', [0n, 9n, 0n, 0n, 0n, 0n])).toBe(0);
    nft('flush', 'ruleset');
    expect(driver.packets('filter').packets[1]).toBe(9n);
    expect(nft('list', 'tables')).toContain('bpfilter_filter');
    nft('flush', 'ruleset');
    expect(driver.replace(OTHER, old(6))).toBe(0);
    expect(nft('list', 'tables')).toContain('bpfilter_filter');
    expect(log()).toContain('putting them back');
  });

  it('refuses tables that it knows nothing of, until a reset', async () => {
    const other = mkdtempSync(join(tmpdir(), 'umh-other-'));
    const stranger = drivers.start({ folder: other });
    expect(stranger.replace(BLOB, old(4))).toBe(0);
    const driver = start();
    expect(driver.info('filter').status).toBe(-errno.EBUSY);
    expect(log()).toContain('bpfilter reset');
    expect(driver.info('nat').status).toBe(0);
    expect(driver.own('RESET').status).toBe(0);
    expect(driver.info('filter').status).toBe(0);
    stranger.close();
    await once(stranger.process, 'exit');
    rmSync(other, { recursive: true });
  });

  it('never touches tables of others', () => {
    nft('add table ip filter; add chain ip filter INPUT; add table inet bpfilter_filter');
    const driver = start();
    expect(driver.replace(BLOB, old(4))).toBe(0);
    expect(driver.own('RESET').status).toBe(0);
    expect(nft('list', 'tables')).toBe('table ip filter\ntable inet bpfilter_filter\n');
  });

  // Only netlink can do without.
  it.each([way].filter((one) => one === 'netlink'))('needs no nft over %s', () => {
    const driver = start('aa', { BPFILTER_NFT: '/nowhere/nft' });
    expect(driver.replace(BLOB, old(4))).toBe(0);
    expect(driver.replace(OTHER, old(6))).toBe(0);
    expect(driver.packets('filter').packets).toHaveLength(6);
    expect(driver.own('RESET').status).toBe(0);
    expect(nft('list', 'ruleset')).toBe('');
  });

  it('says which way rules go, and why', () => {
    expect(JSON.parse(start().own('STATUS').text).transport).toEqual({ name: way, reason: 'asked for' });
  });

  it.each([way].filter((one) => one === 'exec'))(
    'without nft over %s: reads, but says why it can put nothing in force',
    () => {
      const driver = start('aa', { BPFILTER_NFT: '/nowhere/nft' });
      expect(driver.info('filter').status).toBe(0);
      expect(driver.replace(BLOB, old(4))).toBe(-errno.EIO);
      expect(driver.info('filter').entries).toBe(4);
      expect(log()).toContain('nft is not installed');
    },
  );

  it.each([
    ['option unknown', 99, -errno.ENOPROTOOPT],
    ['level unknown', 7 << 16, -errno.ENOPROTOOPT],
    ['a set as a get', 0x40 | (3 << 16), -errno.ENOPROTOOPT],
  ])('garbled requests get an errno: %s', (_name, cmd, status) => {
    const driver = start();
    expect(driver.ask(cmd, false, Buffer.alloc(84))).toBe(status);
    expect(driver.info('filter').status).toBe(0);
  });

  it('a request that names memory but brings none is a fault', () => {
    const driver = start();
    expect(driver.ask(64, false, undefined, 84)).toBe(-errno.EFAULT);
    expect(driver.info('filter').status).toBe(0);
    expect(driver.ask(64, false, Buffer.alloc(80))).toBe(-errno.EINVAL);
  });
});
