import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import type { Drill } from './drill.ts';
import { forkLimit, whyNoForkLimit } from './fork-limit.ts';
import { type NftMode, NftWrapper } from './nft-wrapper.ts';
import { isAlive, killHard } from './processes.ts';

const programPath = `${process.env.PATH}:/usr/sbin:/sbin`;

/** Why a program can't be used; undefined when it can. */
function whyNoProgram(program: string, ...args: readonly string[]): string | undefined {
  const tried = spawnSync(program, args, { encoding: 'utf8', env: { ...process.env, PATH: programPath } });
  if (tried.status === 0) return undefined;
  return `${program}: ${tried.error?.message ?? tried.stderr.trim()}`;
}

export const nftKilled: Drill = {
  name: 'nft-killed',
  what: 'rules go by the nft program, which is killed before or after it has done its work',
  whyNot: () => whyNoProgram('nft', '--version'),
  prepare: (folder) => new NftWrapper(folder).environment,
  async attack({ arena, random, stopped, pause, struck }) {
    const wrapper = new NftWrapper(arena.folder);
    while (!stopped()) {
      await pause(random.below(300));
      const mode: NftMode = random.below(2) === 0 ? 'is killed before' : 'is killed after';
      arena.disturb();
      wrapper.mode = mode;
      await pause(50 + random.below(150));
      wrapper.mode = 'works';
      struck();
      arena.calm();
    }
    wrapper.mode = 'works';
  },
  // What it has done before it was killed is seen, so a refusal is one.
  judge: ({ disturbed }) => (disturbed ? 'refused' : 'fault'),
};

const diskSize = '4m';

export const diskFull: Drill = {
  name: 'disk-full',
  what: 'the disk that holds the state is full now and then',
  mounts: true,
  prepare(folder) {
    const base = path.join(folder, 'base');
    const reason = whyNoProgram('mount', '-t', 'tmpfs', '-o', `size=${diskSize},mode=700`, 'bpfilter-drill', base);
    if (reason !== undefined) throw new Error(`no small disk: ${reason}`);
    return {};
  },
  async attack({ arena, random, stopped, pause, struck }) {
    const file = path.join(arena.base, 'ballast');
    while (!stopped()) {
      await pause(200 + random.below(400));
      arena.disturb();
      fill(file);
      await pause(100 + random.below(400));
      fs.rmSync(file, { force: true });
      struck();
      arena.calm();
    }
  },
  // Who was given a replace has room for the counters that iptables then adds: what fails has done nothing.
  judge: ({ disturbed }) => (disturbed ? 'refused' : 'fault'),
};

/** Writes until there is no room. */
function fill(file: string): void {
  const fd = fs.openSync(file, 'w', 0o600);
  try {
    for (const size of [1 << 16, 512, 1]) {
      const bytes = new Uint8Array(size);
      for (;;) {
        try {
          if (fs.writeSync(fd, bytes) < size) break;
        } catch {
          break;
        }
      }
    }
  } finally {
    fs.closeSync(fd);
  }
}

/** Bytes of what a driver has mapped that it may keep mapped: nothing can be added. */
const fewBytes = 1 << 20;
const limitedMs = 2_000;

export const memoryLimit: Drill = {
  name: 'memory-limit',
  what: 'the driver gets no more memory (RLIMIT_AS, RLIMIT_DATA)',
  whyNot: () => whyNoProgram('prlimit', '--version'),
  async attack({ arena, random, stopped, pause, struck }) {
    while (!stopped()) {
      await pause(random.below(300));
      const [driver] = arena.drivers;
      if (driver === undefined) continue;
      arena.disturb();
      const limits = [`--as=${fewBytes}:`, `--data=${fewBytes}:`];
      if (arena.run('prlimit', '--pid', String(driver), ...limits).status === 0) struck();
      const end = performance.now() + limitedMs;
      while (!stopped() && isAlive(driver) && performance.now() < end) await pause(20);
      if (isAlive(driver)) arena.run('prlimit', '--pid', String(driver), '--as=unlimited:', '--data=unlimited:');
      arena.calm();
    }
  },
  // The replace may be done and the request that adds the old counters refused.
  judge: ({ disturbed }) => (disturbed ? 'cut off' : 'fault'),
  countersMayGo: 'no memory was left when iptables added the old ones',
};

export const forkFailure: Drill = {
  name: 'fork-failure',
  what: 'the shim can start no process (RLIMIT_NPROC, or a pids cgroup), and its drivers are killed',
  whyNot: whyNoForkLimit,
  async attack({ arena, random, stopped, pause, struck }) {
    const limit = forkLimit();
    if (limit === undefined) throw new RangeError('forks can be forbidden no more');
    try {
      while (!stopped()) {
        await pause(200 + random.below(400));
        const { shim, drivers } = arena;
        // Without the driver alone its standby goes on, and nobody fails.
        const victims = random.below(3) === 0 ? drivers.slice(0, 1) : drivers;
        arena.disturb();
        limit.forbid(shim);
        if (victims.map((driver) => killHard(driver)).includes(true)) struck();
        await pause(100 + random.below(400));
        limit.allow(shim);
        arena.calm();
      }
    } finally {
      limit.close();
    }
  },
  // A driver may be killed when it has done its work, and no successor can tell so.
  judge: ({ disturbed }) => (disturbed ? 'cut off' : 'fault'),
  countersMayGo: 'no driver could be started when iptables added the old ones',
};
