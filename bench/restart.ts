import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { koffiPath } from '../sys/koffi.ts';
import type { Sample } from './measure.ts';

/** Milliseconds from the driver's death (SIGKILL) to the next good answer, with and without the standby. */
const rules = 1_000;
const rounds = Number(process.env.ROUNDS) || 20;
const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'bpfilter-bench-'));
const shim = process.env.BPFILTER_COMMAND ?? path.resolve('dist/bpfilter');

try {
  await build({
    entryPoints: ['bench/restart-child.ts'],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outdir: temporary,
    outExtension: { '.js': '.mjs' },
  });
  console.log(`SIGKILL of the driver to the next good answer, ${rules} rules, median of ${rounds}, ms`);
  for (const standby of ['with', 'without'] as const) {
    const child = [process.execPath, path.join(temporary, 'restart-child.mjs'), String(rules), String(rounds), standby];
    const ran = spawnSync('unshare', ['--net', shim, 'run', '--', ...child], {
      env: {
        ...process.env,
        PATH: `${process.env.PATH}:/usr/sbin:/sbin`,
        BPFILTER_BASE: path.join(temporary, standby),
        BPFILTER_KOFFI: koffiPath(),
        ...(standby === 'with' ? {} : { BPFILTER_STANDBY: 'no' }),
      },
      encoding: 'utf8',
    });
    if (ran.status !== 0) throw new Error(ran.stderr);
    const samples = JSON.parse(ran.stdout) as readonly Sample[];
    const cells = samples.map(({ name, value }) => `${name} ${value.toFixed(2)}`);
    console.log(`${`${standby} standby`.padEnd(20)}${cells.join('   ')}`);
  }
} finally {
  fs.rmSync(temporary, { recursive: true, force: true });
}
