import { existsSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { errnoName } from '../protocol/errno.ts';
import { ipv4 } from '../protocol/family.ts';
import { composeCommand, encodeRequest } from '../protocol/mbox.ts';
import { clientName, shimSocketName } from '../protocol/shim-names.ts';
import { entry, filter, ip, patched, standard, verdicts } from '../rules/blob/testing/raw-blob.ts';
import { ADDRESS, type Connection, World } from './testing/world.ts';

const rule = (source: number) => entry({ ip: ip({ source }), target: standard(verdicts.accept) });
const BLOB = filter({ input: [rule(1)] });
const OTHER = filter({ input: [rule(2), rule(3)] });

let world: World;
let driver: Connection;
beforeEach(() => {
  world = new World();
  driver = world.connect();
});
afterEach(() => world.close());

const named = (status: number) => (status < 0 ? `-${errnoName(-status)}` : `${status}`);
function ask(option: number, isSet: boolean, argument: Uint8Array, length = argument.length): string {
  world.place(argument);
  return named(driver.ask(world.message(0, option, isSet, length)));
}
const put = (blob: Uint8Array, present: number) => named(driver.ask(world.replaceMessage(blob, present)));
const revision = (name: string, number: number) =>
  Buffer.concat([Buffer.from(name.padEnd(29, '\0')), Buffer.of(number)]);
const header = (name: string, ...words: number[]) =>
  Buffer.concat([Buffer.from(name.padEnd(32, '\0')), ...words.map((word) => le32(word))]);
function le32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

describe('options answer as the kernel does', () => {
  it.each([
    ['GET_INFO', 64, Buffer.alloc(84).fill('filter\0', 0, 7), 84, '0'],
    ['GET_INFO too short', 64, Buffer.alloc(84), 83, '-EINVAL'],
    ['GET_INFO too long', 64, Buffer.alloc(85), 85, '-EINVAL'],
    ['GET_INFO, table unknown', 64, Buffer.alloc(84).fill('nope\0', 0, 5), 84, '-ENOENT'],
    ['GET_INFO, name without end', 64, Buffer.alloc(84, 'x'), 84, '-ENOENT'],
    ['GET_ENTRIES too short', 65, header('filter', 632, 0), 39, '-EINVAL'],
    ['GET_ENTRIES, length and size differ', 65, header('filter', 631, 0), 40 + 632, '-EINVAL'],
    ['GET_ENTRIES, another size', 65, header('filter', 631, 0), 40 + 631, '-EAGAIN'],
    ['GET_ENTRIES', 65, header('filter', 632, 0), 40 + 632, '0'],
    ['GET_ENTRIES, table unknown', 65, header('nope', 632, 0), 40 + 632, '-ENOENT'],
    ['revision there', 66, revision('tcp', 0), 30, '0'],
    ['revision not there', 66, revision('tcp', 7), 30, '-EPROTONOSUPPORT'],
    ['match unknown', 66, revision('nope', 0), 30, '-ENOENT'],
    ['revision query too short', 66, revision('tcp', 0), 29, '-EINVAL'],
    ['target there', 67, revision('LOG', 0), 30, '0'],
    ['match asked as target', 67, revision('tcp', 0), 30, '-ENOENT'],
    ['option unknown', 68, Buffer.alloc(84), 84, '-ENOPROTOOPT'],
  ])('get: %s', (_name, option, argument, length, status) => {
    expect(ask(option, false, argument, length)).toBe(status);
  });

  const counters = (table: string, count: number) => Buffer.concat([header(table, count, 0), Buffer.alloc(16 * count)]);
  it.each([
    ['ADD_COUNTERS', 65, counters('filter', 4), '0'],
    ['ADD_COUNTERS, none', 65, counters('filter', 0), '-EINVAL'],
    ['ADD_COUNTERS, too few', 65, counters('filter', 3), '-EINVAL'],
    ['ADD_COUNTERS, table unknown', 65, counters('nope', 4), '-ENOENT'],
    ['ADD_COUNTERS, length and number differ', 65, counters('filter', 4).subarray(0, -1), '-EINVAL'],
    ['option unknown', 66, Buffer.alloc(84), '-ENOPROTOOPT'],
    ['REPLACE too short', 64, BLOB.subarray(0, 95), '-EINVAL'],
    ['REPLACE shorter than it says', 64, BLOB.subarray(0, -1), '-EINVAL'],
    ['REPLACE longer than it says', 64, Buffer.concat([BLOB, Buffer.alloc(8)]), '0'],
    ['REPLACE without room for counters', 64, filter({ raw: { numCounters: 0 } }), '-EINVAL'],
    ['REPLACE, too many counters', 64, filter({ raw: { numCounters: 0x7ffffff } }), '-ENOMEM'],
    ['REPLACE, other number of counters', 64, filter({ raw: { numCounters: 5 } }), '-EAGAIN'],
    ['REPLACE, table unknown', 64, filter({ raw: { name: 'nope' } }), '-ENOENT'],
    ['REPLACE, bad blob for an unknown table', 64, filter({ raw: { name: 'nope', numEntries: 9 } }), '-EINVAL'],
    ['REPLACE, bad blob and wrong counters', 64, filter({ raw: { numCounters: 9, numEntries: 9 } }), '-EINVAL'],
    ['REPLACE, hooks of another table', 64, filter({ raw: { name: 'mangle' } }), '-EINVAL'],
  ])('set: %s', (_name, option, argument, status) => {
    expect(ask(option, true, argument)).toBe(status);
    expect(world.nft.chainsOf('fake_filter') !== undefined).toBe(option === 64 && status === '0');
  });

  it('a health check is 0, and a level nobody serves ENOPROTOOPT', () => {
    expect(driver.ask(new Uint8Array(24))).toBe(0);
    expect(named(driver.ask(world.message(41, 64, false, 84)))).toBe('-ENOPROTOOPT');
    expect(named(driver.ask(new Uint8Array(23)))).toBe('-EINVAL');
  });
});

describe('a replace', () => {
  it('gives the same bytes back, comefrom set, counters 0', () => {
    expect(put(patched(BLOB, 96 + 96, 9), 4)).toBe('0');
    const { entries } = world.entries(driver, 'filter');
    expect(Buffer.from(entries).readUInt32LE(92)).toBe(2);
    expect(Buffer.from(entries).readBigUInt64LE(96)).toBe(0n);
    expect(Buffer.from(entries.subarray(0, 84))).toEqual(Buffer.from(BLOB.subarray(96, 96 + 84)));
  });

  it('succeeds when the old counters can not be given back', () => {
    const message = world.replaceMessage(BLOB, 4);
    world.memory.writeBigUInt64LE(0xffff_ffff_0000n, 0x1000 + 88);
    expect(driver.ask(message)).toBe(0);
    expect(world.info(driver, 'filter').entries).toBe(5);
  });

  it('that the data plane refuses leaves all as it was, and can be tried again', () => {
    expect(put(BLOB, 4)).toBe('0');
    world.nft.refuseNext = 'no';
    // Refused once for what may have been a wrong belief: looked again, and went through.
    expect(put(OTHER, 5)).toBe('0');
    expect(world.info(driver, 'filter').entries).toBe(6);
    expect(world.lines.some((line) => line.includes('looking at the kernel again'))).toBe(true);
  });

  it.each([
    ['before', 0],
    ['after', 0],
  ] as const)('whose nft was killed %s it committed', (when, status) => {
    expect(put(BLOB, 4)).toBe('0');
    world.nft.killNext = when;
    expect(driver.ask(world.replaceMessage(OTHER, 5))).toBe(status);
    expect(world.info(driver, 'filter').entries).toBe(6);
    expect(world.nft.chainsOf('fake_filter')?.filter((name) => name.startsWith('gen_'))).toEqual(['gen_2_i1']);
  });

  it.each([
    ['gives what was read before, when no packet has come since', 0, 1],
    ['reads the counters again, when one has come since', 1, 2],
  ])('%s', (_, packets, listings) => {
    expect(put(BLOB, 4)).toBe('0');
    world.nft.traffic('fake_filter', 10);
    expect(world.counters(driver, 'filter')[0]).toEqual({ packets: 1n, bytes: 10n });
    const before = world.nft.listings;
    for (let packet = 0; packet < packets; packet += 1) world.nft.traffic('fake_filter', 10);
    expect(put(OTHER, 5)).toBe('0');
    expect(world.nft.listings - before).toBe(listings - 1);
    const now = { packets: BigInt(1 + packets), bytes: BigInt(10 + 10 * packets) };
    expect(world.oldCounters(5).slice(0, 4)).toEqual([now, now, now, now]);
    expect(world.counters(driver, 'filter')[0]).toEqual({ packets: 0n, bytes: 0n });
  });

  it('reads a counter once more whose rule has gone, whatever the chains have let in', () => {
    expect(put(BLOB, 4)).toBe('0');
    expect(world.counters(driver, 'filter')[0]).toEqual({ packets: 0n, bytes: 0n });
    // one was on its way through the rules
    world.nft.late('fake_filter', 'r1', 10);
    expect(put(OTHER, 5)).toBe('0');
    expect(world.oldCounters(1)).toEqual([{ packets: 1n, bytes: 10n }]);
  });

  it('takes counters away that no rule uses any more', () => {
    expect(put(BLOB, 4)).toBe('0');
    expect(put(OTHER, 5)).toBe('0');
    expect(world.nft.countersOf('fake_filter')).toContain('r1');
    expect(put(BLOB, 6)).toBe('0');
    expect(world.nft.countersOf('fake_filter')).not.toContain('r1');
  });
});

describe("bpfilter's own options", () => {
  it('NAMES: tables in use, newest first', () => {
    expect(world.text(driver, 'NAMES')).toEqual({ status: 0, text: '' });
    for (const table of ['raw', 'filter', 'raw', 'nope', 'nat']) world.info(driver, table);
    expect(world.text(driver, 'NAMES').text).toBe('nat\nfilter\nraw\n');
    expect(world.text(world.connect('bb'), 'NAMES').text).toBe('nat\nfilter\nraw\n');
    expect(named(world.text(driver, 'NAMES', 5).status)).toBe('-EMSGSIZE');
  });

  it('STATUS: every table', () => {
    expect(put(OTHER, 4)).toBe('0');
    const { tables } = JSON.parse(world.text(driver, 'STATUS').text);
    expect(tables).toHaveLength(5);
    expect(tables[0]).toEqual({
      family: 'ipv4',
      name: 'filter',
      used: true,
      generation: 1,
      instance: 'i1',
      nftTable: 'fake_filter',
      carrier: { name: 'nft', reason: 'it is all there is' },
      rules: 2,
      entries: 6,
      bytes: OTHER.length - 96,
      inForce: true,
    });
    expect(tables[1]).toMatchObject({ name: 'nat', used: false, generation: 0, inForce: false });
  });
});

describe('a state folder that is not what it was', () => {
  const damage = (name: string) => writeFileSync(join(world.folder, name), 'garbage');
  beforeEach(() => {
    expect(put(BLOB, 4)).toBe('0');
    expect(
      named(
        driver.ask(
          world.addMessage(
            'filter',
            Array.from({ length: 5 }, () => ({ packets: 1n, bytes: 1n })),
          ),
        ),
      ),
    ).toBe('0');
    driver = world.connect();
  });

  it('table damaged: nothing is done to it until a reset', () => {
    damage('filter.table');
    expect(named(world.info(driver, 'filter').status)).toBe('-EBUSY');
    expect(put(OTHER, 5)).toBe('-EBUSY');
    expect(world.info(driver, 'nat').status).toBe(0);
    expect(JSON.parse(world.text(driver, 'STATUS').text).tables[0].problem).toContain('bpfilter reset');
    expect(named(driver.ask(world.resetMessage()))).toBe('0');
    expect(world.info(driver, 'filter').entries).toBe(4);
    expect(readdirSync(world.folder).sort()).toEqual(['epoch', 'tables']);
  });

  it("counters damaged: the kernel's own count from then on", () => {
    damage('filter.counters');
    world.nft.traffic('fake_filter', 10);
    expect(world.counters(driver, 'filter')[0]).toEqual({ packets: 1n, bytes: 10n });
    expect(readdirSync(world.folder)).toContain('filter.counters.corrupt-1');
  });

  it('order, journal and prepared table damaged: done without', () => {
    for (const name of ['tables', 'journal-aa', 'filter.next']) damage(name);
    expect(
      named(
        driver.ask(
          world.addMessage(
            'filter',
            Array.from({ length: 5 }, () => ({ packets: 1n, bytes: 1n })),
            true,
          ),
        ),
      ),
    ).toBe('0');
    expect(world.counters(driver, 'filter')[0]).toEqual({ packets: 2n, bytes: 2n });
    expect(world.text(driver, 'NAMES').text).toBe('filter\n');
  });

  it('rules gone: put back with the counters last known', () => {
    world.nft.flush();
    expect(world.counters(driver, 'filter')[0]).toEqual({ packets: 1n, bytes: 1n });
    expect(world.nft.chainsOf('fake_filter')).toContain('gen_1_i2');
    world.nft.traffic('fake_filter', 10);
    expect(world.counters(driver, 'filter')[0]).toEqual({ packets: 2n, bytes: 11n });
    world.nft.flush();
    // This driver has read the counters since.
    expect(world.counters(driver, 'filter')[0]).toEqual({ packets: 2n, bytes: 11n });
  });

  it('rules gone: left so by a driver that stands by, which knows less of their counters', () => {
    put(BLOB, 4);
    world.nft.traffic('fake_filter', 100);
    const before = world.counters(driver, 'filter');
    const standby = world.connect('aa');
    world.nft.commit({ nftables: [{ delete: { table: { family: 'ip', name: 'fake_filter' } } }] });
    expect(standby.ask(world.warmUpMessage())).toBe(0);
    expect(world.nft.hasTable('ip', 'fake_filter')).toBe(false);
    expect(world.counters(driver, 'filter')).toEqual(before);
  });

  it('a driver that stands by practises what is asked first, and leaves to the driver what is half done', () => {
    put(BLOB, 4);
    const { entries } = world.info(driver, 'filter');
    const left = join(world.folder, 'filter.table.tmp');
    writeFileSync(left, '');
    const standby = world.connect('aa');
    expect(standby.ask(world.warmUpMessage())).toBe(0);
    expect(ipv4.getinfo.read(world.memory, ADDRESS)).toMatchObject({ name: 'filter', num_entries: entries });
    expect(existsSync(left)).toBe(true);
    expect(world.info(standby, 'filter')).toMatchObject({ status: 0, entries });
    expect(existsSync(left)).toBe(false);
  });

  it('a health check leaves the memory that came with the request behind it', () => {
    const before = world.closed;
    const fresh = world.connect('aa');
    expect(world.closed).toBe(before);
    fresh.ask(world.warmUpMessage());
    expect(world.closed).toBe(before + 1);
  });

  it('single rules gone: all put back with their counters, before anything is answered', () => {
    world.nft.traffic('fake_filter', 10);
    world.nft.flushChain('fake_filter', 'all_1');
    expect(world.nft.traffic('fake_filter', 10)).toEqual([]);
    expect(world.counters(driver, 'filter')[0]).toEqual({ packets: 2n, bytes: 11n });
    expect(world.nft.traffic('fake_filter', 10)).not.toEqual([]);
    expect(world.counters(driver, 'filter')[0]).toEqual({ packets: 3n, bytes: 21n });
  });

  it.each([1, 12])('somebody changes other rules at the very moment of a change, %i times', (times) => {
    let left = times;
    const change = () => {
      world.nft.flushChain('another', 'chain');
      left -= 1;
      if (left > 0) world.nft.beforeNext = change;
    };
    world.nft.beforeNext = change;
    expect(put(OTHER, 5)).toBe('0');
    expect(world.nft.chainsOf('fake_filter')).toContain('all_2');
  });

  it('our rules go at the very moment of a change: all put back with their counters, then changed', () => {
    world.nft.traffic('fake_filter', 10);
    world.nft.beforeNext = () => world.nft.flushChain('fake_filter', 'all_1');
    const before = world.nft.documents;
    expect(put(OTHER, 5)).toBe('0');
    expect(world.nft.documents).toBe(before + 3);
    expect(world.nft.traffic('fake_filter', 10)).not.toEqual([]);
  });

  it("somebody else's change that takes none of ours away changes nothing", () => {
    const documents = world.nft.documents;
    world.nft.flushChain('another', 'chain');
    world.counters(driver, 'filter');
    expect(world.nft.documents).toBe(documents);
  });
});

const ones = Array.from({ length: 4 }, () => ({ packets: 1n, bytes: 1n }));

/** The driver dies once the counters it adds are in their file, before another driver can see that. */
function dieAddingOnes(victim = driver): void {
  world.info(victim, 'filter');
  victim.crash.arm(4, 'before');
  expect(() => victim.ask(world.addMessage('filter', ones))).toThrow('died');
}

describe('a replay', () => {
  it("of another request than the journal's is done anew", () => {
    const twos = ones.map(() => ({ packets: 2n, bytes: 2n }));
    dieAddingOnes();
    const heir = world.connect();
    // The same words, other counters behind them.
    expect(heir.ask(world.addMessage('filter', twos, true))).toBe(0);
    expect(world.counters(heir, 'filter')[0]?.packets).toBe(3n);
  });

  it("of the journal's own request is not", () => {
    dieAddingOnes();
    expect(driver.crash.steps.slice(-2)).toEqual(['replace filter.counters', 'bump 0']);
    const heir = world.connect();
    expect(heir.ask(world.addMessage('filter', ones, true))).toBe(0);
    expect(world.counters(heir, 'filter')[0]?.packets).toBe(1n);
  });

  it('of a request that is word for word the one before it is done: that one was answered', () => {
    world.info(driver, 'filter');
    // It answers and dies before it forgets the journal; the next request goes into its pipe all the same.
    driver.crash.arm(5, 'before');
    world.sequence = 1n;
    expect(driver.ask(world.addMessage('filter', ones))).toBe(0);
    expect([driver.crash.dead, driver.crash.steps.at(-1)]).toEqual([true, 'set aside journal-aa']);
    const heir = world.connect();
    world.sequence = 2n;
    expect(heir.ask(world.addMessage('filter', ones, true))).toBe(0);
    expect(world.counters(heir, 'filter')[0]?.packets).toBe(2n);
  });

  it('counts as new once another request came in between', () => {
    dieAddingOnes();
    const heir = world.connect();
    expect(heir.ask(world.addMessage('filter', ones))).toBe(0);
    expect(world.counters(heir, 'filter')[0]?.packets).toBe(2n);
  });
});

describe('a journal', () => {
  it('is dropped by the next request, so that no later death can bring it back', () => {
    dieAddingOnes();
    // The caller was killed, too: nobody replays. The same comes again, as a new request.
    const heir = world.connect();
    heir.crash.arm(3, 'before');
    expect(() => heir.ask(world.addMessage('filter', ones))).toThrow('died');
    const third = world.connect();
    expect(third.ask(world.addMessage('filter', ones, true))).toBe(0);
    expect(world.counters(third, 'filter')[0]?.packets).toBe(2n);
  });

  it('of a shim that was killed, too, goes a minute later; of one that may be alive it stays', () => {
    // one more than the largest number that a process can have
    const pid = 4_194_304;
    const client = clientName(pid, '0123456789abcdef');
    const socket = join(world.folder, shimSocketName(pid));
    const journal = join(world.folder, `journal-${client}`);
    const isThereFor = (heir: Connection) => {
      world.info(heir, 'filter');
      return existsSync(journal);
    };
    dieAddingOnes(world.connect(client));
    expect(isThereFor(world.connect())).toBe(true);
    const aMinuteAgo = Date.now() / 1000 - 61;
    utimesSync(journal, aMinuteAgo, aMinuteAgo);
    writeFileSync(socket, '');
    expect(isThereFor(world.connect())).toBe(true);
    rmSync(socket);
    const heir = world.connect();
    expect(isThereFor(heir)).toBe(false);
    expect(world.counters(heir, 'filter')[0]?.packets).toBe(1n);
  });

  it('stays, however old, where there is a process with the number of its shim', () => {
    const client = clientName(process.pid, '0123456789abcdef');
    const journal = join(world.folder, `journal-${client}`);
    dieAddingOnes(world.connect(client));
    utimesSync(journal, 0, 0);
    world.info(world.connect(), 'filter');
    expect(existsSync(journal)).toBe(true);
  });
});

it('a reset that the kernel refuses leaves rules and state', () => {
  expect(put(BLOB, 4)).toBe('0');
  world.nft.refuseNext = 'no';
  expect(named(driver.ask(world.resetMessage()))).toBe('-EIO');
  expect(readdirSync(world.folder)).not.toContain('resetting');
  expect(world.info(driver, 'filter').entries).toBe(5);
  expect(world.info(world.connect('bb'), 'filter').entries).toBe(5);
  expect(put(OTHER, 5)).toBe('0');
});

it('an exception that nobody expected is EFAULT, logged with its stack, and the next request is served', () => {
  driver.crash.failAt(1, () => {
    throw new TypeError('a bug');
  });
  expect(put(BLOB, 4)).toBe('-EFAULT');
  expect(world.lines.at(-1)).toMatch(/unexpected: TypeError: a bug\n +at /);
  driver.crash.arm(0, 'before');
  expect(world.info(driver, 'filter')).toMatchObject({ status: 0, entries: 4 });
  expect(put(BLOB, 4)).toBe('0');
});

it('a request with an address past all memory is a fault', () => {
  const message = new Uint8Array(24);
  encodeRequest(new DataView(message.buffer), {
    addr: 2n ** 64n - 1n,
    len: 84,
    is_set: 0,
    cmd: composeCommand(0, 64),
    pid: 1,
  });
  expect(named(driver.ask(message))).toBe('-EFAULT');
});
