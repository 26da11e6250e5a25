/**
 * Fuzzes for long: SECONDS (600 unless said otherwise), SEED (the time unless said otherwise). Prints what it did, how
 * fast, and which branches of the validator were taken; ends with 1 at the first violation, with its input.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RecordedInput } from './coverage.ts';
import { type Figures, fuzz } from './fuzz.ts';

const seconds = Number(process.env.SECONDS ?? 600);
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);

const number = (value: number): string => Math.round(value).toLocaleString('en');
function told({ blobs, ofValid, accepted, structs, kinds, slowestMs, seconds: passed }: Figures): string {
  const share = (part: number): string => `${((100 * part) / Math.max(1, blobs)).toFixed(0)} %`;
  return [
    `${number(passed)} s`,
    `${number(blobs)} blobs (${number(blobs / passed)}/s; ${share(ofValid)} of valid ones, ${share(accepted)} accepted)`,
    `${number(structs)} structs`,
    `${number(kinds)} kinds of answers`,
    `slowest ${number(slowestMs)} ms`,
    `${number(process.memoryUsage.rss() / 2 ** 20)} MB`,
  ].join(', ');
}

console.log(`seed ${seed}, ${seconds} s`);
const recorded: RecordedInput[] = [];
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const result = fuzz({
  seed,
  seconds,
  progress: (figures) => console.log(told(figures)),
  novelty(input) {
    if (input.kind === 'struct') recorded.push(input);
    else recorded.push({ kind: 'blob', hex: hex(input.bytes), previous: input.previous && hex(input.previous) });
  },
});
if ('hex' in result) {
  const { cause, message } = result.violation;
  console.log(`${result.what}: ${message}\n${cause instanceof Error ? String(cause) : ''}\n${result.hex}`);
  process.exit(1);
}
console.log(told(result));

// Counting branches makes everything several times slower: only the inputs that took new ways are run once more.
const folder = mkdtempSync(join(tmpdir(), 'bpfilter-fuzz-'));
try {
  const file = join(folder, 'inputs.json');
  writeFileSync(file, JSON.stringify(recorded));
  const program = fileURLToPath(new URL('./coverage.ts', import.meta.url));
  const done = spawnSync(process.execPath, ['--import', 'tsx', program, file], { stdio: 'inherit' });
  process.exitCode = done.status ?? 1;
} finally {
  rmSync(folder, { recursive: true });
}
