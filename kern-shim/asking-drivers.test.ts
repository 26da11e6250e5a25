import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { errno } from '../protocol/errno.ts';
import type { MboxRequest } from '../protocol/mbox.ts';
import { BPF_MAP_TYPE_ARRAY, createMap } from '../sys/bpf/map.ts';
import { mapInfo } from '../sys/bpf/map-info.ts';
import { isBpfCapable } from '../sys/bpf-capable.ts';
import { closeFd } from '../sys/descriptor.ts';
import { koffiPath } from '../sys/koffi.ts';
import { POLLIN, poll } from '../sys/poll.ts';
import { bundle } from '../sys/testing/isolated.ts';
import { DriverProcess } from './driver-process.ts';
import { type Log, openLog } from './log.ts';
import { MapDesks } from './map-desk.ts';
import { BpfilterModule, type ModuleOptions } from './module.ts';
import { errnoOfCall } from './testing/errno-of-call.ts';
import { fileMaps } from './testing/file-maps.ts';
import { spawnHere } from './testing/spawn-here.ts';
import { nodeInterpreter, UsermodeDriver } from './usermode-driver.ts';

/** What `len` makes this driver do: ask for the map with that id, and answer what the desk says. */
const asksForMore = 1001;
const asksForEver = 1002;
/** The request to learn the tables: it asks for map 7, and then is done, or asks on where a file tells it to. */
const warmUp: MboxRequest = { addr: 0n, len: 7, is_set: 0, cmd: 4, pid: 0 };

const driverText = (folder: string): string => `
  const fs = require('node:fs');
  const sleep = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
  function ask(bytes) {
    const answer = Buffer.alloc(4);
    try {
      fs.writeSync(5, bytes);
      for (;;) {
        try {
          return fs.readSync(5, answer) === 4 ? answer.readInt32LE(0) : -4000;
        } catch (error) {
          if (error.code !== 'EAGAIN') throw error;
          sleep();
        }
      }
    } catch (error) {
      return error.errno;
    }
  }
  function mapOf(id) {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(id);
    return bytes;
  }
  const request = Buffer.alloc(24);
  const reply = Buffer.alloc(4);
  while (fs.readSync(0, request, 0, 24, null) === 24) {
    const [length, command] = [request.readUInt32LE(8), request.readUInt32LE(16)];
    let status = 0;
    if (command === 4) {
      status = ask(mapOf(length));
      fs.writeFileSync('${folder}/warm', String(status));
      while (fs.existsSync('${folder}/loud')) ask(mapOf(length));
    }
    else if (length === ${asksForMore}) status = ask(Buffer.alloc(9));
    else if (length === ${asksForEver}) for (;;) ask(mapOf(7));
    else if (command !== 0) status = ask(mapOf(length));
    reply.writeInt32LE(status, 0);
    fs.writeSync(1, reply);
  }`;

let folder: string;
let log: Log;
let desks: MapDesks;
const modules: BpfilterModule[] = [];

const options = () => ({
  interpreter: nodeInterpreter,
  env: {},
  log,
  deadlines: { start: 5_000, request: () => 600, stopped: 150, startPause: 10_000 },
  now: () => performance.now(),
  desks,
});
const blob = (): Uint8Array => Buffer.from(driverText(folder));

function newModule(more: Pick<ModuleOptions, 'standby'> = {}): BpfilterModule {
  const newDriver = () => new UsermodeDriver('asking_umd', spawnHere);
  const module = new BpfilterModule({ ...options(), newDriver, blob, attempts: 2, ...more });
  modules.push(module);
  return module;
}

const asking = (len: number): MboxRequest => ({ addr: 0n, len, is_set: 0, cmd: 64, pid: 1 });

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bpfilter-asking-'));
  log = openLog(path.join(folder, 'log'));
  desks = new MapDesks(fileMaps);
});

afterEach(() => {
  for (const module of modules.splice(0)) module.unload();
  desks.close();
  fs.closeSync(log.fd);
  fs.rmSync(folder, { recursive: true });
});

/** What the serving thread does between requests. */
function idle(module: BpfilterModule, isOver: () => boolean): void {
  for (const end = performance.now() + 5_000; performance.now() < end && !isOver(); ) {
    if (poll([{ fd: desks.fd, events: POLLIN }], 5)[0] !== 0) desks.serve();
    module.tend(true);
  }
}

// The file is there before what it holds.
const isWarm = (): boolean => (fs.statSync(path.join(folder, 'warm'), { throwIfNoEntry: false })?.size ?? 0) > 0;

