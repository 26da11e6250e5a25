import fs from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { heirName } from '../../sys/memory-heir.ts';
import { bpfilter, missing, runCommand, titled, withFolder } from '../harness/ways.ts';
import { inOwnFolder } from './own-folder.ts';
import {
  endLive,
  inNamespace,
  isAlive,
  type Live,
  processesWith,
  runNative,
  runServed,
  served,
  startLive,
  stateOf,
  until,
} from './way.ts';

const reason = missing('root', 'build', 'transport', 'iptables-legacy');
const withKernel = missing('root', 'build', 'transport', 'iptables-legacy', 'kernel ip_tables');

afterEach(endLive);

let marks = 0;

/** Has the shell carry out a line and gives what was said meanwhile. */
async function say(shell: Live, line: string, timeoutMs?: number): Promise<string> {
  const from = shell.output().length;
  marks += 1;
  const mark = `@${marks}@`;
  shell.write(`${line}\necho ${mark}\n`);
  await until(`${line}: ${shell.output().slice(from)}`, () => shell.output().slice(from).includes(mark), timeoutMs);
  return shell.output().slice(from).replace(`${mark}\n`, '');
}

/** What a process is called; nothing where there is none any more. */
function nameOf(pid: number): string {
  try {
    return fs.readFileSync(`/proc/${pid}/comm`, 'latin1').trim();
  } catch {
    return '';
  }
}

/** The drivers; the heirs of their memory have their environment, too. */
const driverOf = (folder: string): number[] =>
  processesWith(`BPFILTER_STATE=${folder}`).filter((pid) => !['', heirName].includes(nameOf(pid)));

/** A served shell that takes commands while the test looks on, with a driver that runs. */
async function openServed(folder: string): Promise<{ shell: Live; shim: number; driver: number }> {
  const shell = startLive([...inNamespace, ...served, 'sh'], folder);
  await say(shell, 'iptables -N made');
  const shim = Number(await say(shell, 'echo $PPID'));
  const [driver] = driverOf(folder);
  if (driver === undefined) throw new Error('no driver runs');
  return { shell, shim, driver };
}

describe.skipIf(reason !== undefined)(titled('when something dies or hangs', reason), () => {
  test('a stopped driver: the caller is answered within two seconds, by a successor', () =>
    inOwnFolder(async (folder) => {
      const { shell, driver } = await openServed(folder);
      process.kill(driver, 'SIGSTOP');
      const start = Date.now();
      expect(await say(shell, 'iptables -S made')).toBe('-N made\n');
      expect(Date.now() - start).toBeLessThan(3000);
      expect(driverOf(folder)).not.toContain(driver);
    }));

  test('callers killed in the middle: the others are served, nothing is done by halves', () =>
    inOwnFolder(async (folder) => {
      const { shell, driver } = await openServed(folder);
      process.kill(driver, 'SIGSTOP');
      const said = await say(
        shell,
        'for i in 1 2 3 4; do iptables -N dead$i & pids="$pids $!"; done; sleep 0.2; kill -9 $pids; wait; iptables -S | grep -v dead; iptables -N next && iptables -S next',
      );
      expect(said.replace(/^.*Killed.*\n/gm, '')).toBe(
        '-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n-N made\n-N next\n',
      );
    }));

  test('the shim killed while it serves: ENOSYS at once, and no driver stays', () =>
    inOwnFolder(async (folder) => {
      const { shell, shim, driver } = await openServed(folder);
      process.kill(driver, 'SIGSTOP');
      shell.write('iptables -S; echo "ended $?"\n');
      await until(
        'the call to wait for its answer',
        () => processesWith(`BPFILTER_BASE=${folder}`).some((pid) => nameOf(pid).startsWith('iptables')) || undefined,
      );
      const start = Date.now();
      process.kill(shim, 'SIGKILL');
      await until(`the caller's end: ${shell.output()}`, () => shell.output().includes('ended 3'));
      expect(shell.output()).toContain('implemented real soon');
      expect(Date.now() - start).toBeLessThan(2000);
      if (isAlive(driver)) process.kill(driver, 'SIGCONT');
      await until('the driver to end with its pipes', () => !isAlive(driver));
      shell.closeInput();
    }));

  test('after a killed shim a new one in the namespace knows all', () => {
    withFolder((folder) => {
      const run = `${bpfilter} run --`;
      const script = `(${run} sh -c 'iptables -A INPUT -s 10.0.0.1 -j DROP; kill -9 $PPID; iptables -S') 2>&1 | grep -c "implemented real soon"; ${run} iptables -S INPUT; ${bpfilter} status | grep ^shim; ls "$1"/*/*.sock 2>/dev/null | wc -l`;
      const ran = runCommand([...inNamespace, 'sh', '-c', script, 'sh', folder], { folder });
      expect(ran.stdout).toBe('1\n-P INPUT ACCEPT\n-A INPUT -s 10.0.0.1/32 -j DROP\nshim     none runs here\n0\n');
    });
  });
});

