import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { bpfilter, missing, titled, withFolder } from '../harness/ways.ts';
import { runNative, runServed } from './way.ts';

const reason = missing('root', 'build', 'transport', 'iptables-legacy');
const withKernel = missing('root', 'build', 'transport', 'iptables-legacy', 'kernel ip_tables');

/** Scripts that must say the same natively; IPT is iptables-legacy both times. */
const alike: readonly { readonly title: string; readonly script: string }[] = [
  {
    title: 'pipes and subshells',
    script:
      '(IPT -A INPUT -j DROP; IPT -S) | (cat; IPT -A OUTPUT -j DROP); IPT -S | sort; x=$(IPT -S INPUT); echo "$x"',
  },
  { title: 'xargs -P4', script: 'seq 12 | xargs -P4 -I{} IPT -w -A INPUT -s 10.0.0.{} -j DROP; IPT -S | sort' },
  {
    title: '20 callers at once',
    script: 'for i in $(seq 20); do IPT -w -A INPUT -s 10.0.0.$i -j DROP & done; wait; IPT -S | sort',
  },
  {
    title: 'readers beside a writer',
    script:
      'for i in $(seq 8); do IPT -w -A INPUT -s 10.0.0.$i -j DROP; done & for i in $(seq 8); do IPT -w -S >/dev/null || echo "failed $?"; done; wait; IPT -S',
  },
  {
    title: 'a caller without the capability',
    script:
      'export XTABLES_LOCKFILE=/dev/null; setpriv --reuid 65534 --clear-groups IPT -S; setpriv --bounding-set=-net_admin IPT -A INPUT -j DROP; sudo -n -u nobody env XTABLES_LOCKFILE=/dev/null IPT -L; IPT -S',
  },
  { title: 'sudo', script: 'sudo -n IPT -A INPUT -j DROP && sudo -n IPT -S' },
  {
    title: 'a user in a network of its own',
    script:
      'setpriv --reuid 65534 --clear-groups env XTABLES_LOCKFILE=/dev/null unshare -Urn sh -c "IPT -S; IPT -A INPUT -j ACCEPT; IPT -S"; IPT -S',
  },
  {
    title: 'a user in a user namespace of its own, network kept',
    script: 'setpriv --reuid 65534 --clear-groups env XTABLES_LOCKFILE=/dev/null unshare -Ur IPT -S; echo $?',
  },
  {
    title: 'other network namespaces',
    script: 'IPT -A INPUT -j DROP; unshare -n sh -c "IPT -A OUTPUT -j DROP; IPT -S"; unshare -n IPT -S; IPT -S',
  },
  {
    title: 'nsenter into another network namespace',
    script:
      'unshare -n sleep 30 & sleep_pid=$!; until [ "$(readlink /proc/$sleep_pid/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do :; done; nsenter -t $sleep_pid -n IPT -A INPUT -j DROP; nsenter -t $sleep_pid -n IPT -S; IPT -S; kill $sleep_pid',
  },
  {
    title: 'tables in use, in their order',
    script:
      'IPT -t nat -L -n >/dev/null; IPT -S >/dev/null; IPT -t mangle -N x; IPTSAVE | grep -v "^#"; IPT -t nat -N y; IPTSAVE | grep "^\\*"',
  },
  { title: 'setsid', script: 'setsid --wait IPT -A INPUT -j DROP; IPT -S' },
  { title: 'env -i and a cleared PATH', script: 'env -i XTABLES_LOCKFILE="$XTABLES_LOCKFILE" IPT -S' },
];

describe.skipIf(withKernel !== undefined)(titled('callers of all kinds are answered as natively', withKernel), () => {
  test.each(alike)('$title', ({ script }) => {
    const named = script
      .replaceAll('IPTSAVE', '/usr/sbin/iptables-legacy-save')
      .replaceAll('IPT ', '/usr/sbin/iptables-legacy ');
    const native = withFolder((folder) => runNative(named, { folder }));
    expect(withFolder((folder) => runServed(named, { folder }))).toEqual(native);
    expect(native.stdout).not.toBe('');
  });
});

describe.skipIf(reason !== undefined)(titled('run within run', reason), () => {
  test.each([
    [
      'nothing stands between it and CMD',
      `RUN RUN sh -c 'iptables -A INPUT -j DROP; exit 7'; echo $?; iptables -S INPUT`,
      '7\n-P INPUT ACCEPT\n-A INPUT -j DROP\n',
    ],
    [
      'arguments, descriptors and statuses pass',
      `exec 3</dev/null 2>/dev/null; RUN RUN sh -c '[ -e /proc/self/fd/3 ] && printf "[%s]" "$@"; kill -9 $$' sh '' 'a b' 2>/dev/null; echo " $?"`,
      '[][a b] 137\n',
    ],
    ['a command that is not there', 'RUN nosuch 2>&1; echo $?', 'bpfilter: nosuch: command not found\n127\n'],
    [
      "another namespace's run has its own state",
      'iptables -A INPUT -j DROP; unshare -n RUN sh -c "iptables -A OUTPUT -j DROP; iptables -S"; iptables -S',
      '-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n-A OUTPUT -j DROP\n-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n-A INPUT -j DROP\n',
    ],
  ])('%s', (_title, script, stdout) => {
    withFolder((folder) => {
      expect(runServed(script.replaceAll('RUN', `${bpfilter} run --`), { folder })).toEqual({
        status: 0,
        signal: null,
        stdout,
        stderr: '',
      });
    });
  });
});

describe.skipIf(reason !== undefined)(titled('a strict umask', reason), () => {
  test('other users below the shim still find the legacy programs', () => {
    withFolder((folder) => {
      fs.rmdirSync(folder);
      const inner = 'setpriv --reuid 65534 --clear-groups iptables --version';
      expect(runNative(`umask 077; ${bpfilter} run -- ${inner}`, { folder }).stdout).toContain('legacy');
    });
  });
});

describe.skipIf(reason !== undefined)(titled('/proc/net/ip_tables_names', reason), () => {
  test("whoever reads it by itself gets the kernel's own", () => {
    withFolder((folder) => {
      const ran = runServed(
        'iptables -N x; cat /proc/net/ip_tables_names /proc/self/net/ip_tables_names 2>/dev/null; iptables-save -t filter | grep -c "^:x"',
        { folder },
      );
      expect(ran.stdout).toBe('1\n');
    });
  });
});

describe.skipIf(reason !== undefined)(titled('several shims in one namespace', reason), () => {
  test('interleaved commands see each other', () => {
    withFolder((folder) => {
      const run = `${bpfilter} run --`;
      const many = `for i in 1 2 3 4 5 6; do iptables -w -A INPUT -s 10.0.$0.$i -j DROP || echo failed; done`;
      const ran = runNative(
        `${run} sh -c '${many}' 1 & ${run} sh -c '${many}' 2 & wait; ${run} iptables -S INPUT | sort; ${run} iptables -F; ${run} iptables -S INPUT`,
        { folder },
      );
      const rules = [1, 2].flatMap((shim) => [1, 2, 3, 4, 5, 6].map((i) => `-A INPUT -s 10.0.${shim}.${i}/32 -j DROP`));
      expect(ran).toEqual({
        status: 0,
        signal: null,
        stdout: [...rules, '-P INPUT ACCEPT', '-P INPUT ACCEPT', ''].join('\n'),
        stderr: '',
      });
    });
  });
});
