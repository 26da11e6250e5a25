import { describe, expect, test } from 'vitest';
import { isBpfCapable } from '../../sys/bpf-capable.ts';
import { heirName } from '../../sys/memory-heir.ts';
import { bpfilter, missing, runCommand, titled, withFolder } from '../harness/ways.ts';

const reason = missing('root', 'build', 'transport', 'iptables-legacy');
const noUserns = missing('user namespaces');

/** Every driver of this state folder, the one that stands by too: its log tells whose it is. */
const drivers = `for p in /proc/[0-9]*; do
  [ "$(cat $p/comm 2>/dev/null)" = bpfilter_umh ] || continue
  case "$(readlink $p/fd/2 2>/dev/null)" in "$BPFILTER_BASE"/*) echo "$p";; esac
done`;

interface Way {
  readonly unshare?: string;
  readonly options?: readonly string[];
  /** Whether a driver stands by after a while; one that just starts still has more than it is left with. */
  readonly standby?: boolean;
}

function served(script: string, { unshare = '-n', options = [], standby = true }: Way = {}): string {
  return withFolder((folder) => {
    const env = {
      BPFILTER_BASE: folder,
      BPFILTER_TRANSPORT: 'netlink',
      ...(standby ? {} : { BPFILTER_STANDBY: 'no' }),
    };
    const inner = `iptables -A INPUT -j DROP; ${script}`;
    const ran = runCommand(['unshare', unshare, bpfilter, 'run', ...options, '--', 'sh', '-c', inner], { folder, env });
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    return ran.stdout;
  });
}

const CAP_NET_ADMIN = 1n << 12n;
const CAP_SYS_PTRACE = 1n << 19n;
const CAP_DAC_OVERRIDE = 1n << 1n;
const BPF_AND_PERFMON = (1n << 39n) | (1n << 38n);

/** What each driver and each of its threads has of a field of /proc/PID/status. */
const statusOfDrivers = `for p in $(${drivers}); do cat $p/task/*/status | grep -E "^(CapBnd|CapEff|NoNewPrivs|Seccomp):" | sort | uniq; done`;

/** The same of the heirs of these drivers' memory (sys/memory-heir.ts), once there is one, and how many descriptors they have. */
const statusOfHeirs = `heirs() { for p in $(${drivers}); do for h in /proc/[0-9]*; do
  [ "$(cat $h/comm 2>/dev/null)" = ${heirName} ] || continue
  grep -q "^PPid:\t\${p#/proc/}$" $h/status 2>/dev/null || continue
  grep -E "^(CapBnd|CapEff|NoNewPrivs|Seccomp):" $h/status; echo "Descriptors: $(ls $h/fd | wc -l)"; done; done; }
  until heirs | grep .; do sleep 0.1; done`;

const valuesIn = (status: string, field: string): readonly string[] =>
  [...status.matchAll(new RegExp(`^${field}:\\s*(\\S+)`, 'gm'))].map(([, value]) => value ?? '');
const capabilitiesIn = (status: string): readonly bigint[] =>
  ['CapBnd', 'CapEff'].flatMap((field) => valuesIn(status, field)).map((hex) => BigInt(`0x${hex}`));

/** The different sets that threads of drivers have, without the capability that each has. */
const besideNetAdmin = (way: Way): readonly bigint[] => [
  ...new Set(capabilitiesIn(served(statusOfDrivers, way)).map((mask) => mask ^ CAP_NET_ADMIN)),
];

describe.skipIf(reason !== undefined)(titled('what the driver is left with', reason), () => {
  test('few capabilities, none to be had again, no new privileges, a filter on every thread', () => {
    const status = served(statusOfDrivers);
    expect(valuesIn(status, 'NoNewPrivs').length).toBeGreaterThan(0);
    expect(new Set(valuesIn(status, 'NoNewPrivs'))).toEqual(new Set(['1']));
    expect(new Set(valuesIn(status, 'Seccomp'))).toEqual(new Set(['2']));
    for (const mask of capabilitiesIn(status)) {
      expect(mask & CAP_NET_ADMIN).toBe(CAP_NET_ADMIN);
      expect(mask & (CAP_SYS_PTRACE | CAP_DAC_OVERRIDE)).toBe(0n);
    }
  });

  const noHeirs = process.arch === 'x64' ? undefined : 'no heirs but on x86-64';
  test.skipIf(noHeirs !== undefined)(
    titled('what has its memory has no more than it has, and no descriptor', noHeirs),
    () => {
      const status = served(`${statusOfDrivers}; echo =; ${statusOfHeirs}`, { standby: false });
      const [driver = '', heir = ''] = status.split('=\n');
      expect(valuesIn(heir, 'Descriptors')).toEqual(['0']);
      for (const field of ['CapBnd', 'CapEff', 'NoNewPrivs', 'Seccomp'])
        expect(new Set(valuesIn(heir, field))).toEqual(new Set(valuesIn(driver, field)));
    },
  );

  test.each([
    ['nft: nothing that BPF wants', 'nft', 0n],
    ['auto: what BPF wants, where the shim has it', 'auto', isBpfCapable() ? BPF_AND_PERFMON : 0n],
  ])('--backend %s', (_title, backend, kept) => {
    expect(besideNetAdmin({ options: ['--backend', backend] })).toEqual([kept]);
  });

  test.skipIf(noUserns !== undefined)(
    titled('--backend auto in a user namespace: nothing that BPF wants, for it is worth nothing there', noUserns),
    () => {
      expect(besideNetAdmin({ unshare: '-Urn', options: ['--backend', 'auto'] })).toEqual([0n]);
    },
  );

  test('every file of the state is its owner’s alone', () => {
    const script =
      'cd "$BPFILTER_BASE"/*-*/; stat -c %a .; find . -type f ! -perm 600; find . -type s ! -perm 600; ls | wc -l';
    const [folder, ...rest] = served(script).trim().split('\n');
    expect(folder).toBe('700');
    expect(rest).toHaveLength(1);
    expect(Number(rest[0])).toBeGreaterThan(5);
  });
});