describe.skipIf(reason !== undefined)(titled('nothing grows', reason), () => {
  test('200 commands one after the other: descriptors of shim and driver, no zombies', () =>
    inOwnFolder(async (folder) => {
      const { shell, shim, driver } = await openServed(folder);
      const some = (count: number): Promise<string> =>
        say(
          shell,
          `i=0; while [ $i -lt ${count} ]; do iptables -C INPUT -j DROP 2>/dev/null; i=$((i+1)); done`,
          60_000,
        );
      const counted = (): number[] => [shim, driver].map((pid) => fs.readdirSync(`/proc/${pid}/fd`).length);
      await some(20);
      await say(shell, 'sleep 1'); // for the standby to be there
      const before = counted();
      await some(200);
      await say(shell, 'sleep 0.3');
      expect(counted()).toEqual(before);
      const children = [shim, driver].flatMap((pid) =>
        fs
          .readdirSync(`/proc/${pid}/task`)
          .flatMap((task) =>
            fs.readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean),
          ),
      );
      expect(children.map(Number).filter((pid) => !isAlive(pid))).toEqual([]);
      // and the one that stands by
      expect(driverOf(folder)).toHaveLength(2);
      expect(driverOf(folder)).toContain(driver);
    }));
});

describe.skipIf(reason !== undefined)(titled('what a person is warned of', reason), () => {
  test('iptables-nft by its path', () => {
    withFolder((folder) => {
      const ran = runCommand([...inNamespace, bpfilter, 'run', '--', '/usr/sbin/iptables-nft', '-S'], { folder });
      expect(ran.status).toBe(0);
      expect(ran.stderr).toContain('bpfilter: /usr/sbin/iptables-nft is iptables-nft, which speaks netlink');
    });
  });

  test('no warning for the legacy names', () => {
    withFolder((folder) => {
      for (const name of ['iptables', 'iptables-legacy', '/usr/sbin/iptables-legacy'])
        expect(runServed(`exec ${name} -S`, { folder }).stderr).toBe('');
    });
  });

  test('too few descriptors: refused before CMD starts', () => {
    withFolder((folder) => {
      const limited = (count: number) =>
        runCommand(['sh', '-c', `ulimit -n ${count}; exec "$0" "$@"`, ...inNamespace, ...served, 'iptables', '-S'], {
          folder,
        });
      const ran = limited(40);
      expect(ran).toMatchObject({ status: 125, stdout: '' });
      expect(ran.stderr).toBe('bpfilter: 64 open files are needed, the hard limit is 40 (ulimit -Hn)\n');
      expect(limited(64)).toMatchObject({ status: 0, stderr: '' });
    });
  });

  test("a /proc of another pid namespace: refused with a status of run's own", () => {
    withFolder((folder) => {
      const ran = runCommand(['unshare', '-n', '-p', '--fork', bpfilter, 'run', '--', 'true'], { folder });
      expect(ran).toMatchObject({ status: 125, stdout: '' });
      expect(ran.stderr).toContain('/proc belongs to another pid namespace');
      const mounted = [
        'unshare',
        '-n',
        '-p',
        '--fork',
        '--mount-proc',
        bpfilter,
        'run',
        '--',
        'iptables',
        '-S',
        'INPUT',
      ];
      expect(runCommand(mounted, { folder })).toEqual({
        status: 0,
        signal: null,
        stdout: '-P INPUT ACCEPT\n',
        stderr: '',
      });
    });
  });
});

