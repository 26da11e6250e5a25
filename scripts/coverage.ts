/**
 * Writes docs/coverage.md: every extension of rules/registry.gen.ts, and what carries it. With --check it
 * only compares, and exits 1 when the committed file is stale.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { matches, targets } from '../rules/registry.gen.ts';
import { coverageText } from './coverage-text.ts';

const output = new URL('../docs/coverage.md', import.meta.url);

function currentText(): string | undefined {
  try {
    return readFileSync(output, 'utf8');
  } catch {
    return undefined;
  }
}

const wanted = coverageText(matches, targets);
if (!process.argv.includes('--check')) {
  writeFileSync(output, wanted);
} else if (currentText() !== wanted) {
  process.stderr.write(`${fileURLToPath(output)} is stale: run "npx tsx scripts/coverage.ts"\n`);
  process.exitCode = 1;
}
