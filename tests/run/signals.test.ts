import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { bpfilter, missing, titled } from '../harness/ways.ts';
import { inOwnFolder } from './own-folder.ts';
import { endLive, inNamespace, type Live, startLive, until } from './way.ts';

const reason = missing('root', 'build', 'transport');

afterEach(endLive);

function says(live: Live, what: RegExp | string): Promise<true> {
  return until(`${String(what)} in:\n${live.output()}`, () =>
    (typeof what === 'string' ? live.output().includes(what) : what.test(live.output())) ? true : undefined,
  );
}

describe.skipIf(reason !== undefined)(titled('signals to the shim', reason), () => {
  test.each(['TERM', 'HUP', 'USR1', 'USR2', 'ALRM', 'WINCH'])('SIG%s reaches CMD, once', (signal) =>
    inOwnFolder(async (folder) => {
      const script = `trap 'echo got ${signal}' ${signal}; echo ready; while read -r line; do echo "<$line>"; done; exit 9`;
      const live = startLive([...inNamespace, bpfilter, 'run', '--', 'sh', '-c', script], folder);
      await says(live, 'ready');
      process.kill(live.pid, `SIG${signal}` as NodeJS.Signals);
      live.write('a\n');
      await says(live, `got ${signal}`);
      live.closeInput();
      expect(await live.ended).toEqual({ status: 9, signal: null });
      expect(live.output().match(/got/g)).toHaveLength(1);
    }),
  );

  test.each(['TERM', 'HUP', 'USR1'] as const)(
    'SIG%s kills a CMD that has no handler, and the shim after it',
    (signal) =>
      inOwnFolder(async (folder) => {
        const live = startLive([...inNamespace, bpfilter, 'run', '--', 'sh', '-c', 'echo ready; exec cat'], folder);
        await says(live, 'ready');
        process.kill(live.pid, `SIG${signal}`);
        expect(await live.ended).toEqual({ status: null, signal: `SIG${signal}` });
      }),
  );

  test('a signal to the process group reaches CMD; SIGINT is left to it', () =>
    inOwnFolder(async (folder) => {
      const script = `trap 'echo got' INT; echo ready; while read -r line; do echo "<$line>"; done; exit 3`;
      const command = [...inNamespace, bpfilter, 'run', '--', 'sh', '-c', script];
      const live = startLive(['setsid', '--wait', 'sh', '-c', `trap : INT; "$@"; exit $?`, 'sh', ...command], folder);
      await says(live, 'ready');
      process.kill(-groupOf(live.pid), 'SIGINT');
      live.write('a\n');
      await says(live, 'got');
      live.closeInput();
      expect(await live.ended).toEqual({ status: 3, signal: null });
      expect(live.output().match(/got/g)).toHaveLength(1);
    }));
});

/** The process group that a command leads or its child does (setsid forks where it must). */
function groupOf(pid: number): number {
  const child = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0] ?? '';
  const stat = fs.readFileSync(`/proc/${child}/stat`, 'latin1');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
}

const noTerminal = reason ?? (fs.existsSync('/usr/bin/script') ? undefined : 'script(1) is not installed');

describe.skipIf(noTerminal !== undefined)(titled('in a terminal', noTerminal), () => {
  /** An interactive shell in a terminal of its own; what is typed goes through the terminal. */
  function terminal(folder: string, command: string): Live {
    return startLive(['script', '-qfec', `exec ${command}`, '/dev/null'], folder, {
      PS1: '$ ',
      TERM: 'dumb',
      SHELL: '/bin/sh',
    });
  }
  const run = `unshare -n ${bpfilter} run --`;
  const interactive = 'bash --norc --noprofile -i';

  test('Ctrl-C: CMD gets SIGINT once, the shim ends with its status', () =>
    inOwnFolder(async (folder) => {
      const script = path.join(folder, 'script');
      fs.writeFileSync(script, `trap 'echo got' INT; echo ready; sleep 30; echo after; exit 5\n`);
      const live = terminal(folder, `${run} sh ${script}`);
      await says(live, 'ready');
      live.write('\x03');
      expect(await live.ended).toEqual({ status: 5, signal: null });
      expect(live.output().match(/got/g)).toHaveLength(1);
      expect(live.output()).toContain('after');
    }));

  test('Ctrl-C ends a CMD without a handler, and the shell sees SIGINT', () =>
    inOwnFolder(async (folder) => {
      const live = terminal(folder, interactive);
      await says(live, '$ ');
      live.write(`${run} sh -c 'echo rea""dy; exec sleep 30'; echo "no further"\n`);
      await says(live, 'ready');
      live.write('\x03');
      live.write('echo "status=$?"; exit\n');
      await live.ended;
      expect(live.output()).toContain('status=130');
      expect(live.output()).not.toMatch(/^no further/m);
    }));

  test('a CMD that ignores SIGINT goes on', () =>
    inOwnFolder(async (folder) => {
      const script = path.join(folder, 'script');
      fs.writeFileSync(script, `trap '' INT; echo ready; read -r line; echo "line=$line"; exit 4\n`);
      const live = terminal(folder, `${run} sh ${script}`);
      await says(live, 'ready');
      live.write('\x03');
      await says(live, '^C');
      live.write('more\n');
      expect(await live.ended).toEqual({ status: 4, signal: null });
      expect(live.output()).toContain('line=more');
    }));

  test('Ctrl-Z stops both, fg goes on', () =>
    inOwnFolder(async (folder) => {
      const live = terminal(folder, interactive);
      await says(live, '$ ');
      live.write(`${run} sh -c 'iptables -S INPUT; read -r line; iptables -N x; iptables -S x; echo "line=$line"'\n`);
      await says(live, '-P INPUT ACCEPT');
      live.write('\x1a');
      await says(live, 'Stopped');
      live.write('jobs; fg\n');
      await says(live, /Stopped[\s\S]*Stopped[\s\S]*unshare/);
      live.write('typed\n');
      await says(live, /^line=typed/m);
      live.write('echo "status=$?"; exit\n');
      await live.ended;
      expect(live.output()).toContain('status=0');
      expect(live.output()).toContain('-N x');
    }));

  test('what CMD does to the terminal stays', () =>
    inOwnFolder(async (folder) => {
      const script = path.join(folder, 'script');
      fs.writeFileSync(script, `${run} stty -echo -icanon erase X; stty -a | grep -E 'echo |icanon|erase'\n`);
      const live = terminal(folder, `sh ${script}`);
      await live.ended;
      expect(live.output()).toMatch(/erase = X/);
      expect(live.output()).toMatch(/-icanon/);
      expect(live.output()).toMatch(/-echo /);
    }));

  test('an interactive shell as CMD has job control', () =>
    inOwnFolder(async (folder) => {
      const live = terminal(folder, `${run} ${interactive}`);
      await says(live, '$ ');
      // it says so once it has the terminal
      live.write(`iptables -N inner; sh -c 'echo rea""dy; exec sleep 30'\n`);
      await says(live, 'ready');
      live.write('\x1a');
      await says(live, 'Stopped');
      live.write('kill -9 %1; wait; iptables -S inner; exit 6\n');
      expect(await live.ended).toEqual({ status: 6, signal: null });
      expect(live.output()).not.toContain('no job control');
      expect(live.output()).toMatch(/^-N inner/m);
    }));
});
