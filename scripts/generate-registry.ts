/**
 * Writes rules/registry.gen.ts: every extension that a file of rules/matches or rules/targets exports
 * (`export const tcp = defineMatch(…)`), sorted. With --check it only compares, and exits 1 when the
 * committed file is stale.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type RegistrySource, registryText } from './registry-text.ts';

const rules = new URL('../rules/', import.meta.url);
const output = new URL('registry.gen.ts', rules);

function sourcesOf(folder: RegistrySource['folder']): RegistrySource[] {
  return readdirSync(new URL(`${folder}/`, rules))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => ({ folder, file, text: readFileSync(new URL(`${folder}/${file}`, rules), 'utf8') }));
}

function currentText(): string | undefined {
  try {
    return readFileSync(output, 'utf8');
  } catch {
    return undefined;
  }
}

const wanted = registryText([...sourcesOf('matches'), ...sourcesOf('targets')]);
if (!process.argv.includes('--check')) {
  writeFileSync(output, wanted);
} else if (currentText() !== wanted) {
  process.stderr.write(`${fileURLToPath(output)} is stale: run "npm run generate"\n`);
  process.exitCode = 1;
}
