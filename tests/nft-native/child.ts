/**
 * Runs in a network namespace of its own. Puts random tables in force, in the kernel's ip_tables or in
 * nftables (argv: `native` or `nft`, how many), sends the same packets through each, and writes the
 * counters of every entry to stdout as JSON.
 */
import { spawnSync } from 'node:child_process';
import { ipv4 } from '../../protocol/family.ts';
import { encodeTable } from '../../rules/blob/encode.ts';
import { viewTable } from '../../rules/blob/view.ts';
import type { Counters, Table } from '../../rules/ir.ts';
import { countersById } from '../../rules/nft/counters.ts';
import { diffTable } from '../../rules/nft/diff.ts';
import { documentFor } from '../../rules/nft/document.ts';
import type { NftDocument } from '../../rules/nft/json.ts';
import { kernelClient } from '../text-native/kernel-client.ts';
import { packetSender, packets } from './packets.ts';
import { devices, randomTable } from './random-rules.ts';

function run(command: string, args: readonly string[], input = ''): string {
  // nft can't open Node's own pipes as /dev/stdin: the shell makes a true one
  const { status, stdout, stderr } = spawnSync('sh', ['-c', 'cat | "$@"', 'sh', command, ...args], {
    input,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr.slice(0, 1000)}`);
  return stdout;
}

/** Devices to send by, and nobody who answers. */
function prepare(): void {
  run('ip', ['link', 'set', 'lo', 'up']);
  for (const [index, name] of devices.entries()) {
    const peer = `peer${index}`;
    run('ip', ['link', 'add', 'name', name, 'type', 'veth', 'peer', 'name', peer]);
    for (const end of [name, peer]) run('ip', ['link', 'set', end, 'arp', 'off', 'up']);
  }
  run('ip', ['route', 'add', 'local', '10.0.0.0/8', 'dev', 'lo']);
  for (const [net, name] of [
    ['192.0.2.0/24', 'eth0'],
    ['198.51.100.0/25', 'averylongname15'],
  ] as const)
    run('ip', ['route', 'add', net, 'dev', name]);
  run('nft', ['-f', '-'], 'table ip quiet { chain silence { type filter hook input priority 200; policy drop; }; }');
}

function send(): void {
  const sender = packetSender();
  for (const packet of packets) sender(packet);
}

type Texts = readonly string[];

function text({ packets: count, bytes }: Counters): string {
  return `${count}:${bytes}`;
}

function native(table: Table): Texts {
  const client = kernelClient();
  client.replace(table);
  send();
  const { size, hookEntry, underflow } = client.getInfo(table.name);
  const view = viewTable(table.name, client.getEntries(table.name, size), { hookEntry, underflow });
  return view.chains.flatMap(({ first, last }) =>
    Array.from({ length: last - first + 1 }, (_, at) => text(view.rule(first + at).counters)),
  );
}

function ours(table: Table): Texts {
  const encoded = encodeTable(table);
  const view = viewTable(table.name, encoded.entries, encoded);
  const { document, ids } = documentFor(diffTable(undefined, view, { instance: 'x' }), () => []);
  load(document);
  send();
  const counters = countersById(run('nft', ['-j', 'list', 'counters', 'table', ipv4.nft, 'bpfilter_filter']));
  run('nft', ['delete', 'table', ipv4.nft, 'bpfilter_filter']);
  const none = { packets: 0n, bytes: 0n };
  return view.chains.flatMap(({ first, last }) =>
    [...ids.slice(first, last + 1)].map((id) => text(counters.get(id) ?? none)),
  );
}

function load(document: NftDocument): void {
  run('nft', ['-j', '-f', '-'], JSON.stringify(document));
}

const [, , mode, first = '0', count = '0'] = process.argv;
prepare();
const results = Array.from({ length: Number(count) }, (_, at) => {
  const table = randomTable(Number(first) + at);
  return mode === 'native' ? native(table) : ours(table);
});
process.stdout.write(JSON.stringify(results));
