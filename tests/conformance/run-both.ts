import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { bpfilter, environment } from '../harness/ways.ts';
import { withoutIdle } from './differences.ts';
import { type LineOutcome, outcomes } from './outcome.ts';
import { parseTests } from './parse.ts';
import { type FileResult, parseOutput, scriptOf, type TestFile } from './script.ts';

/** IPv4's own extensions, those for all families, and iptables' own options. */
const ipv4File = /^(libxt_\w+|libipt_\w+|iptables)\.t$/;

/** The IPv4 tests in a folder of iptables' tests. */
export function testFiles(folder: string): readonly TestFile[] {
  return fs
    .readdirSync(folder)
    .filter((name) => ipv4File.test(name))
    .sort()
    .map((name) => ({ name, steps: parseTests(fs.readFileSync(path.join(folder, name), 'utf8')) }));
}

/** Runs the tests natively and through the shim, at the same time, each in a fresh network namespace. */
export async function runTests(
  files: readonly TestFile[],
  env: Readonly<Record<string, string>> = {},
): Promise<readonly LineOutcome[]> {
  const [native, ours] = await Promise.all([
    runScript(files, ['unshare', '-n'], false, env),
    runScript(files, ['unshare', '-n', bpfilter, 'run', '--'], true, env),
  ]);
  return withoutIdle(outcomes(files, native, ours));
}

async function runScript(
  files: readonly TestFile[],
  wrapper: readonly string[],
  looksAtNft: boolean,
  env: Readonly<Record<string, string>>,
): Promise<readonly FileResult[]> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bpfilter-conformance-'));
  try {
    const script = path.join(folder, 'script');
    fs.writeFileSync(script, scriptOf(files, looksAtNft));
    return parseOutput(await outputOf([...wrapper, 'sh', script], environment(folder, env)));
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

const longest = 300_000;

function outputOf([program = '', ...args]: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: longest,
      killSignal: 'SIGKILL',
    });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', reject);
    child.on('close', (status, signal) => {
      if (status === 0) resolve(Buffer.concat(chunks).toString('utf8'));
      else reject(new Error(`${program} ${args.join(' ')}: ended with ${status ?? signal}`));
    });
  });
}
