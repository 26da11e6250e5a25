import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { heirName } from './memory-heir.ts';

const notHere = process.arch === 'x64' ? undefined : `it is machine code for x86-64, this is ${process.arch}`;

/** How long the heirs of these tests outlive their processes, and how often is looked. */
const delayMs = 700;
const lookMs = 10;

function statusOf(pid: number): string {
  try {
    return fs.readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch {
    return '';
  }
}

/** Alive, and not only a process that nobody has waited for. */
const lives = (pid: number): boolean => /^State:\s+[^ZX\s]/m.test(statusOf(pid));

async function until(what: () => boolean): Promise<number> {
  const start = performance.now();
  while (!what()) {
    if (performance.now() - start > 20_000) throw new Error(`still not so after 20 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
  return performance.now() - start;
}

/** A process with an heir. It ends by itself when a line is written to it. */
async function processWithHeir() {
  const here = fileURLToPath(import.meta.url);
  const program = `
    import { readSync } from 'node:fs';
    import { leaveMemoryToHeir } from ${JSON.stringify(here.replace('.test', ''))};
    process.stdout.write(leaveMemoryToHeir(${delayMs}) + '\\n');
    readSync(0, Buffer.alloc(1));
    process.exit(3);`;
  const args = ['--import', 'tsx', '--input-type=module', '-e', program];
  const child = spawn(process.execPath, args, {
    cwd: new URL('..', import.meta.url),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.stdout.on('end', () => resolve('end of its output')));
  const exited = new Promise((resolve) => child.on('exit', (code, signal) => resolve(code ?? signal)));
  const heir = await new Promise<number>((resolve) => child.stdout.once('data', (text) => resolve(Number(text))));
  await until(() => statusOf(heir).includes(`Name:\t${heirName}\n`));
  return { child, heir, ended, exited };
}

describe.skipIf(notHere !== undefined)(
  `the heir of a process's memory${notHere === undefined ? '' : `: ${notHere}`}`,
  () => {
    test('has nothing but the memory', async () => {
      const { child, heir, exited } = await processWithHeir();
      await until(() => fs.readdirSync(`/proc/${heir}/fd`).length === 0);
      expect(fs.readFileSync(`/proc/${heir}/cmdline`)).toEqual(fs.readFileSync(`/proc/${child.pid}/cmdline`));
      expect(statusOf(heir)).toMatch(/^Threads:\t1$/m);
      // What is sent to it doesn't run handlers of the process in it, nor end it.
      for (const signal of ['SIGTERM', 'SIGINT', 'SIGUSR1', 'SIGCHLD'] as const) process.kill(heir, signal);
      await new Promise((resolve) => setTimeout(resolve, 5 * lookMs));
      expect(lives(heir)).toBe(true);
      child.stdin.write('\n');
      expect(await exited).toBe(3);
    });

    test.each([
      ['killed', 'SIGKILL' as const],
      ['aborted', 'SIGABRT' as const],
      ['ended by itself', undefined],
    ])('outlives one that was %s, and then ends', async (_how, signal) => {
      const { child, heir, ended, exited } = await processWithHeir();
      if (signal === undefined) child.stdin.write('\n');
      else child.kill(signal);
      expect(await exited).toBe(signal ?? 3);
      // Its pipes are closed though the heir lives.
      expect(await ended).toBe('end of its output');
      expect(lives(heir)).toBe(true);
      expect(statusOf(heir)).toMatch(/^VmRSS:\t *[1-9]\d{4,} kB$/m);
      expect(await until(() => !lives(heir))).toBeGreaterThan(delayMs / 10);
    });

    test('one that is killed first leaves its process alone', async () => {
      const { child, heir, exited } = await processWithHeir();
      process.kill(heir, 'SIGKILL');
      await until(() => !lives(heir));
      expect(lives(child.pid ?? 0)).toBe(true);
      child.stdin.write('\n');
      expect(await exited).toBe(3);
    });
  },
);
