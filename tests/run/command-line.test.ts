import { describe, expect, test } from 'vitest';
import { bpfilter, missing, type Ran, runCommand, titled, withFolder } from '../harness/ways.ts';
import { inNamespace } from './way.ts';

const reason = missing('root', 'build', 'transport', 'iptables-legacy');

const ask = (...args: readonly string[]): Ran =>
  withFolder((folder) => runCommand([...inNamespace, bpfilter, ...args], { folder }));

describe.skipIf(reason !== undefined)(titled('the command line', reason), () => {
  test.each([[], ['run'], ['status'], ['reset'], ['umh'], ['module'], ['drill']])(
    '%s --help shows an example',
    (...command) => {
      const ran = ask(...command, '--help');
      expect(ran).toMatchObject({ status: 0, stderr: '' });
      expect(ran.stdout).toMatch(/Examples:\n {2}bpfilter [a-z]/);
    },
  );

  test('iptables --help', () => {
    expect(ask('iptables', '--help')).toMatchObject({ status: 0, stderr: '' });
  });

  test('--version', () => {
    expect(ask('--version').stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test.each([
    ['nothing', [], 'which command?'],
    ['an unknown command', ['nosuch'], 'nosuch'],
    ['no action', ['umh'], 'Not enough'],
    ['an unknown action', ['umh', 'nosuch'], 'nosuch'],
    ['two actions', ['module', 'load', 'unload'], 'unload'],
    ['an unknown option', ['status', '--nosuch'], 'nosuch'],
    ['a word too many', ['status', 'now'], 'now'],
    ['what a shim says to itself', ['serve'], 'serve'],
    ['a list that would change rules', ['iptables', '-A', 'INPUT', '-j', 'DROP'], 'bpfilter run'],
  ])('wrong usage: %s', (_title, args, words) => {
    const ran = ask(...args);
    expect(ran).toMatchObject({ status: 2, stdout: '' });
    expect(ran.stderr).toContain(words);
  });

  test.each([
    ['no command', ['run']],
    ['no command behind --', ['run', '--']],
    ['an unknown option', ['run', '--nosuch', '--', 'true']],
    ['an unknown backend', ['run', '--backend', 'xdp', '--', 'true']],
  ])('run: wrong usage has a status that is not taken for CMD’s: %s', (_title, args) => {
    expect(ask(...args)).toMatchObject({ status: 125, stdout: '' });
  });

  test.each(['BPFILTER_TRANSPORT', 'BPFILTER_BACKEND', 'BPFILTER_XT'])(
    'run: nonsense in %s is said at once',
    (name) => {
      withFolder((folder) => {
        const ran = runCommand([...inNamespace, bpfilter, 'run', '--', 'true'], { folder, env: { [name]: 'xdp' } });
        expect(ran).toMatchObject({ status: 125, stdout: '' });
        expect(ran.stderr).toContain(`${name} is "xdp", expected one of `);
      });
    },
  );

  test('a wrong line is not carried out', () => {
    withFolder((folder) => {
      const script = `${bpfilter} run -- iptables -N kept; ${bpfilter} reset now; echo $?; ${bpfilter} iptables -S; ${bpfilter} reset; ${bpfilter} iptables -S`;
      const ran = runCommand([...inNamespace, 'sh', '-c', script], { folder });
      const policies = '-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n';
      expect(ran.stdout).toBe(`2\n${policies}-N kept\n${policies}`);
    });
  });

  test.each([
    ['umh', 'kill'],
    ['module', 'load'],
    ['module', 'unload'],
  ])('%s %s without a shim', (...command) => {
    expect(ask(...command)).toEqual({
      status: 1,
      signal: null,
      stdout: '',
      stderr: 'bpfilter: no shim runs in this network namespace\n',
    });
  });
});

describe.skipIf(reason !== undefined)(titled('asking running shims', reason), () => {
  const say = (script: string, env: Readonly<Record<string, string>> = {}): Ran =>
    withFolder((folder) =>
      runCommand([...inNamespace, 'sh', '-c', script.replaceAll('BPF', bpfilter)], { folder, env }),
    );
  const shims = `node -e 'const s = JSON.parse(require("fs").readFileSync(0)); for (const { served } of s.shims) { const own = served.find((one) => one.own) ?? {}; console.log(own.pid !== undefined, own.restarts, own.requests > 0, own.failures); } console.log(s.shims.length, s.driver.tables.find((t) => t.name === "filter").rules)'`;

  test('status before, during and after', () => {
    const ran = say(
      `BPF status --json | ${shims}; BPF run -- sh -c 'iptables -A INPUT -j DROP; BPF status --json | ${shims.replaceAll("'", `'"'"'`)}'; BPF status --json | ${shims}; BPF status | grep -c "^table.*in force"`,
    );
    expect(ran).toEqual({
      status: 0,
      signal: null,
      stderr: '',
      stdout: expect.stringMatching(/^0 \d+\ntrue 0 true 0\n1 \d+\n0 \d+\n1\n$/),
    });
  });

  test('umh kill, module unload and load: the next iptables sees the same', () => {
    // without a driver that stands by: it would be there by some of these times, and not by others
    const ran = say(
      `BPF run -- sh -c 'iptables -A INPUT -j DROP; BPF umh kill; iptables -S INPUT; BPF module unload; BPF module unload; iptables -S INPUT; BPF module load; BPF module load; BPF umh kill; BPF umh kill; iptables -S INPUT; BPF status --json | ${shims.replaceAll("'", `'"'"'`)}'`,
      { BPFILTER_STANDBY: 'no' },
    );
    const rules = '-P INPUT ACCEPT\n-A INPUT -j DROP\n';
    const steady = ran.stdout.replace(/shim \d+: /g, '').replace(/\d{2,}/g, 'N');
    expect(steady).toBe(
      `killed N\n${rules}unloaded\nunloaded\n${rules}loaded, pid N\nloaded, pid N\nkilled N\nno driver runs\n${rules}true 3 true 0\n1 ${steady.split(' ').at(-1)}`,
    );
  });

  test('a socket that a killed shim left is removed, whoever has its pid now', () => {
    withFolder((folder) => {
      const script = `BPF status >/dev/null; cd "$1"/*-*; node -e 'const s = require("net").createServer().listen("shim-1.sock", () => process.kill(process.pid, 9))'; ls *.sock; BPF status | grep shim; ls *.sock 2>/dev/null`;
      const ran = runCommand([...inNamespace, 'sh', '-c', script.replaceAll('BPF', bpfilter), 'sh', folder], {
        folder,
      });
      expect(ran.stdout).toBe('shim-1.sock\nshim     none runs here\n');
    });
  });
});
