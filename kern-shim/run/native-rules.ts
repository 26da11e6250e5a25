import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { families } from '../../protocol/family.ts';

const mostShown = 10;
const timeoutMs = 5_000;

/**
 * Rules that the kernel's own ip_tables holds in this namespace. They go on filtering beside ours
 * and no iptables below the shim will ever show them.
 *
 * @returns a warning that names them; undefined when there are none
 */
export function nativeRulesWarning(saveProgram: string | undefined): string | undefined {
  const tables = families.flatMap((family) => readNames(family.namesFile));
  if (tables.length === 0 || saveProgram === undefined) return undefined;
  const rules: string[] = [];
  for (const table of tables) {
    const saved = spawnSync(saveProgram, ['-t', table], { encoding: 'utf8', timeout: timeoutMs });
    for (const line of (saved.stdout ?? '').split('\n')) {
      if (line.startsWith('-A ') || /^:\S+ DROP /.test(line)) rules.push(`  -t ${table} ${line}`);
    }
  }
  if (rules.length === 0) return undefined;
  const more = rules.length > mostShown ? [`  … and ${rules.length - mostShown} more`] : [];
  return [
    `the kernel's own ip_tables holds ${rules.length} rules here; they stay in force beside bpfilter's and aren't listed by it:`,
    ...rules.slice(0, mostShown),
    ...more,
  ].join('\n');
}

function readNames(file: string): string[] {
  try {
    return fs.readFileSync(file, 'latin1').split('\n').filter(Boolean);
  } catch {
    return []; // no ip_tables in this kernel, or not ours to read
  }
}
