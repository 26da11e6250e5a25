import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs the checks and the whole suite; its last line is `N passed, N failed`, skipped ones with their reasons before it. */
interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numFailedTestSuites: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly ancestorTitles: readonly string[];
      /** Why it skipped itself (tests/harness/netlink-only.ts). */
      readonly meta: { readonly skipped?: string };
    }[];
  }[];
}

const checks: readonly { readonly name: string; readonly command: readonly string[] }[] = [
  { name: 'lint, format, layers, cycles', command: ['biome', 'ci', '--error-on-warnings', '.'] },
  { name: 'types', command: ['tsc', '--noEmit'] },
  { name: 'generated registry', command: ['tsx', 'scripts/generate-registry.ts', '--check'] },
  { name: 'coverage document', command: ['tsx', 'scripts/coverage.ts', '--check'] },
  { name: 'unused code', command: ['knip'] },
];

let passed = 0;
let failed = 0;
for (const { name, command } of checks) {
  const result = spawnSync('npx', [...command], { encoding: 'utf8' });
  if (result.status === 0) passed += 1;
  else {
    failed += 1;
    console.log(result.stdout + result.stderr);
  }
  console.log(`${result.status === 0 ? 'ok    ' : 'FAILED'} ${name}`);
}

/** What was skipped, once for each reason: titles end with it in brackets, or the test noted it. */
function* skippedLines(skipped: VitestReport['testResults'][number]['assertionResults']): Iterable<string> {
  const counts = new Map<string, number>();
  for (const { fullName, ancestorTitles, meta } of skipped) {
    const group = meta.skipped ?? ancestorTitles.find((title) => title.includes('(skipped')) ?? fullName;
    const line = group.replaceAll(/\s+/g, ' ');
    counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  for (const [line, count] of counts) yield `skipped${count > 1 ? ` ${count}` : ''}: ${line}`;
}

// Debian keeps administrators' programs where an ordinary user's PATH doesn't look.
process.env.PATH = `${process.env.PATH}:/usr/sbin:/sbin`;

/** Without root the suite runs in a user and network namespace, whose root we are; [] where the kernel lets nobody. */
function namespace(): readonly string[] {
  if (process.getuid?.() === 0) return [];
  const unshare = ['unshare', '--user', '--map-root-user', '--net'];
  const tried = spawnSync('unshare', [...unshare.slice(1), 'true'], { encoding: 'utf8' });
  if (tried.status === 0) {
    console.log('(no root here: the tests run in a user and network namespace of your own)');
    return unshare;
  }
  console.log(`(no root here, and no user namespace either: ${tried.error?.message ?? tried.stderr.trim()})`);
  return [];
}

const folder = mkdtempSync(join(tmpdir(), 'bpfilter-test-'));
try {
  const file = join(folder, 'report.json');
  const vitest = ['npx', 'vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const [program = '', ...args] = [...namespace(), ...vitest];
  const run = spawnSync(program, args, { stdio: 'inherit' });
  const report = JSON.parse(readFileSync(file, 'utf8')) as VitestReport;
  const skipped = report.testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status === 'skipped' || status === 'pending'),
  );
  for (const line of skippedLines(skipped)) console.log(line);
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  if (run.status !== 0 && report.numFailedTests === 0) failed += 1;
  console.log(`\n${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`);
} catch (error) {
  failed += 1;
  console.log(`vitest left no report: ${String(error)}\n\n${passed} passed, ${failed} failed`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(failed === 0 ? 0 : 1);
