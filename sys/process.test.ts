import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { isolated } from './testing/isolated.ts';

test('execve: arguments, environment, signals as a program expects them', () => {
  const output = isolated(`
    import { execve } from './process.ts';
    execve('/bin/sh', ['named', '-c', 'echo "$0|$1|$VAR|$NONE|$$"; grep -E "^Sig(Blk|Ign)" /proc/self/status', 'zero', 'ä b'],
      { VAR: 'x=y', PATH: process.env.PATH, NONE: undefined });`);
  const native = spawnSync('grep', ['-E', '^Sig(Blk|Ign)', '/proc/self/status'], {
    encoding: 'utf8',
  });
  expect(output).toMatch(/^zero\|ä b\|x=y\|\|\d+\n/);
  expect(String(output).split('\n').slice(1).join('\n')).toBe(native.stdout);
});

test('execve: a failure leaves all as it was', () => {
  const seen = isolated(`
    import { readFileSync } from 'node:fs';
    import { execve } from './process.ts';
    import { failure } from './testing/failure.ts';
    const signals = () => readFileSync('/proc/self/status', 'utf8').match(/^Sig(Blk|Ign).*$/gm).join();
    const before = signals();
    const errors = [failure(() => execve('/nowhere', ['x'], {})), failure(() => execve('/bin/sh', ['a\\0b'], {})),
      failure(() => execve('/proc/version', ['x'], {}))];
    report([errors, before === signals(), before]);`) as [string[], boolean, string];
  expect(seen[0]).toEqual(['execve ENOENT', 'execve EINVAL', 'execve EACCES']);
  expect(seen[1]).toBe(true);
  // Node ignores SIGPIPE and SIGXFSZ: the test can fail. Who was started by make ignores glibc's own 32 and 33 too.
  expect(seen[2]).toMatch(/SigIgn:\t0*[018]*1001000$/);
});

test('limits, dumpable', () => {
  const seen = isolated(`
    import { execFileSync } from 'node:child_process';
    import { prctlQuiet } from './prctl.ts';
    import { setDumpable } from './process.ts';
    import { getNofile, setSoftNofile } from './resource-limit.ts';
    import { failure } from './testing/failure.ts';
    const { hard } = getNofile();
    setSoftNofile(123);
    const inherited = execFileSync('sh', ['-c', 'ulimit -Sn'], { encoding: 'utf8' }).trim();
    const tooMuch = failure(() => setSoftNofile(hard + 1));
    const still = getNofile();
    const PR_GET_DUMPABLE = 3;
    setDumpable(false);
    const off = prctlQuiet(PR_GET_DUMPABLE, 0);
    setDumpable(true);
    report({ inherited, tooMuch, kept: still.soft === 123 && still.hard === hard,
      dumpable: [off, prctlQuiet(PR_GET_DUMPABLE, 0)] });`);
  expect(seen).toEqual({
    inherited: '123',
    tooMuch: 'prlimit EINVAL',
    kept: true,
    dumpable: [0, 1],
  });
});
