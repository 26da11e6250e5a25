import { netlinkOnly } from '../harness/netlink-only.ts';
import { bpfilter, runCommand, withFolder } from '../harness/ways.ts';

/** A command of a program under test. */
export interface ProgramStep {
  readonly run: string;
  /** The program works on when the command is over: waits until this stands in the saved rules. */
  readonly until?: string;
  /** Or until it doesn't. */
  readonly untilNot?: string;
}

/** What a command said, and the rules after it. */
export interface StepOutcome {
  readonly run: string;
  readonly status: number;
  readonly output: string;
  readonly saved: string;
  /** What the driver said, by then, of a rule that it refused because only netlink can load it. */
  readonly netlinkOnly?: string | undefined;
}

const divider = '\u001e';
const waitTenths = 150;
const programs = ['iptables', 'ip6tables'].flatMap((name) => [name, `${name}-save`, `${name}-restore`]);

/**
 * A machine of its own for programs that write to it: /etc and ufw's state are copies in memory, /run is empty, and
 * `iptables` means iptables-legacy. Mounts of this namespace alone: nothing stays.
 */
const privateMachine = `set -e
mount --make-rprivate /
mkdir "$BPFILTER_BASE/copies"
mount -t tmpfs copies "$BPFILTER_BASE/copies"
for folder in /etc /var/lib/ufw; do
  [ -d $folder ] || continue
  copy=$BPFILTER_BASE/copies/$(basename $folder)
  cp -a $folder "$copy"
  mount --bind "$copy" $folder
done
mount -t tmpfs run /run
legacy=$(readlink -f "$(command -v iptables-legacy)")
for name in ${programs.join(' ')}; do
  here=$(readlink -f "$(command -v $name)")
  [ "$here" -ef "$legacy" ] || mount --bind "$legacy" "$here"
done
ip link set lo up`;

const ways = { native: 'exec', ours: `exec '${bpfilter}' run --` } as const;

/**
 * Does the steps in a network and a mount namespace of their own, by the kernel's ip_tables or below the shim.
 *
 * @param prepare for the shell, before all: configuration
 */
export function runProgram(
  way: keyof typeof ways,
  prepare: string,
  steps: readonly ProgramStep[],
): readonly StepOutcome[] {
  return withFolder((folder) => {
    const script = [prepare, ...steps.map(stepScript), 'nft list tables ip'].join('\n');
    const whole = `${privateMachine}\n${ways[way]} sh -c "$STEPS"`;
    const command = ['unshare', '-n', '-m', 'sh', '-c', whole];
    const done = runCommand(command, { folder, env: { STEPS: script, HOME: folder }, timeoutMs: 140_000 });
    const parts = done.stdout.replaceAll(folder, 'FOLDER').split(divider);
    const nftables = parts.pop() ?? '';
    if (done.status !== 0 || /table ip (bpfilter_)?filter/.test(nftables) !== (way === 'ours')) {
      throw new Error(`${way}: ${done.status}: ${done.stderr}${done.stdout}`);
    }
    return steps.map(({ run }, at) => {
      const [output = '', status = '', saved = '', log = ''] = parts.slice(at * 4);
      const refused = netlinkOnly(log);
      return { run, status: Number(status), output, saved: saved.replace(/^#.*\n/gm, ''), netlinkOnly: refused };
    });
  });
}

/** Prints what the command said, its status, the rules after it, all that a driver has logged: the divider after each. */
function stepScript({ run, until, untilNot }: ProgramStep): string {
  const wanted = until ?? untilNot;
  const found = `iptables-legacy-save | grep -qF -- '${wanted}'`;
  const test = until === undefined ? `! { ${found}; }` : found;
  const wait = `left=${waitTenths}; until ${test} || [ $left = 0 ]; do sleep 0.1; left=$((left - 1)); done`;
  const mark = `printf '${divider}'`;
  return `{ ${run}
} 2>&1 < /dev/null; status=$?; ${mark}; printf $status${divider}; ${wanted === undefined ? ':' : wait}; iptables-legacy-save -c; ${mark}; cat "$BPFILTER_BASE"/*/log 2>/dev/null; ${mark}`;
}
