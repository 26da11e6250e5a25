import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { bundleDriver, Namespace, RealDriver, type RealDriverOptions } from './real-driver.ts';

/** What each test of a file has for its drivers. */
export interface RealDrivers {
  /** The state folder, fresh for each test. */
  readonly folder: string;
  /** Fresh for each test, too. */
  readonly namespace: Namespace;
  /** Starts a driver on that state, in that namespace, or as `options` say; it ends with the test. */
  start(options?: Partial<RealDriverOptions>): RealDriver;
  /** Lines that drivers have logged. */
  log(): string;
  nft(...args: readonly string[]): string;
}

/** Bundles the driver once for the tests of a file, and cleans up behind each. */
export function useRealDrivers(): RealDrivers {
  let bundle = '';
  let folder = '';
  let namespace: Namespace | undefined;
  const drivers: RealDriver[] = [];
  const build = mkdtempSync(join(tmpdir(), 'umh-build-'));
  const present = (): Namespace => {
    if (namespace === undefined) throw new Error('only in a test');
    return namespace;
  };

  beforeAll(async () => {
    bundle = await bundleDriver(build);
  });
  afterAll(() => rmSync(build, { recursive: true }));
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'umh-state-'));
    namespace = new Namespace();
  });
  afterEach(async () => {
    for (const driver of drivers.splice(0)) {
      driver.close();
      if (driver.process.exitCode === null && driver.process.signalCode === null) await once(driver.process, 'exit');
    }
    namespace?.close();
    rmSync(folder, { recursive: true });
  });

  return {
    get folder() {
      return folder;
    },
    get namespace() {
      return present();
    },
    start(options = {}) {
      const driver = new RealDriver({ bundle, folder, namespace: present(), ...options });
      drivers.push(driver);
      return driver;
    },
    log: () => readFileSync(join(folder, 'log'), 'utf8'),
    nft: (...args) => present().run('nft', ...args).stdout,
  };
}
