import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { bpfilter, missing, runCommand, titled, withFolder } from '../harness/ways.ts';

const reason = missing('root', 'user namespaces', 'build', 'nft', 'iptables-legacy');

const nobody = 65534;
const asNobody = ['setpriv', '--reuid', `${nobody}`, '--regid', `${nobody}`, '--clear-groups'];
const policies = '-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n';
const script = 'iptables -A INPUT -i lo -j ACCEPT; iptables -S';

/** Neither the state's folder nor the lock's is named: both are to be found. */
const plain = { BPFILTER_BASE: '', XTABLES_LOCKFILE: '', XDG_RUNTIME_DIR: '' };
const unset = 'unset BPFILTER_BASE XTABLES_LOCKFILE; [ -n "$XDG_RUNTIME_DIR" ] || unset XDG_RUNTIME_DIR;';

describe.skipIf(reason !== undefined)(titled('an ordinary user', reason), () => {
  test('without --isolated: refused, and told of it', () => {
    withFolder((folder) => {
      const ran = runCommand([...asNobody, bpfilter, 'run', '--', 'true'], { folder });
      expect(ran).toMatchObject({ status: 125, stdout: '' });
      expect(ran.stderr).toContain('bpfilter run --isolated -- ');
    }, nobody);
  });

  test('--isolated: a network of its own with loopback; nothing outside changes', () => {
    withFolder((folder) => {
      const inner = `${script}; ip link show lo | grep -o "<.*UP.*>"; id -u; exit 5`;
      const outer = `"$@"; echo "status $?"; nft list ruleset; iptables-legacy -S | grep -c lo; ip link show lo | grep -c ,UP`;
      const ran = runCommand(
        ['unshare', '-n', 'sh', '-c', outer, 'sh', ...asNobody, bpfilter, 'run', '--isolated', '--', 'sh', '-c', inner],
        { folder },
      );
      expect(ran).toMatchObject({ stderr: '' });
      expect(ran.stdout).toBe(`${policies}-A INPUT -i lo -j ACCEPT\n<LOOPBACK,UP,LOWER_UP>\n0\nstatus 5\n0\n0\n`);
    }, nobody);
  });

  test('--isolated: arguments, descriptors, signals and environment as ever', () => {
    withFolder((folder) => {
      const inner = `printf "[%s]" "$@"; cat <&3; grep -c "SigIgn:.*1$" /proc/self/status; ulimit -n; env | grep -c "^BPFILTER_[IL]"; tr "\\0" "\\n" </proc/$$/environ | grep -a "^NODE_OPT\\|^NODE_EX\\|^a.b" | sort`;
      const command = [...asNobody, bpfilter, 'run', '--isolated', '--', 'sh', '-c', inner, 'sh', '', 'a b', '--'];
      const outer =
        'trap "" HUP; ulimit -Sn 600; exec 3</etc/hostname; exec env a.b=1 NODE_EXTRA_CA_CERTS=/nosuch "NODE_OPTIONS=--require /nosuch" "$@"';
      const ran = runCommand(['sh', '-c', outer, 'sh', ...command], { folder });
      expect(ran.stdout).toBe(
        `[][a b][--]${fs.readFileSync('/etc/hostname', 'utf8')}1\n600\n0\nNODE_EXTRA_CA_CERTS=/nosuch\nNODE_OPTIONS=--require /nosuch\na.b=1\n`,
      );
    }, nobody);
  });

  test('as root too', () => {
    withFolder((folder) => {
      const ran = runCommand([bpfilter, 'run', '--isolated', '--', 'sh', '-c', script], { folder });
      expect(ran).toEqual({ status: 0, signal: null, stdout: `${policies}-A INPUT -i lo -j ACCEPT\n`, stderr: '' });
    });
  });

  const places: readonly {
    title: string;
    prepare?: (folder: string) => void;
    env: (folder: string) => Record<string, string>;
    used: string | undefined;
  }[] = [
    { title: 'XDG_RUNTIME_DIR', env: (folder) => ({ XDG_RUNTIME_DIR: folder }), used: 'bpfilter' },
    { title: 'TMPDIR', env: (folder) => ({ TMPDIR: folder }), used: 'bpfilter-65534' },
    {
      title: "not somebody else's folder",
      prepare: (folder) => fs.mkdirSync(path.join(folder, 'bpfilter'), { mode: 0o777 }),
      env: (folder) => ({ XDG_RUNTIME_DIR: folder, TMPDIR: folder }),
      used: 'bpfilter-65534',
    },
    {
      title: 'not a folder that others may write to',
      prepare(folder) {
        fs.mkdirSync(path.join(folder, 'bpfilter'));
        fs.chownSync(path.join(folder, 'bpfilter'), nobody, nobody);
        fs.chmodSync(path.join(folder, 'bpfilter'), 0o770);
      },
      env: (folder) => ({ XDG_RUNTIME_DIR: folder, TMPDIR: folder }),
      used: 'bpfilter-65534',
    },
    {
      title: 'not through a link',
      prepare(folder) {
        fs.mkdirSync(path.join(folder, 'elsewhere'));
        fs.chownSync(path.join(folder, 'elsewhere'), nobody, nobody);
        fs.symlinkSync('elsewhere', path.join(folder, 'bpfilter'));
      },
      env: (folder) => ({ XDG_RUNTIME_DIR: folder, TMPDIR: folder }),
      used: 'bpfilter-65534',
    },
    {
      title: 'none at all',
      prepare: (folder) => fs.writeFileSync(path.join(folder, 'bpfilter-65534'), ''),
      env: (folder) => ({ XDG_RUNTIME_DIR: '/proc', TMPDIR: folder }),
      used: undefined,
    },
  ];
  test.each(places)('the state goes to: $title', ({ prepare, env, used }) => {
    withFolder((folder) => {
      prepare?.(folder);
      const inner = `${script}; echo "$XTABLES_LOCKFILE"`;
      const ran = runCommand(
        [
          'sh',
          '-c',
          `${unset} exec "$@"`,
          'sh',
          ...asNobody,
          'unshare',
          '-Urn',
          bpfilter,
          'run',
          '--',
          'sh',
          '-c',
          inner,
        ],
        { folder, env: { ...plain, ...env(folder) } },
      );
      if (used === undefined) {
        expect(ran).toMatchObject({ status: 125, stdout: '' });
        expect(ran.stderr).toMatch(/\/run\/bpfilter: .*\/proc\/bpfilter: .*bpfilter-65534: is no folder/);
        return;
      }
      expect(ran).toEqual({
        status: 0,
        signal: null,
        stderr: '',
        stdout: `${policies}-A INPUT -i lo -j ACCEPT\n${folder}/${used}/xtables.lock\n`,
      });
      expect(fs.readdirSync(path.join(folder, used)).some((name) => /^[0-9a-f]{32}-\d+$/.test(name))).toBe(true);
    }, nobody);
  });
});
