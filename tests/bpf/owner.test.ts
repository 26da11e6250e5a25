import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { programCommand } from '../harness/program.ts';
import { bpfilter, missing, runCommand, titled, withFolder } from '../harness/ways.ts';
import { addressOf, lossyPorts, racers } from './owners.ts';

const reason = missing('root', 'build', 'netlink', 'nft', 'iptables-legacy', 'kernel ip_tables');

const traffic = programCommand(new URL('./owner-traffic.ts', import.meta.url)).join(' ');
const served = `${bpfilter} run --backend bpf --`;

/** What a shell script prints in a fresh network namespace. Nothing serves it: what is to be served it says itself. The rules are in a file. */
function output(script: string, rules: readonly string[]): string {
  return withFolder((folder) => {
    fs.writeFileSync(path.join(folder, 'rules'), `${rules.join('\n')}\n`);
    const { status, stdout, stderr } = runCommand(['unshare', '-n', 'sh', '-euc', script], { folder });
    if (status !== 0) throw new Error(`status ${status}: ${stderr}`);
    return stdout;
  });
}

const restore = (command: string) => `${command} iptables-legacy-restore < $BPFILTER_BASE/rules`;
const save = (command: string) => `${command} iptables-legacy-save -c | grep '^\\['`;

const asks = [
  ...['--uid-owner 0', '--uid-owner 1-2', '--uid-owner 1-65534', '--uid-owner 2-65533', '--uid-owner 3-65533'],
  ...['--gid-owner 0', '--gid-owner 7-9', '--gid-owner 11', '--gid-owner 12-65000', '--gid-owner 0-4294967294'],
  '--socket-exists',
  ...['8', '0', '9', '10-12', '19', '20-29', '31-65000', '30-65000', '300-400', '401-65001', '65002-70000'].map(
    (groups) => `--gid-owner ${groups} --suppl-groups`,
  ),
].flatMap((one) => [one, `! ${one}`]);
const more = [
  '--uid-owner 1 --gid-owner 9',
  '--uid-owner 1 ! --gid-owner 9',
  '! --uid-owner 1 --gid-owner 7-11',
  '! --uid-owner 1 ! --gid-owner 9',
  '--socket-exists --uid-owner 65534',
  '--socket-exists ! --uid-owner 65534',
  '! --socket-exists --uid-owner 0',
  '! --socket-exists ! --uid-owner 0',
  '--socket-exists --uid-owner 1 --gid-owner 20 --suppl-groups',
  '! --socket-exists ! --gid-owner 20 --suppl-groups',
];
const tcp = (flags: string) => `-p tcp -m tcp --tcp-flags ${flags}`;
const kinds = [
  ...['-p udp', '-p icmp', '-p 255'],
  ...['SYN,ACK SYN', 'SYN,ACK SYN,ACK', 'RST RST', 'FIN FIN', 'SYN,FIN,RST,PSH NONE', 'PSH PSH'].map(tcp),
];
const rulesOf = (table: string, chain: string) => [
  `*${table}`,
  ...[...asks, ...more].flatMap((ask) => kinds.map((kind) => `-A ${chain} ${kind} -m owner ${ask}`)),
  'COMMIT',
];
const chains = [...rulesOf('filter', 'OUTPUT'), ...rulesOf('mangle', 'POSTROUTING')];

/** Both have the same rules, and see each packet one after the other. */
const flows = `
  ip link set lo up
  nft add table ip loses
  nft add chain ip loses input '{ type filter hook input priority -300; }'
  nft add rule ip loses input tcp dport ${lossyPorts.join('-')} 'tcp flags & (fin | syn | rst | psh) == 0' drop
  ${restore('')}
  ${restore(served)}
  ${traffic} flows
  # what is lost is sent again, on and on: it comes to neither any more
  nft add chain ip loses output '{ type filter hook output priority -300; policy drop; }'
  ${save('')}
  echo ours
  ${save(served)}
  nft list tables`;

const anybody = '0-4294967294';
const owned = racers.flatMap((racer) => {
  const { uid, gid, groups } = racer;
  const from = `-p tcp -s ${addressOf(racer)}`;
  return [
    `${from} -m owner --uid-owner ${uid} --gid-owner ${gid} -m comment --comment right -j RETURN`,
    `${from} -m owner --gid-owner ${groups[0]} --suppl-groups -m comment --comment wrong`,
    `${from} -m owner --uid-owner ${anybody} -m comment --comment wrong`,
    `${from} -m owner ! --socket-exists -m comment --comment closed -j RETURN`,
    // the kernel's own socket resets what comes for one that was thrown away
    `${from} -m tcp --tcp-flags RST RST -m owner --socket-exists ! --uid-owner ${anybody} -m comment --comment kernel -j RETURN`,
    `${from} -m comment --comment wrong`,
  ];
});

const racing = ['filter', 'mangle'].flatMap((table) => [
  `*${table}`,
  ...owned.map((rule) => `-A ${table === 'filter' ? 'OUTPUT' : 'POSTROUTING'} ${rule}`),
  'COMMIT',
]);

/** Somebody takes what is sent, on another processor where there is one. */
const race = (ms: number) => `
  ip link set lo up
  ${restore(served)}
  ${process.execPath} -e 'require("net").createServer((s) => s.on("error", () => {}).resume()).listen(5030)' &
  server=$!
  trap "kill $server" EXIT
  until nc -z 127.0.0.1 5030; do sleep 0.1; done
  ${traffic} race ${ms} 5030
  ${save(served)}`;

describe.skipIf(reason !== undefined)(titled('owners of sockets: as by ip_tables', reason), () => {
  it('of every kind of packet and every end of a connection, in OUTPUT and POSTROUTING', { timeout: 120_000 }, () => {
    const [natively = '', ours = ''] = output(flows, chains).split('ours\n');
    const tables = 'table ip loses\ntable ip bpfilter_filter_bpf\ntable ip bpfilter_mangle_bpf\n';
    const counted = (text: string) => text.split('\n').filter((line) => line.startsWith('['));
    expect(counted(ours)).toEqual(counted(natively));
    expect(ours.endsWith(tables)).toBe(true);
    // each way of asking is met by some packets and not by others
    for (const chain of ['OUTPUT', 'POSTROUTING']) {
      const met = new Map<string, { yes: number; no: number }>();
      for (const line of counted(natively).filter((text) => text.includes(`-A ${chain} `))) {
        const ask = line.replace(/^.*-m owner /, '');
        const seen = met.get(ask) ?? { yes: 0, no: 0 };
        met.set(ask, seen);
        if (line.startsWith('[0:')) seen.no += 1;
        else seen.yes += 1;
      }
      expect(met.size).toBe(asks.length + more.length);
      const never = [...met].filter(([, { yes }]) => yes === 0).map(([ask]) => ask);
      expect(never).toEqual(expect.arrayContaining(['! --socket-exists --uid-owner 0']));
      expect(never.length).toBeLessThan(12);
    }
  });

  it('closed while their packets are on their way: nobody else owns any', { timeout: 120_000 }, () => {
    const lines = output(race(5000), racing).split('\n');
    const packets = (what: string) =>
      lines
        .filter((line) => line.includes(`--comment ${what}`))
        .map((line) => Number(/^\[(\d+):/.exec(line)?.[1] ?? Number.NaN));
    expect(packets('wrong')).toEqual(new Array(6 * racers.length).fill(0));
    expect(Math.min(...packets('right'))).toBeGreaterThan(100);
    expect(Math.min(...packets('closed'))).toBeGreaterThan(10);
  });
});
