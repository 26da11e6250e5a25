import { once } from 'node:events';
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { errno } from '../protocol/errno.ts';
import { ipv4 } from '../protocol/family.ts';
import { composeCommand } from '../protocol/mbox.ts';
import { entry, filter, ip, standard, verdicts } from '../rules/blob/testing/raw-blob.ts';
import type { RealDriver } from './testing/real-driver.ts';
import { useRealDrivers } from './testing/use-real-drivers.ts';

/** nft processes that hang, die, refuse, or outlive the driver that started them. */

const rule = (source: number) => entry({ ip: ip({ source }), target: standard(verdicts.accept) });
const BLOB = filter({ input: [rule(1), rule(2)] });
const OTHER = filter({ input: [rule(2)] });

const drivers = useRealDrivers();
const { log } = drivers;

/** A file that such an nft makes when it begins to change something. */
const STARTED = 'odd-nft-started';

/** An nft that does `onCommit` when it is to change something, and else is nft. */
function oddNft(onCommit: string): string {
  const path = join(drivers.folder, 'odd-nft');
  writeFileSync(
    path,
    `#!/bin/sh\ncase "$*" in *-f*) >'${join(drivers.folder, STARTED)}'; ${onCommit};; esac\nexec nft "$@"\n`,
  );
  chmodSync(path, 0o755);
  return path;
}
function start(nft?: string, client = 'aa'): RealDriver {
  const environment = { BPFILTER_TRANSPORT: 'exec', ...(nft === undefined ? {} : { BPFILTER_NFT: nft }) };
  return drivers.start({ client, environment });
}
const old = (entries: number) => Buffer.alloc(16 * entries, 0xee);
const markers = () => drivers.nft('list', 'chains').match(/gen_\d+/g);

/** Puts BLOB in force, then has a driver die while `onCommit` runs for OTHER; gives what the replay needs: the caller's argument, and its room for counters. */
async function dieDuring(onCommit: string): Promise<{ room: Buffer; argument: Uint8Array }> {
  const first = start();
  expect(first.replace(BLOB, old(4))).toBe(0);
  expect(first.add('filter', [1n, 2n, 3n, 4n, 5n, 6n])).toBe(0);
  first.kill();
  await once(first.process, 'exit');
  const second = start(oddNft(onCommit));
  expect(second.info('filter').status).toBe(0);
  const room = old(6);
  const argument = second.sendReplace(OTHER, room);
  const started = join(drivers.folder, STARTED);
  for (let tries = 0; tries < 1000 && !existsSync(started); tries += 1) await sleep(10);
  second.kill();
  await once(second.process, 'exit');
  return { room, argument };
}

describe('an nft that outlives its driver', () => {
  it('commits late: the successor waits for it, and the replay is answered as done', async () => {
    const { room, argument } = await dieDuring('sleep 1');
    expect(markers()).toEqual(['gen_1']);
    const heir = start();
    expect(heir.ask(composeCommand(0, ipv4.set.replace, true), true, argument)).toBe(0);
    expect([0, 1, 2, 3, 4, 5].map((i) => room.readBigUInt64LE(16 * i))).toEqual([1n, 2n, 3n, 4n, 5n, 6n]);
    expect(markers()).toEqual(['gen_2']);
    expect(heir.packets('filter').packets).toEqual([0n, 0n, 0n, 0n, 0n]);
    expect(log()).toContain('had come into force, finishing it');
  });

  it('hangs: it is killed, and the old table stays', async () => {
    await dieDuring('sleep 60');
    const heir = start(undefined, 'bb');
    const begin = performance.now();
    expect(heir.packets('filter')).toEqual({ status: 0, packets: [1n, 2n, 3n, 4n, 5n, 6n] });
    expect(performance.now() - begin).toBeLessThan(8000);
    expect(markers()).toEqual(['gen_1']);
    expect(log()).toMatch(/killed nft process \d+/);
    expect(log()).toContain("didn't come into force, forgotten");
  });

  it('belongs to a driver that lives: nobody kills it', async () => {
    const slow = start(oddNft('sleep 3'));
    expect(slow.info('filter').status).toBe(0);
    slow.sendReplace(BLOB, old(4));
    await sleep(200);
    const other = start(undefined, 'bb');
    expect(other.info('filter').entries).toBe(6);
    expect(slow.receive()).toBe(0);
    expect(log()).not.toContain('killed');
  });
});

describe('an nft that ends oddly', () => {
  it.each([
    ['is killed before it commits', 'kill -9 $$', -errno.EIO, 4],
    ['is killed after it committed', 'nft "$@"; kill -9 $$', 0, 6],
    ['refuses', 'echo "Error: Could not process rule: Too many links" >&2; exit 1', -errno.EMLINK, 4],
    ['refuses without a word', 'exit 3', -errno.EIO, 4],
  ])('%s', (_name, onCommit, status, entries) => {
    const driver = start(oddNft(onCommit));
    expect(driver.replace(BLOB, old(4))).toBe(status);
    expect(driver.info('filter')).toMatchObject({ status: 0, entries });
    expect(driver.packets('filter').status).toBe(0);
    const sound = start(undefined, 'bb');
    expect(sound.replace(OTHER, old(entries))).toBe(0);
    expect(driver.info('filter').entries).toBe(5);
  });
});
