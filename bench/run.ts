import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import { driversOf } from '../drills/processes.ts';
import { koffiPath } from '../sys/koffi.ts';
import { median, type Sample } from './measure.ts';

/**
 * Whole commands and one-call round trips: native ip_tables, below the shim with BPF, with nftables over netlink and over
 * nft, iptables-nft and plain nft, side by side in one run, each in a fresh network namespace. Ratios are to native.
 */
const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'bpfilter-bench-'));
const shim = path.resolve('dist/bpfilter');
const sizes = process.argv.includes('--large') ? [100, 1_000, 10_000, 100_000] : [100, 1_000, 10_000];

const TMPFS_MAGIC = 0x01021994; // linux/magic.h

/** In memory, as /run is nearly everywhere, where state is kept unless told otherwise. */
function stateFolder(): string {
  for (const folder of ['/run', '/dev/shm']) {
    try {
      if (fs.statfsSync(folder).type === TMPFS_MAGIC) return fs.mkdtempSync(path.join(folder, 'bpfilter-bench-'));
    } catch {
      // not there, or not ours to write
    }
  }
  const folder = fs.mkdtempSync(path.join(temporary, 'state-'));
  console.log(`state on disk, in ${folder}: whole commands take longer than with /run in memory`);
  return folder;
}

// `dist/bpfilter` hides it from node; `node -e 0` is to be compared with that.
delete process.env.NODE_EXTRA_CA_CERTS;
const env = { ...process.env, BPFILTER_BASE: stateFolder(), BPFILTER_KOFFI: koffiPath() };

await build({
  entryPoints: ['bench/commands.ts', 'bench/round-trip.ts'],
  bundle: true,
  platform: 'node',
  format: 'cjs',
  outdir: temporary,
  outExtension: { '.js': '.cjs' },
  define: { 'import.meta.url': 'undefined' },
});

type Way = 'native' | 'BPF' | 'netlink' | 'exec' | 'iptables-nft' | 'plain nft';
const waysOfCommands: readonly Way[] = ['native', 'BPF', 'netlink', 'exec', 'iptables-nft', 'plain nft'];
/** Through nft a table of more rules takes minutes. */
const MOST_OVER_EXEC = 10_000;
const kinds: Readonly<Record<Way, string>> = {
  native: 'legacy',
  BPF: 'legacy',
  netlink: 'legacy',
  exec: 'legacy',
  'iptables-nft': 'nft',
  'plain nft': 'plain',
};

/** What the ways below a shim ask of it. */
const choices: Partial<Readonly<Record<Way, NodeJS.ProcessEnv>>> = {
  BPF: { BPFILTER_BACKEND: 'bpf', BPFILTER_TRANSPORT: 'netlink' },
  netlink: { BPFILTER_BACKEND: 'nft', BPFILTER_TRANSPORT: 'netlink' },
  exec: { BPFILTER_BACKEND: 'nft', BPFILTER_TRANSPORT: 'exec' },
};

/** Each way's rules in its own syntax. */
function ruleFile(way: Way): string {
  return path.join(temporary, `rules-${kinds[way]}`);
}

function inNamespace(way: Way, args: readonly string[]): string {
  const chosen = choices[way];
  const below = chosen === undefined ? [] : [shim, 'run', '--'];
  const result = spawnSync('unshare', ['--net', ...below, ...args], {
    env: { ...env, ...chosen },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (result.status !== 0) throw new Error(`${way} ${args.join(' ')}: ${result.stderr}`);
  return result.stdout;
}

function samplesOf(way: Way, script: string, args: readonly string[] = []): readonly Sample[] {
  return JSON.parse(inNamespace(way, [process.execPath, path.join(temporary, script), ...args])) as Sample[];
}

function show(name: string, values: readonly (number | undefined)[]): void {
  const [native] = values;
  const cells = values.map((value) => {
    if (value === undefined) return ''.padStart(18);
    const ratio = native === undefined || value === native ? '' : ` (${(value / native).toFixed(2)}×)`;
    return `${value.toFixed(value < 100 ? 2 : 0)}${ratio}`.padStart(18);
  });
  console.log(name.padEnd(24) + cells.join(''));
}

function startUp(): void {
  const time = (args: readonly string[]): number => {
    const start = performance.now();
    spawnSync('unshare', ['--net', ...args], { env });
    return performance.now() - start;
  };
  const samples = new Map<string, number[]>();
  for (let round = 0; round < 15; round += 1) {
    for (const [name, args] of [
      ['node -e 0', ['node', '-e', '0']],
      ['run -- true', [shim, 'run', '--', 'true']],
      ['run -- iptables -L -n', [shim, 'run', '--', 'iptables-legacy', '-L', '-n']],
    ] as const) {
      samples.set(name, [...(samples.get(name) ?? []), time(args)]);
    }
  }
  const base = median(samples.get('node -e 0') ?? []);
  for (const [name, values] of samples) {
    const value = median(values);
    console.log(`${name.padEnd(24)}${value.toFixed(1).padStart(8)} ms  (+${(value - base).toFixed(1)} ms)`);
  }
}

/** The standby is started and shown the tables within this time. */
const standbyReadyMs = 3_000;

/** Resident memory in MiB of a shim, its driver and the one that stands by, while CMD sleeps. */
async function memory(script: string): Promise<{ shim: number; driver: number; standby: number }> {
  const child = spawn('unshare', ['--net', shim, 'run', '--', 'sh', '-c', `${script}; echo ready; sleep 60`], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const resident = (pid: number): number =>
    Number(/^VmRSS:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) / 1024;
  await sleep(standbyReadyMs);
  const [driver = 0, standby = 0] = driversOf(child.pid ?? 0).map(resident);
  const found = { shim: resident(child.pid ?? 0), driver, standby };
  process.kill(-(child.pid ?? 0), 'SIGKILL');
  return found;
}

console.log('start-up, median of 15');
startUp();

console.log(`\n${'median'.padEnd(24)}${waysOfCommands.map((way) => way.padStart(18)).join('')}`);
const trips = (['native', 'BPF', 'netlink'] as const).map((way) => samplesOf(way, 'round-trip.cjs')[0]?.value);
show('GET_INFO, µs', trips);
for (const size of sizes) {
  const results = waysOfCommands.map((way) =>
    way === 'exec' && size > MOST_OVER_EXEC
      ? []
      : samplesOf(way, 'commands.cjs', [kinds[way], String(size), ruleFile(way)]),
  );
  for (const [index, { name }] of (results[0] ?? []).entries()) {
    show(
      `${size}: ${name}, ms`,
      results.map((samples) => samples[index]?.value),
    );
  }
}

console.log('\nresident memory, MiB');
for (const [name, script] of [
  ['idle', 'iptables-legacy -L -n >/dev/null'],
  ...(sizes.includes(100_000)
    ? [['100,000 rules', `iptables-legacy-restore ${ruleFile('native')}; iptables-legacy -A INPUT -j ACCEPT`] as const]
    : []),
] as const) {
  const { shim: own, driver, standby } = await memory(script);
  const [a, b, c, sum] = [own, driver, standby, own + driver + standby].map((size) => size.toFixed(0));
  console.log(`${name.padEnd(24)}shim ${a}, driver ${b}, standby ${c}, together ${sum}`);
}
for (const folder of [temporary, env.BPFILTER_BASE]) fs.rmSync(folder, { recursive: true, force: true });
