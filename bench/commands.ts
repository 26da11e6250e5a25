import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { timed } from './measure.ts';

/**
 * Runs inside a namespace, natively or below a shim: whole commands on a table of N rules.
 * Arguments: "legacy", "nft" (their iptables programs) or "plain" (nft itself), N, a temporary file.
 * Prints samples as JSON.
 */
const [kind = '', count = '', file = ''] = process.argv.slice(2);
const rules = Number(count);

interface Commands {
  /** The text of a file that `restore` loads. */
  readonly text: (rule: readonly RuleFields[]) => string;
  readonly restore: readonly string[];
  readonly list: readonly string[];
  readonly append: (address: string) => readonly string[];
  /** Undefined where no rule can be deleted without knowing its handle. */
  readonly deleteFirst: readonly string[] | undefined;
}

interface RuleFields {
  readonly source: string;
  readonly port: number;
}

function iptables(program: string): Commands {
  const policies = [':INPUT ACCEPT [0:0]', ':FORWARD ACCEPT [0:0]', ':OUTPUT ACCEPT [0:0]'];
  return {
    text: (all) =>
      [
        '*filter',
        ...policies,
        ...all.map(({ source, port }) => `-A INPUT -s ${source}/32 -p tcp -m tcp --dport ${port} -j DROP`),
        'COMMIT\n',
      ].join('\n'),
    restore: [`${program}-restore`, file],
    list: [program, '-L', '-n', '-v', '-x'],
    append: (address) => [program, '-A', 'INPUT', '-s', address, '-j', 'ACCEPT'],
    deleteFirst: [program, '-D', 'INPUT', '1'],
  };
}

const plainNft: Commands = {
  text: (all) =>
    [
      'table ip t',
      'delete table ip t',
      'table ip t {',
      'chain INPUT { type filter hook input priority 0;',
      ...all.map(({ source, port }) => `ip saddr ${source} tcp dport ${port} counter drop`),
      '}',
      '}\n',
    ].join('\n'),
  restore: ['nft', '-f', file],
  list: ['nft', 'list', 'table', 'ip', 't'],
  append: (address) => ['nft', 'add', 'rule', 'ip', 't', 'INPUT', 'ip', 'saddr', address, 'counter', 'accept'],
  deleteFirst: undefined,
};

const commands = kind === 'plain' ? plainNft : iptables(`iptables-${kind}`);

function run([program = '', ...args]: readonly string[]): void {
  const result = spawnSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${result.stderr}`);
}

const fields = Array.from({ length: rules }, (_, index) => ({
  source: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
  port: 1024 + (index % 60000),
}));
writeFileSync(file, commands.text(fields));

const rounds = rules > 20_000 ? 3 : rules > 5_000 ? 7 : 15;
let appended = 0;
const { restore, list, append, deleteFirst } = commands;
const samples = [
  { name: 'restore', value: timed(rounds, () => run(restore)) },
  { name: '-L -n -v -x', value: timed(rounds, () => run(list)) },
  { name: '-A', value: timed(rounds, () => run(append(`192.0.2.${appended++}`))) },
  ...(deleteFirst === undefined ? [] : [{ name: '-D 1', value: timed(rounds, () => run(deleteFirst)) }]),
];
process.stdout.write(`${JSON.stringify(samples)}\n`);
