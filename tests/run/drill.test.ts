import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { drills } from '../../drills/catalog.ts';
import { whyNoForkLimit } from '../../drills/fork-limit.ts';
import type { DrillReport } from '../../drills/report.ts';
import { bpfilter, missing, type Ran, runCommand, titled, withFolder } from '../harness/ways.ts';

const reason = missing('root', 'build', 'nft', 'iptables-legacy');

/** `folder` becomes the temporary directory, which must be empty afterwards. */
function drill(...args: readonly string[]): Ran & { readonly left: readonly string[] } {
  return drillBelow([], args);
}

/** The same, with a command before it. */
function drillBelow(before: readonly string[], args: readonly string[]): Ran & { readonly left: readonly string[] } {
  return withFolder((folder) => {
    const command = [...before, bpfilter, 'drill', ...args];
    const ran = runCommand(command, { folder, env: { TMPDIR: folder }, timeoutMs: 100_000 });
    return { ...ran, left: fs.readdirSync(folder) };
  });
}

describe.skipIf(reason !== undefined)(titled('bpfilter drill', reason), { timeout: 120_000 }, () => {
  test('list: every drill that is not hidden, with what it does', () => {
    const ran = drill('list');
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    const shown = ran.stdout.split('\n').map((line) => line.split(' ')[0]);
    expect(shown).toEqual([...drills.filter(({ hidden }) => hidden !== true).map(({ name }) => name), '']);
    expect(shown).not.toContain('lose');
    expect(JSON.parse(drill('list', '--json').stdout)).toContainEqual({
      name: 'kill',
      what: expect.stringContaining('kill -9'),
    });
  });

  test('run kill: drivers die, and all is as it should be; nothing is left behind', () => {
    const ran = drill('run', 'kill', '--seconds', '3', '--seed', '11', '--json');
    const [report] = JSON.parse(ran.stdout) as [DrillReport];
    expect(report).toMatchObject({
      name: 'kill',
      outcome: 'passed',
      seed: 11,
      seconds: 3,
      failures: 0,
      refused: 0,
      packets: { leaked: 0, countersLost: 0 },
      faults: [],
    });
    expect(ran).toMatchObject({ status: 0, stderr: '', left: [] });
    expect(report.commands).toBeGreaterThan(5);
    expect(report.strikes).toBeGreaterThan(0);
    expect(report.deaths).toBeGreaterThan(0);
    expect(report.packets.guarded).toBeGreaterThan(100);
  });

  test('a driver that loses what it says it did is found out: status 1', () => {
    const ran = drill('run', 'lose', '--seconds', '3', '--seed', '3');
    expect(ran).toMatchObject({ status: 1, stderr: '', left: [] });
    expect(ran.stdout).toMatch(/^lose: FAILED \(3 s, seed 3\)\n/);
    expect(ran.stdout).toContain('\n  fault ');
  });

  test('run --strikes --commands: so much is done, however long it takes', () => {
    const ran = drill('run', 'kill', '--strikes', '5', '--commands', '40', '--json');
    const [report] = JSON.parse(ran.stdout) as [DrillReport];
    expect(report).toMatchObject({ outcome: 'passed', failures: 0, faults: [] });
    expect(report.strikes).toBeGreaterThanOrEqual(5);
    expect(report.commands).toBeGreaterThanOrEqual(40);
    expect(ran).toMatchObject({ status: 0, stderr: '', left: [] });
  });

  test('run --strikes --seconds: a time that is too short is a fault', () => {
    const ran = drill('run', 'kill', '--strikes', '100000', '--seconds', '2');
    expect(ran).toMatchObject({ status: 1, left: [] });
    expect(ran.stdout).toMatch(/fault {6}the time was too short: \d+ strikes/);
  });

  test.each(['INT', 'TERM'])('SIG%s ends a run in order: it tells what was done until then', (signal) => {
    // As a terminal does, it sends the signal to the whole process group.
    const before = ['timeout', '--preserve-status', `--signal=${signal}`, '6'];
    const ran = drillBelow(before, ['run', 'kill', '--strikes', '100000', '--json']);
    const [report] = JSON.parse(ran.stdout) as [DrillReport];
    expect(report).toMatchObject({ outcome: 'failed', failures: 0, packets: { leaked: 0, countersLost: 0 } });
    expect(report.faults).toEqual([expect.stringMatching(/^it was interrupted: [1-9]\d* strikes, [1-9]\d* commands$/)]);
    expect(ran).toMatchObject({ status: 1, stderr: '', left: [] });
  });

  const noLimit = whyNoForkLimit();
  const forks = 'run fork-failure: without a successor commands fail; with one again, all is as it should be';
  test.skipIf(noLimit !== undefined)(titled(forks, noLimit), () => {
    const ran = drill('run', 'fork-failure', '--strikes', '6', '--seed', '4', '--json');
    const [report] = JSON.parse(ran.stdout) as [DrillReport];
    expect(report).toMatchObject({ outcome: 'passed', failures: 0, packets: { leaked: 0 }, faults: [] });
    expect(report.refused).toBeGreaterThan(0);
    expect(ran).toMatchObject({ status: 0, stderr: '', left: [] });
  });

  // The short form of `make leaks`.
  test.each(['kill', 'unload'])('run %s --leaks: no descriptor, thread, process or rule is left behind', (name) => {
    const ran = drill('run', name, '--leaks', '--strikes', '36', '--json');
    const [report] = JSON.parse(ran.stdout) as [DrillReport];
    expect(report).toMatchObject({ outcome: 'passed', faults: [] });
    const counted = report.growth?.map(({ what }) => what);
    expect(counted).toEqual(
      expect.arrayContaining(['shim fds', 'shim kB', 'driver fds', 'driver kB', 'zombies', 'nft rules']),
    );
    expect(ran).toMatchObject({ status: 0, stderr: '', left: [] });
  });

  test('run --leaks: growth is found out', () => {
    const ran = drill('run', 'hoard', '--leaks', '--strikes', '24');
    expect(ran).toMatchObject({ status: 1, left: [] });
    expect(ran.stdout).toMatch(/fault {6}nft tables: grows, from \d+ to 2\d, by the slope/);
  });

  test('a drill that can’t run here says why, and is no failure', () => {
    // strace is looked up by PATH; the rest is reached without it.
    const ran = withFolder((folder) => {
      for (const name of ['node', 'unshare', 'sh']) {
        const at = [path.dirname(process.execPath), '/usr/bin', '/bin'].map((dir) => path.join(dir, name));
        fs.symlinkSync(at.find((file) => fs.existsSync(file)) ?? '', path.join(folder, name));
      }
      const env = { PATH: folder, TMPDIR: folder };
      return runCommand(
        [path.join(folder, 'node'), `${bpfilter}.cjs`, 'drill', 'run', 'kill-steps', '--seconds', '1'],
        {
          folder,
          env,
        },
      );
    });
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    expect(ran.stdout).toMatch(/^kill-steps: skipped \(strace: .*ENOENT\)\n$/);
  });

  test.each([
    ['no action', [], 'list or run'],
    ['no name', ['run'], 'Not enough'],
    ['an unknown name', ['run', 'nosuch'], 'no drill is called "nosuch"'],
    ['no time', ['run', 'kill', '--seconds', '0'], '--seconds'],
    ['a time that is none', ['run', 'kill', '--seconds', 'soon'], '--seconds'],
    ['a count that is none', ['run', 'kill', '--strikes', '0.5'], '--strikes'],
    ['a seed that is none', ['run', 'kill', '--seed', '0.5'], '--seed'],
    ['an unknown option', ['run', 'kill', '--nosuch'], 'nosuch'],
  ])('wrong usage: %s', (_title, args, words) => {
    const ran = drill(...args);
    expect(ran).toMatchObject({ status: 2, stdout: '', left: [] });
    expect(ran.stderr).toContain(words);
  });
});
