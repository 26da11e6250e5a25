import { describe, expect, test } from 'vitest';
import { bpfilter, missing, runCommand, titled, withFolder } from '../harness/ways.ts';

const reason = missing('root', 'build', 'nft', 'iptables-legacy');

/** Every driver of this state folder, the one that stands by too: its log tells whose it is. */
const drivers = `for p in /proc/[0-9]*; do
  [ "$(cat $p/comm 2>/dev/null)" = bpfilter_umh ] || continue
  case "$(readlink $p/fd/2)" in "$BPFILTER_BASE"/*) echo "$p";; esac
done`;

function served(script: string): string {
  return withFolder((folder) => {
    const env = { BPFILTER_BASE: folder, BPFILTER_TRANSPORT: 'netlink' };
    const inner = `iptables -A INPUT -j DROP; ${script}`;
    const ran = runCommand(['unshare', '-n', bpfilter, 'run', '--', 'sh', '-c', inner], { folder, env });
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    return ran.stdout;
  });
}

const CAP_NET_ADMIN = 1n << 12n;
const CAP_SYS_PTRACE = 1n << 19n;
const CAP_DAC_OVERRIDE = 1n << 1n;

describe.skipIf(reason !== undefined)(titled('what the driver is left with', reason), () => {
  test('few capabilities, none to be had again, no new privileges, a filter on every thread', () => {
    const status = served(
      `for p in $(${drivers}); do cat $p/task/*/status | grep -E "^(CapBnd|CapEff|NoNewPrivs|Seccomp):" | sort | uniq; done`,
    );
    const values = (field: string): readonly string[] =>
      [...status.matchAll(new RegExp(`^${field}:\\s*(\\S+)`, 'gm'))].map(([, value]) => value ?? '');
    expect(values('NoNewPrivs').length).toBeGreaterThan(0);
    expect(new Set(values('NoNewPrivs'))).toEqual(new Set(['1']));
    expect(new Set(values('Seccomp'))).toEqual(new Set(['2']));
    for (const mask of [...values('CapBnd'), ...values('CapEff')].map((hex) => BigInt(`0x${hex}`))) {
      expect(mask & CAP_NET_ADMIN).toBe(CAP_NET_ADMIN);
      expect(mask & (CAP_SYS_PTRACE | CAP_DAC_OVERRIDE)).toBe(0n);
    }
  });

  test('every file of the state is its owner’s alone', () => {
    const script =
      'cd "$BPFILTER_BASE"/*-*/; stat -c %a .; find . -type f ! -perm 600; find . -type s ! -perm 600; ls | wc -l';
    const [folder, ...rest] = served(script).trim().split('\n');
    expect(folder).toBe('700');
    expect(rest).toHaveLength(1);
    expect(Number(rest[0])).toBeGreaterThan(5);
  });
});
