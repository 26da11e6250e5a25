/**
 * Fuzzes for long: SECONDS (600 unless said otherwise) or until there were so many BLOBS, from SEED (the time unless
 * said otherwise). With STATE=FILE the run is saved there after each round, and gone on with when the file exists.
 * Prints how far it is every PERIOD=10 seconds, what it did, and which branches of the validator were taken; ends with 1
 * at the first violation, with its input.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import { CurrentInput } from './current-input.ts';
import type { FuzzWorkerData } from './fuzz-worker.ts';

/** An input that takes longer than this is in an endless loop, however busy the machine. */
const hangSeconds = 180;

const { SECONDS, BLOBS, SEED, STATE, PERIOD } = process.env;
const folder = mkdtempSync(join(tmpdir(), 'bpfilter-fuzz-'));
const current = new CurrentInput();
const data: FuzzWorkerData = {
  seed: Number(SEED ?? Date.now() % 2 ** 31),
  seconds: SECONDS === undefined && BLOBS === undefined ? 600 : SECONDS === undefined ? undefined : Number(SECONDS),
  blobs: BLOBS === undefined ? undefined : Number(BLOBS),
  every: Number(PERIOD ?? 10),
  file: STATE ?? join(folder, 'session.json'),
  shared: current.shared,
};

/** The thread's program as one file: threads have no loader for TypeScript. */
async function bundled(): Promise<string> {
  const outfile = join(folder, 'fuzz-worker.cjs');
  await build({
    entryPoints: [fileURLToPath(new URL('./fuzz-worker.ts', import.meta.url))],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    // Beside the source lies what it reads.
    define: { 'import.meta.url': JSON.stringify(import.meta.url) },
    logLevel: 'warning',
    outfile,
  });
  return outfile;
}

/** Resolves with the thread's exit code: 0 unless it found something, or hung. */
async function run(): Promise<number> {
  const worker = new Worker(await bundled(), { workerData: data, execArgv: [] });
  worker.on('message', (line: string) => console.log(line));
  let [seen, since] = [-1, performance.now()];
  const watch = setInterval(() => {
    if (current.count !== seen) [seen, since] = [current.count, performance.now()];
    if (performance.now() - since < hangSeconds * 1000) return;
    console.log(`an input has taken ${hangSeconds} s:\n${current.hex}`);
    void worker.terminate();
  }, 1000);
  return new Promise((resolve, reject) => {
    worker.on('error', reject);
    worker.on('exit', (code) => {
      clearInterval(watch);
      resolve(code);
    });
  });
}

try {
  process.exitCode = await run();
  if (process.exitCode === 0 && existsSync(data.file)) {
    // Counting branches makes everything several times slower: only the inputs that took new ways are run once more.
    const recorded = join(folder, 'inputs.json');
    writeFileSync(recorded, JSON.stringify(JSON.parse(readFileSync(data.file, 'utf8')).recorded));
    const program = fileURLToPath(new URL('./coverage.ts', import.meta.url));
    const done = spawnSync(process.execPath, ['--import', 'tsx', program, recorded], { stdio: 'inherit' });
    process.exitCode = done.status ?? 1;
  }
} finally {
  rmSync(folder, { recursive: true });
}
