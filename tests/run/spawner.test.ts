import { spawnSync } from 'node:child_process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { koffiPath } from '../../sys/koffi.ts';
import { bpfilter, missing, titled } from '../harness/ways.ts';

const reason = missing('build');
const root = fileURLToPath(new URL('../..', import.meta.url));

/** What a program with a spawner, whose thread is the built one, tells in a process of its own. */
function told(program: string): unknown {
  const contents = `
    import { POLLIN, poll } from './sys/poll.ts';
    import { Spawner } from './kern-shim/spawner/spawner.ts';
    const request = { file: '/bin/true', argv0: 'true', args: [], env: {}, stdio: [0, 1, 2] };
    /** Whether a process is started, and ends. */
    const works = (spawner: Spawner) => poll([{ fd: spawner.spawn(request)().pidfd, events: POLLIN }], 20_000)[0] !== 0;
    ${program}
    process.exit();`;
  const built = buildSync({
    stdin: { contents, resolveDir: root, loader: 'ts' },
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'cjs',
    // Beside it lie the workers.
    define: { 'import.meta.url': JSON.stringify(pathToFileURL(bpfilter).href) },
    write: false,
  });
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', built.outputFiles[0]?.text ?? ''], {
    cwd: root,
    env: { ...process.env, BPFILTER_KOFFI: koffiPath() },
    encoding: 'utf8',
    timeout: 60_000,
  });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

describe.skipIf(reason !== undefined)(titled('the thread that starts drivers', reason), () => {
  test('starts one after the other', () => {
    const program = `
      const spawner = new Spawner({ capabilities: [] });
      console.log(JSON.stringify([works(spawner), works(spawner)]));`;
    expect(told(program)).toEqual([true, true]);
  });

  test('that has ended is missed once, and then there is another', () => {
    const program = `
      const spawner = new Spawner({ capabilities: [], timeoutMs: 5_000 });
      const before = works(spawner);
      spawner.close();
      let failed;
      try { works(spawner); } catch (error) { failed = error.code; }
      console.log(JSON.stringify([before, failed, works(spawner)]));`;
    expect(told(program)).toEqual([true, 'timeout', true]);
  });
});
