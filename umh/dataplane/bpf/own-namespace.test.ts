import { spawn, spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { netnsCookie } from '../../../sys/namespace.ts';

const module = fileURLToPath(new URL('./own-namespace.ts', import.meta.url));
const code = `import { ownNamespace } from ${JSON.stringify(module)};
try { console.log('cookie ' + ownNamespace()); } catch (error) { console.log(error.code + ': ' + error.message); }`;
const node = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', code];

function printedBy(command: readonly string[]): string {
  const [program = '', ...args] = [...command, ...node];
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

const isRoot = process.getuid?.() === 0;
const canMake = spawnSync('unshare', ['-Un', 'true']).status === 0;
const reason = isRoot && canMake ? '' : ' (skipped: needs root, and user namespaces)';

it.skipIf(!isRoot)(`a namespace of ours has its cookie${isRoot ? '' : ' (skipped: needs root)'}`, () => {
  expect(printedBy([])).toBe(`cookie ${netnsCookie()}\n`);
  expect(printedBy(['unshare', '-n'])).toMatch(/^cookie \d+\n$/);
});

it.skipIf(reason !== '')(
  `refuses one that belongs to another user namespace${reason}`,
  { timeout: 30_000 },
  async () => {
    const other = spawn('unshare', ['-Un', 'sleep', '30'], { stdio: 'ignore' });
    try {
      const space = (pid: number | undefined) => readlinkSync(`/proc/${pid}/ns/net`);
      while (space(other.pid) === space(process.pid)) await sleep(20);
      expect(printedBy(['nsenter', '-t', String(other.pid), '-n'])).toMatch(
        /^not-expressible: users have other numbers/,
      );
    } finally {
      other.kill('SIGKILL');
    }
  },
);
