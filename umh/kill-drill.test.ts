import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { ipv4 } from '../protocol/family.ts';
import { composeCommand } from '../protocol/mbox.ts';
import { xt_counters_info } from '../protocol/x-tables.ts';
import { entry, filter, ip, standard, verdicts } from '../rules/blob/testing/raw-blob.ts';
import { addressOf } from '../sys/koffi.ts';
import type { RealDriver } from './testing/real-driver.ts';
import { useRealDrivers } from './testing/use-real-drivers.ts';

/** Real drivers, killed at any moment while they serve; their shim replays what was in flight. */

const rule = (source: number) => entry({ ip: ip({ source }), target: standard(verdicts.accept) });
const BLOB = filter({ input: [rule(1), rule(2)] });
const ENTRIES = 6;
const ROUNDS = 24;

const drivers = useRealDrivers();
let driver: RealDriver;
let transport: string;

function start(): void {
  driver = drivers.start({ environment: { BPFILTER_TRANSPORT: transport } });
  expect(driver.ask(0, false)).toBe(0);
}

/** One setsockopt whose driver is killed after so many milliseconds, if it still works then; replayed until it is answered. */
async function carry(option: number, argument: Uint8Array, killAfter: number): Promise<number> {
  for (let replay = false; ; replay = true) {
    driver.send(composeCommand(0, option, replay), true, argument);
    if (!replay) {
      await sleep(killAfter);
      driver.kill();
      await once(driver.process, 'exit');
    }
    const status = driver.receive();
    if (!replay) {
      driver.close();
      start();
    }
    if (status !== undefined) return status;
  }
}

it.each(['netlink', 'exec'])('over %s counters are added exactly once, however often the driver dies', async (way) => {
  transport = way;
  start();
  expect(driver.replace(BLOB, Buffer.alloc(64))).toBe(0);
  const argument = Buffer.alloc(xt_counters_info.size + 16 * ENTRIES);
  xt_counters_info.write({ name: 'filter', num_counters: ENTRIES }, argument);
  for (let i = 0; i < ENTRIES; i++) argument.writeBigUInt64LE(1n, xt_counters_info.size + 16 * i);
  for (let round = 1; round <= ROUNDS; round++) {
    expect(await carry(ipv4.set.addCounters, argument, round / 4)).toBe(0);
    expect(driver.packets('filter').packets).toEqual(Array.from({ length: ENTRIES }, () => BigInt(round)));
  }
  // And a replace hands over what there is, once, and starts at 0.
  const room = Buffer.alloc(16 * ENTRIES);
  const blob = Buffer.from(BLOB);
  blob.writeUInt32LE(ENTRIES, ipv4.replace.offsets.num_counters);
  blob.writeBigUInt64LE(addressOf(room), ipv4.replace.offsets.counters);
  for (let round = 1; round <= ROUNDS; round++) {
    expect(await carry(ipv4.set.replace, blob, round)).toBe(0);
    const given = Array.from({ length: ENTRIES }, (_, i) => room.readBigUInt64LE(16 * i));
    expect(given, `replace ${round}`).toEqual(given.map(() => (round === 1 ? BigInt(ROUNDS) : 7n)));
    expect(driver.packets('filter').packets).toEqual(given.map(() => 0n));
    expect(
      driver.add(
        'filter',
        given.map(() => 7n),
      ),
    ).toBe(0);
  }
  expect(drivers.log()).not.toMatch(/unexpected|corrupt|can't be believed/);
  const markers = drivers.nft('list', 'chains').match(/gen_\d+/g);
  expect(markers).toEqual([`gen_${ROUNDS + 1}`]);
});
