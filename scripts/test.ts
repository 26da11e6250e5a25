import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Runs the checks and the whole suite; its last line is `N passed, N failed`, skipped ones with their reasons before it. */
interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: 'passed' | 'failed';
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

// Where npx looks too: by itself it is a second of work at every start. Debian keeps administrators' programs where an
// ordinary user's PATH doesn't look.
const packaged = fileURLToPath(new URL('../node_modules/.bin', import.meta.url));
process.env.PATH = `${packaged}:${process.env.PATH}:/usr/sbin:/sbin`;
// Each of some thousand Nodes would read all certificates, which takes longer than to start. Nobody here speaks TLS.
delete process.env.NODE_EXTRA_CA_CERTS;

/** A command's status when it has ended, and what it printed; it has failed, too, when it can't be started. */
async function outcomeOf([program = '', ...args]: readonly string[]): Promise<{ status: number; output: string }> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  try {
    const [status] = await once(child, 'close');
    return { status: status ?? 1, output };
  } catch (error) {
    return { status: 1, output: String(error) };
  }
}

let passed = 0;
let failed = 0;
// All at the same time: checking types takes one processor as long as the others together take the next.
for (const { name, outcome } of checks.map(({ name, command }) => ({ name, outcome: outcomeOf(command) }))) {
  const { status, output } = await outcome;
  if (status === 0) passed += 1;
  else {
    failed += 1;
    console.log(output);
  }
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name}`);
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
  const vitest = ['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const [program = '', ...args] = [...namespace(), ...vitest];
  const run = spawnSync(program, args, { stdio: 'inherit' });
  const report = JSON.parse(readFileSync(file, 'utf8')) as VitestReport;
  // Files of which something failed, but none of their tests: what prepares them all, say. Vitest has those tests as skipped.
  const broken = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && assertionResults.every(({ status }) => status !== 'failed'),
  );
  const skipped = report.testResults
    .filter((file) => !broken.includes(file))
    .flatMap(({ assertionResults }) =>
      assertionResults.filter(({ status }) => status === 'skipped' || status === 'pending'),
    );
  for (const line of skippedLines(skipped)) console.log(line);
  passed += report.numPassedTests;
  const failedHere = report.numFailedTests + broken.length;
  failed += run.status !== 0 && failedHere === 0 ? 1 : failedHere;
  for (const { name } of broken) console.log(`failed as a whole: ${name}`);
  console.log(`\n${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`);
} catch (error) {
  failed += 1;
  console.log(`vitest left no report: ${String(error)}\n\n${passed} passed, ${failed} failed`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(failed === 0 ? 0 : 1);
