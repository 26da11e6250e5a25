/**
 * Runs in a network namespace of its own: fills the kernel's tables with iptables-restore, then prints
 * them by iptables-legacy and by us. Writes the differences to stdout as JSON (`Report`).
 */
import { spawnSync } from 'node:child_process';
import { listCommand } from '../../cli/iptables/list-command.ts';
import { filterListings, listings, mistakes } from './command-lines.ts';
import { kernelClient } from './kernel-client.ts';
import { randomTable } from './random-tables.ts';
import type { Difference, Printed, Report } from './report.ts';
import { tables } from './tables.ts';

/** So many tables that no command line makes. */
const seeds = 5;

const client = kernelClient();

function native(argv: readonly string[]): Printed {
  const { status, stdout, stderr } = spawnSync('iptables-legacy', argv, {
    encoding: 'latin1',
    argv0: 'iptables',
    maxBuffer: 1 << 28,
  });
  return { status, stdout, stderr };
}

async function ours(argv: readonly string[]): Promise<Printed> {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  const status = await listCommand(argv, client, {
    stdout: (text) => void out.push(Buffer.from(text)),
    stderr: (text) => void err.push(Buffer.from(text)),
  });
  return { status, stdout: Buffer.concat(out).toString('latin1'), stderr: Buffer.concat(err).toString('latin1') };
}

function load(table: string): void {
  const { status, stderr } = spawnSync('iptables-legacy-restore', ['-c'], { input: table, encoding: 'utf8' });
  if (status !== 0) throw new Error(`iptables-legacy-restore: ${stderr}`);
}

const differences: Difference[] = [];
let compared = 0;
let bytes = 0;

async function compare(argv: readonly string[]): Promise<void> {
  const [expected, found] = [native(argv), await ours(argv)];
  compared += 1;
  bytes += expected.stdout.length + expected.stderr.length;
  const same = expected.status === found.status && expected.stdout === found.stdout && expected.stderr === found.stderr;
  if (!same) differences.push({ argv, expected, found });
}

const words = (line: string): readonly string[] => line.split(' ').filter((word) => word !== '');

for (const [table, text] of Object.entries(tables)) {
  // Empty first: a fresh table has nothing but policies.
  for (const line of ['-L', '-nvL', '-S -v', '-vvL']) await compare(['-t', table, ...words(line)]);
  load(text);
  for (const line of listings) await compare(['-t', table, ...words(line)]);
}
for (const line of [...filterListings, ...mistakes]) await compare(words(line));

for (let seed = 1; seed <= seeds; seed += 1) {
  client.replace(randomTable(seed));
  for (const line of ['-L', '-nvL --line-numbers', '-S', '-vvL -x']) await compare(words(line));
}

const report: Report = { compared, bytes, differences };
process.stdout.write(JSON.stringify(report));
