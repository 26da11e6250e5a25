import { describe, expect, test } from 'vitest';
import { heirName } from '../../sys/memory-heir.ts';
import { bpfilter, missing, runCommand, titled, withFolder } from '../harness/ways.ts';

const reason =
  missing('root', 'build', 'transport', 'iptables-legacy') ??
  (process.arch === 'x64' ? undefined : 'no heirs but on x86-64');

/** `gone IS PID…` waits for processes, for 20 s, until all are `ended` (reaped or not) or `reaped`, and says which aren't. */
const gone = `
ended() { ! grep -q '^State:.[^ZX]' "/proc/$1/status" 2>/dev/null; }
reaped() { ! [ -e "/proc/$1" ]; }
gone() { is=$1; shift; for p; do n=0; until $is "$p"; do n=$((n+1)); [ $n -lt 200 ] || { echo "$p stays"; break; }; sleep 0.1; done; done; }`;

/** Below run: $drivers, those of this shim, and $heirs, theirs, as soon as a driver stands by. */
const names = `${gone}
all() { for p in /proc/[0-9]*; do [ "$(cat $p/comm 2>/dev/null)" = "$1" ] && grep -q "^PPid:.$2$" $p/status && echo "\${p#/proc/}"; done; }
look() { drivers=$(all bpfilter_umh "$PPID"); heirs=$(for d in $drivers; do all ${heirName} "$d"; done); }
until look; [ "$(echo $heirs | wc -w)" = 2 ]; do sleep 0.1; done`;

interface Way {
  readonly namespaces?: readonly string[];
  /** Done after run, in the same namespaces. */
  readonly after?: string;
}

function served(script: string, { namespaces = ['-n'], after }: Way = {}): string {
  return withFolder((folder) => {
    const run = [bpfilter, 'run', '--', 'sh', '-c', `iptables -A INPUT -j DROP; ${names}\n${script}`];
    const command = after === undefined ? run : ['sh', '-c', `"$@"; ${after}`, 'sh', ...run];
    const ran = runCommand(['unshare', ...namespaces, ...command], { folder, env: { BPFILTER_BASE: folder } });
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    return ran.stdout;
  });
}

describe.skipIf(reason !== undefined)(titled('heirs of drivers’ memory', reason), { timeout: 60_000 }, () => {
  test('that were stopped with their driver don’t stay', () => {
    const script = 'kill -STOP $heirs; kill -9 $drivers; iptables -S INPUT; gone ended $heirs';
    expect(served(script)).toBe('-P INPUT ACCEPT\n-A INPUT -j DROP\n');
  });

  test('end with run, stopped or not', () => {
    const after = `${gone}\ngone ended $(cat "$BPFILTER_BASE/heirs")`;
    expect(served('echo $heirs >"$BPFILTER_BASE/heirs"; set -- $heirs; kill -STOP "$1"', { after })).toBe('');
  });

  test('are reaped by a shim that is pid 1', () => {
    const script = `[ "$PPID" = 1 ] || echo "not pid 1"; kill -9 $drivers; iptables -S INPUT; gone reaped $heirs`;
    const output = served(script, { namespaces: ['-n', '-p', '-f', '--mount-proc'] });
    expect(output).toBe('-P INPUT ACCEPT\n-A INPUT -j DROP\n');
  });
});
