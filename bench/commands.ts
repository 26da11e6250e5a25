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

/** Rules of many kinds, as they stand beside each other in real tables; `#` is the rule's number, `@` an address of its own. */
const mixedShapes: readonly string[] = [
  '-s @ -p tcp -m tcp --dport 80 -m conntrack --ctstate NEW -j ACCEPT',
  '-s @ -p tcp -m multiport --dports 22,80,443,8000:8100 -j ACCEPT',
  '-d @ -p udp -m udp --dport 53 -m comment --comment "rule #" -j DROP',
  '-m iprange --src-range @-10.255.255.255 -j RETURN',
  '-s @ -m mark --mark 0x#/0xffff -j DROP',
  '-i eth0 -s @ -p icmp -m icmp --icmp-type 8 -m limit --limit 10/sec -j ACCEPT',
  '-s @ -m ttl --ttl-lt 5 -j DROP',
  '-s @ -m length --length 100:1500 -m dscp --dscp 0x0a -j ACCEPT',
  '-s @ -m connmark --mark 0x# -j ACCEPT',
  '-s @ -m addrtype --dst-type LOCAL -j DROP',
  '-s @ -p tcp -m tcp --tcp-flags SYN,RST,ACK SYN -j REJECT --reject-with tcp-reset',
  '-d @ -m pkttype --pkt-type broadcast -j DROP',
  '! -s @ -p esp -m esp --espspi 1:# -j ACCEPT',
  '-s @ -j LOG --log-prefix "rule #: "',
  '-s @ -m statistic --mode nth --every 3 --packet 0 -j ACCEPT',
  '-s @ -m mac --mac-source 02:00:00:00:00:01 -j ACCEPT',
  '-s @ -p sctp -m sctp --dport 1:# -j DROP',
  '-s @ -m physdev --physdev-in eth1 -j ACCEPT',
  '-s @ -m string --string "GET /" --algo bm -j DROP',
  '-s @ -m hashlimit --hashlimit-upto 10/sec --hashlimit-mode srcip --hashlimit-name shared -j ACCEPT',
];

function mixedText(all: readonly RuleFields[]): string {
  const rules = all.map(({ source }, index) =>
    (mixedShapes[index % mixedShapes.length] ?? '').replaceAll('#', String(index + 2)).replace('@', source),
  );
  const policies = [':INPUT ACCEPT [0:0]', ':FORWARD ACCEPT [0:0]', ':OUTPUT ACCEPT [0:0]'];
  return ['*filter', ...policies, ...rules.map((rule) => `-A INPUT ${rule}`), 'COMMIT\n'].join('\n');
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
const { BPFILTER_BACKEND, BPFILTER_TRANSPORT } = process.env;
if (kind !== 'plain' && rules === 10_000 && BPFILTER_TRANSPORT !== 'exec' && BPFILTER_BACKEND !== 'bpf') {
  // with some of the kernel's own extensions, which neither the nft program nor BPF can carry
  writeFileSync(file, mixedText(fields));
  samples.push({ name: 'restore, mixed', value: timed(rounds, () => run(restore)) });
}
process.stdout.write(`${JSON.stringify(samples)}\n`);
