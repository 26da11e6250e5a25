/**
 * `npx tsx tests/differential/mutations.ts [PART]`: plants one error at a time in a copy of the sources (only
 * in files whose path PART, a regular expression, is found in), builds it, and runs the seeds that have the extension until one differs.
 * Prints after how many it was caught. Ends with 1 when one wasn't.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runSeeds } from './check.ts';
import { type Plant, plants } from './plants.ts';
import { ruleLine } from './ruleset.ts';
import { caseOf } from './seeds.ts';

const here = fileURLToPath(new URL('../../', import.meta.url));
const most = 1000;
/** Many seeds tell at once, others need a rare packet. */
const batches = [3, 6] as const;
const atOnce = 12;
/** Tells a process of this file's to run the seeds behind it. */
const only = '--seeds';

function execute(command: readonly string[], cwd: string, env: NodeJS.ProcessEnv = process.env): string {
  const [program = '', ...args] = command;
  const done = spawnSync(program, args, { cwd, env, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (done.status !== 0) throw new Error(`${command.join(' ')}: ${done.error?.message ?? done.stderr}`);
  return done.stdout;
}

/** Copies what git knows of, and links the packages. */
function copyTo(folder: string): void {
  for (const file of execute(['git', 'ls-files', '-z'], here).split('\0')) {
    if (file === '' || !fs.existsSync(path.join(here, file))) continue;
    fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    fs.copyFileSync(path.join(here, file), path.join(folder, file));
  }
  fs.symlinkSync(fs.realpathSync(path.join(here, 'node_modules')), path.join(folder, 'node_modules'));
}

function build(folder: string): void {
  execute([process.execPath, '--import', 'tsx', 'scripts/build.ts'], folder);
}

/** The source with the error in it. Throws when what it replaces doesn't stand there once. */
function spoilt({ file, right, wrong }: Plant, source: string): string {
  const parts = source.split(right);
  if (parts.length !== 2) throw new Error(`${file}: wanted once, found ${parts.length - 1} times: ${right}`);
  return parts.join(wrong);
}

/** Those of the seeds that differ, with the command in `folder`. */
function differing(folder: string, seeds: readonly number[]): readonly number[] {
  const own = [process.execPath, '--import', 'tsx', fileURLToPath(import.meta.url), only, seeds.join(',')];
  return JSON.parse(
    execute(own, here, { ...process.env, BPFILTER_COMMAND: path.join(folder, 'dist/bpfilter') }),
  ) as readonly number[];
}

/** The rules of each seed. */
function allRules(): ReadonlyMap<number, readonly string[]> {
  return new Map(
    Array.from({ length: most }, (_, at): [number, readonly string[]] => [
      at + 1,
      caseOf(at + 1).tables.flatMap(({ rules }) => rules.map(ruleLine)),
    ]),
  );
}

/** Which of the seeds caught it, and how many with its extension came before; undefined for none. */
function caughtBy(seeds: readonly number[], spoiltCopy: string, rightCopy: string): string | undefined {
  const sizes: number[] = [...batches];
  for (let at = 0, size = 0; at < seeds.length; at += size) {
    size = sizes.shift() ?? atOnce;
    const found = differing(spoiltCopy, seeds.slice(at, at + size));
    const known = found.length === 0 ? [] : differing(rightCopy, found);
    const seed = found.find((one) => !known.includes(one));
    if (seed !== undefined) return `seed ${seed}, number ${seeds.indexOf(seed) + 1} of ${seeds.length} with it`;
  }
  return undefined;
}

function main(part: string): number {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bpfilter-mutations-'));
  const copies = { right: path.join(folder, 'right'), spoilt: path.join(folder, 'spoilt') };
  let missed = 0;
  try {
    for (const copy of Object.values(copies)) copyTo(copy);
    build(copies.right);
    const rules = allRules();
    for (const plant of plants.filter(({ file }) => new RegExp(part).test(file))) {
      const file = path.join(copies.spoilt, plant.file);
      const source = fs.readFileSync(file, 'utf8');
      fs.writeFileSync(file, spoilt(plant, source));
      build(copies.spoilt);
      const seeds = [...rules].flatMap(([seed, lines]) => (lines.some((line) => plant.uses.test(line)) ? [seed] : []));
      const caught = caughtBy(seeds, copies.spoilt, copies.right);
      if (caught === undefined) missed += 1;
      console.log(
        `${caught === undefined ? 'MISSED' : 'caught'}  ${plant.file}: ${plant.wrong}: ${caught ?? 'by none'}`,
      );
      fs.writeFileSync(file, source);
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
  console.log(`${missed} missed`);
  return missed === 0 ? 0 : 1;
}

if (process.argv[2] === only) {
  const seeds = (process.argv[3] ?? '').split(',').map(Number);
  const results = await runSeeds(seeds);
  process.stdout.write(JSON.stringify(results.filter(({ problems }) => problems.length > 0).map(({ seed }) => seed)));
} else {
  process.exitCode = main(process.argv[2] ?? '');
}
