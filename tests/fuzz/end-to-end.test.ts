import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ipv4 } from '../../protocol/family.ts';
import { parseReplace } from '../../rules/blob/parse.ts';
import { blobCases } from '../../rules/blob/testing/cases.ts';
import { filter, plain, verdicts } from '../../rules/blob/testing/raw-blob.ts';
import { validateReplace } from '../../rules/blob/validate.ts';
import * as registry from '../../rules/registry.ts';
import { bundleDriver, Namespace, RealDriver } from '../../umh/testing/real-driver.ts';
import { randomFrom } from '../harness/random.ts';
import { titled } from '../harness/ways.ts';
import { mutate } from './mutate.ts';
import { validBlob } from './valid-blob.ts';

const reason = process.getuid?.() === 0 ? undefined : 'not root';
const requests = 300;

/** Whether it is, with the right number of counters, which is put in when it is sent. */
function isRefused(blob: Uint8Array): boolean {
  const sent = Buffer.from(blob);
  if (sent.length < ipv4.replace.size) return false;
  sent.writeUInt32LE(5, ipv4.replace.offsets.num_counters);
  try {
    validateReplace(parseReplace(sent), { registry });
    return false;
  } catch {
    return true;
  }
}

describe.skipIf(reason !== undefined)(titled('bad requests to the real driver', reason), () => {
  let folder: string;
  let namespace: Namespace;
  let driver: RealDriver;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bpfilter-test-'));
    namespace = new Namespace();
    driver = new RealDriver({ bundle: await bundleDriver(folder), folder, namespace });
  });
  afterAll(async () => {
    driver.close();
    if (driver.process.exitCode === null) await once(driver.process, 'exit');
    namespace.close();
    rmSync(folder, { recursive: true });
  });

  it('leave the tables, the rules in force and the driver as they were', () => {
    const random = randomFrom(9);
    const ruleset = () => namespace.run('nft', '-j', 'list', 'ruleset').stdout;
    expect(driver.replace(filter({ input: [plain(verdicts.drop)] }), Buffer.alloc(64))).toBe(0);
    const [before, pid] = [ruleset(), driver.pid];
    expect(before).toContain('bpfilter_filter');
    const packets = driver.packets('filter');
    const bad = [
      ...blobCases.map(({ blob }) => blob).filter(isRefused),
      ...Array.from({ length: requests }, () => mutate(validBlob(random), random)).filter(isRefused),
    ];
    expect(bad.length).toBeGreaterThan(requests / 2);
    const old = Buffer.alloc(16 * 5, 0xee);
    for (const blob of bad) expect(driver.replace(blob, old)).toBeLessThan(0);
    expect(old).toEqual(Buffer.alloc(16 * 5, 0xee));
    expect(ruleset()).toBe(before);
    expect(driver.packets('filter')).toEqual(packets);
    expect([driver.pid, driver.process.exitCode]).toEqual([pid, null]);
    expect(readFileSync(join(folder, 'log'), 'utf8')).not.toContain('unexpected');
  });

  it('a forged pid reaches nobody else: the driver works on the memory that was passed', () => {
    const own = driver.info('filter');
    for (const pid of [1, 0, driver.pid, 0xffffffff]) {
      driver.callerPid = pid;
      expect(driver.info('filter')).toEqual(own);
    }
    driver.callerPid = process.pid;
  });
});