describe('a driver asks for maps', () => {
  test('while it works on a request', () => {
    const module = newModule();
    expect(module.request(asking(7), undefined)).toBe(0);
    expect(module.request(asking(13), undefined)).toBe(-errno.EPERM);
    expect(module.request(asking(404), undefined)).toBe(-errno.ENOENT);
    expect(module.request(asking(asksForMore), undefined)).toBe(-errno.EINVAL);
    expect(module.status()).toMatchObject({ restarts: 0, failures: 0 });
  });

  test('while it stands by, between requests', () => {
    const module = newModule({ standby: { afterMs: 0, warmUp } });
    module.load();
    idle(module, isWarm);
    expect(fs.readFileSync(path.join(folder, 'warm'), 'latin1')).toBe('0');
  });

  test('while it stands by and must take over', () => {
    const module = newModule({ standby: { afterMs: 0, warmUp } });
    module.load();
    module.tend(true);
    const { standby } = module.status();
    module.killDriver();
    expect(module.request(asking(7), undefined)).toBe(0);
    expect(module.status()).toMatchObject({ pid: standby, failures: 0 });
    expect(isWarm()).toBe(true);
  });

  test('and goes on for ever: its request ends in time', () => {
    const module = newModule();
    module.load();
    const start = performance.now();
    expect(errnoOfCall(() => module.request(asking(asksForEver), undefined))).toBe(errno.ETIMEDOUT);
    // Two drivers, each for its deadline and a start.
    expect(performance.now() - start).toBeLessThan(8_000);
    expect(module.request(asking(7), undefined)).toBe(0);
  });

  test('and goes on for ever while another works: that one’s requests are answered', () => {
    fs.writeFileSync(path.join(folder, 'loud'), '');
    const module = newModule({ standby: { afterMs: 0, warmUp } });
    module.load();
    idle(module, isWarm);
    const before = module.status();
    for (let round = 0; round < 50; round += 1) expect(module.request(asking(13), undefined)).toBe(-errno.EPERM);
    expect(module.status()).toMatchObject({ pid: before.pid, standby: before.standby, failures: 0, deaths: 0 });
  });

  test('and goes on for ever: another one that is stopped is noticed no later for it', () => {
    const driver = new UsermodeDriver('asking_umd', spawnHere);
    driver.loadBlob(blob());
    const loud = new DriverProcess({ ...options(), driver });
    try {
      loud.awaitPosted();
      loud.post(asking(asksForEver), 'a question without end');
      const module = newModule();
      module.load();
      process.kill(module.status().pid ?? 0, 'SIGSTOP');
      expect(module.request(asking(7), undefined)).toBe(0);
      expect(fs.readFileSync(log.path, 'utf8')).toContain('the driver is stopped');
    } finally {
      loud.destroy();
      driver.unloadBlob();
    }
  });
});

const reason = isBpfCapable() ? '' : " (skipped: this process isn't capable of BPF)";

/** Asks the driver of a shim's own: a process, since Workers of TypeScript can't be started here. */
function askThroughModules(backend: string, isCapable: boolean, ids: readonly number[]): string {
  const file = (name: string, text: string): string => {
    const written = path.join(folder, name);
    fs.writeFileSync(written, text);
    return written;
  };
  const blobFile = file('driver.cjs', driverText(folder));
  file('spawner-worker.cjs', bundle("import '../kern-shim/spawner/spawner-worker.ts'", 'cjs'));
  const main = `
    import { Modules } from '../kern-shim/modules.ts';
    import { CAP_BPF, readCaps, setCaps } from './capability.ts';
    const left = readCaps('self').effective & ~(1n << BigInt(CAP_BPF));
    if (!${isCapable}) setCaps({ effective: left, permitted: left, inheritable: 0n });
    const [base, blobFile, ...ids] = process.argv.slice(2) as [string, string, ...string[]];
    const modules = new Modules({ base, blobFile, koffiFile: ${JSON.stringify(koffiPath())}, client: 'aa', verboseFd: undefined });
    const { module } = modules.forOwn();
    const ask = (id: string) => module.request({ addr: 0n, len: Number(id), is_set: 0, cmd: 64, pid: 1 }, undefined);
    process.stdout.write(ids.map(ask).join(' '));
    modules.close();`;
  const args = [file('main.mjs', bundle(main, 'esm')), folder, blobFile, ...ids.map(String)];
  const env = { ...process.env, BPFILTER_BACKEND: backend, BPFILTER_KOFFI: koffiPath(), NODE_OPTIONS: '' };
  const ran = spawnSync(process.execPath, args, { encoding: 'utf8', env });
  return ran.stdout + ran.stderr;
}

describe.skipIf(reason !== '')(`drivers and maps of the kernel${reason}`, () => {
  test.each([
    { backend: 'auto', shim: 'that may use BPF', isCapable: true, ours: 0, foreign: -errno.EPERM },
    { backend: 'nft', shim: 'that may use BPF', isCapable: true, ours: 0, foreign: -errno.EPERM },
    { backend: 'auto', shim: 'that may not', isCapable: false, ours: -errno.EPIPE, foreign: -errno.EPIPE },
  ])('--backend $backend, a shim $shim: its driver asks for a map of ours and for somebody else’s', (row) => {
    const maps = ['bpfilter_asked', 'other_asked'].map((name) =>
      createMap({ type: BPF_MAP_TYPE_ARRAY, keySize: 4, valueSize: 8, maxEntries: 1, name }),
    );
    try {
      const statuses = askThroughModules(
        row.backend,
        row.isCapable,
        maps.map((map) => mapInfo(map).id),
      );
      expect(statuses).toBe(`${row.ours} ${row.foreign}`);
    } finally {
      for (const map of maps) closeFd(map);
    }
  });
});
