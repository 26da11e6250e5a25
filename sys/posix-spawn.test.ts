import { expect, test } from 'vitest';
import { isolated } from './testing/isolated.ts';

test('posixSpawn: bytes, descriptors and signals as they were asked for; ends by status and by signal', () => {
  const seen = isolated(`
    import fs from 'node:fs';
    import { posixSpawn, reap } from './posix-spawn.ts';
    import { setCloexec } from './descriptor.ts';
    import { setDisposition } from './signal.ts';
    import { failure } from './testing/failure.ts';
    setDisposition(1, 'ignore');
    const kept = fs.openSync('/proc/self/stat', 'r');
    setCloexec(kept, false);
    const file = fs.mkdtempSync('/tmp/bpfilter-test-') + '/out';
    const run = (script, more = []) => {
      const pid = posixSpawn({ path: '/bin/sh', argv: ['sh', '-c', script, 'sh', file, ...more], env: [Buffer.from('V=\\xff', 'latin1')],
        close: [0], defaults: [13, 25] });
      for (;;) { const end = reap(pid); if (end) return end; }
    };
    const ends = [run('exit 200'), run('kill -9 $$'), run('kill -35 $$')];
    run('{ printf "%s%s" "$V" "$2"; [ -e /proc/self/fd/0 ] || echo closed; [ -e /proc/self/fd/' + kept + ' ] && echo kept; grep SigIgn /proc/self/status; } >"$1"', [Buffer.from([0xfe])]);
    const text = fs.readFileSync(file, 'latin1');
    fs.rmSync(file.slice(0, -4), { recursive: true });
    const bad = { argv: ['x'], env: [], close: [], defaults: [] };
    report({ ends, text, failed: [failure(() => posixSpawn({ ...bad, path: '/nowhere' })), failure(() => posixSpawn({ ...bad, path: '/' })), failure(() => reap(1))] });`) as {
    ends: unknown;
    text: string;
    failed: string[];
  };
  expect(seen.ends).toEqual([{ status: 200 }, { signal: 9 }, { signal: 35 }]);
  expect(seen.text).toMatch(/^\xff\xfeclosed\nkept\nSigIgn:\t[0-9a-f]{8}[08]0000001\n$/);
  expect(seen.failed).toEqual(['posix_spawn ENOENT', 'posix_spawn EACCES', 'waitpid ECHILD']);
});