describe.skipIf(reason !== undefined)(titled('the state folder', reason), () => {
  test('a relative base is the same wherever driver and CMD work', () => {
    withFolder((folder) => {
      const script = `cd "$1" && BPFILTER_BASE=base ${bpfilter} run -- sh -c 'cd / && iptables -A INPUT -j DROP && iptables -S INPUT'`;
      const ran = runCommand([...inNamespace, 'sh', '-c', script, 'sh', folder], { folder });
      expect(ran).toMatchObject({ status: 0, stdout: '-P INPUT ACCEPT\n-A INPUT -j DROP\n', stderr: '' });
      expect(fs.existsSync(`${stateOf(`${folder}/base`)}/filter.table`)).toBe(true);
    });
  });

  test('a base that others may write to is passed over, and said so', () => {
    withFolder((folder) => {
      const base = `${folder}/base`;
      fs.mkdirSync(base);
      fs.chmodSync(base, 0o777);
      // What is taken instead is thrown away with the mounts.
      const script = `mount -t tmpfs tmpfs /run && ${bpfilter} run -- iptables -S INPUT && cat /run/bpfilter/*/log`;
      const ran = runCommand(['unshare', '-n', '-m', 'sh', '-c', script], { folder, env: { BPFILTER_BASE: base } });
      const warning = `BPFILTER_BASE=${base} is passed over, since others may write to it: the state is below /run/bpfilter`;
      expect(ran).toMatchObject({ status: 0, stderr: `bpfilter: ${warning}\n` });
      expect(ran.stdout).toMatch(/^-P INPUT ACCEPT\n/);
      expect(ran.stdout).toContain(warning);
      expect(fs.readdirSync(base)).toEqual([]);
    });
  });

  test('a way to nftables that there is not: refused before CMD is started', () => {
    withFolder((folder) => {
      const ran = runServed('echo started', { folder, env: { BPFILTER_TRANSPORT: 'pigeon' } });
      expect(ran).toMatchObject({ status: 125, stdout: '' });
      expect(ran.stderr).toContain('expected one of auto, netlink, exec');
    });
  });

  test("a base that CMD has replaced by a file: CMD's status stands", () => {
    withFolder((folder) => {
      const base = `${folder}/base`;
      const script = `iptables -S >/dev/null && rm -r ${base} && : >${base}; exit 7`;
      const ran = runServed(script, { folder, env: { BPFILTER_BASE: base } });
      expect(ran).toMatchObject({ status: 7, stderr: '' });
    });
  });
});

describe.skipIf(withKernel !== undefined)(titled("the kernel's own rules", withKernel), () => {
  test('are named in a warning, once and before CMD', () => {
    withFolder((folder) => {
      const rule = '-A INPUT -s 192.0.2.1/32 -j DROP';
      const ran = runNative(
        `iptables-legacy ${rule}; iptables-legacy -t nat -N x; ${bpfilter} run -- sh -c 'echo CMD >&2; iptables -S INPUT'`,
        { folder },
      );
      expect(ran.stderr).toMatch(
        /^bpfilter: the kernel's own ip_tables holds 1 rule.*\n {2}-t filter -A INPUT -s 192\.0\.2\.1\/32 -j DROP\nCMD\n$/,
      );
      expect(ran.stdout).toBe('-P INPUT ACCEPT\n');
      expect(fs.readFileSync(`${stateOf(folder)}/log`, 'utf8')).toContain(rule);
    });
  });
});
