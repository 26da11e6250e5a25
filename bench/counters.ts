import { spawnSync } from 'node:child_process';
import { CounterListing } from '../rules/nft/counter-listing.ts';
import { decodeCounter } from '../rules/nft/netlink/decode.ts';
import { countersRequest, rulesRequest } from '../rules/nft/netlink/requests.ts';
import { closeFd } from '../sys/descriptor.ts';
import { cFunction } from '../sys/koffi.ts';
import { CLONE_NEWNET, unshare } from '../sys/namespace.ts';
import { ask, type OnMessage } from '../sys/nfnetlink/dump.ts';
import { openNetlink } from '../sys/nfnetlink/socket.ts';
import { AF_INET, SOCK_CLOEXEC, SOCK_DGRAM, socket } from '../sys/socket.ts';

/**
 * What a counter that is an object of its own costs, against one inside its rule: milliseconds to read all, at best
 * (the rules with their counters, or the objects alone), nanoseconds that each adds to a packet that counts in it.
 * In a network namespace of its own.
 */
unshare(CLONE_NEWNET);
run('ip', ['link', 'set', 'lo', 'up']);

function run(program: string, args: readonly string[], input = ''): void {
  const { status, stderr } = spawnSync(program, args, { input, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
}

type Kind = 'none' | 'in the rule' | 'object';

/** Rules that any packet passes and counts in; `match`: what stands before the counter. */
function load(kind: Kind, count: number, match: (index: number) => string): void {
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  const objects = kind === 'object' ? numbers.map((id) => `counter r${id} {}`) : [];
  const counter = { none: () => '', 'in the rule': () => 'counter', object: (id: number) => `counter name "r${id}"` }[
    kind
  ];
  const rules = numbers.map((id) => `${match(id)} ${counter(id)}`);
  run(
    'nft',
    ['-f', '-'],
    [
      'table ip t',
      'delete table ip t',
      'table ip t {',
      ...objects,
      'chain c { type filter hook output priority 0;',
      ...rules,
      '}',
      '}\n',
    ].join('\n'),
  );
}

const netlink = openNetlink();
let sequence = 0;

function dump(request: typeof rulesRequest, onMessage: OnMessage): number {
  sequence += 1;
  const start = performance.now();
  ask(netlink, { bytes: request('ip', 't', sequence), sequence, isDump: true }, onMessage);
  return performance.now() - start;
}

const cBind = cFunction('bind', ['int', 'void *', 'uint']);
const cSendto = cFunction('sendto', ['int', 'void *', 'ulong', 'int', 'void *', 'uint']);

/** Microseconds for a datagram to a socket of our own that nobody reads: its queue is full, the rest is dropped. */
function packetCost(packets: number): number {
  const address = Buffer.from([AF_INET, 0, 0x30, 0x39, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  const [from, to] = [0, 1].map(() => socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) as [number, number];
  if (cBind()(to, address, address.length) !== 0) throw new Error('bind');
  const payload = Buffer.alloc(8);
  const times: number[] = [];
  for (let round = 0; round < 15; round += 1) {
    const start = performance.now();
    for (let sent = 0; sent < packets; sent += 1) cSendto()(from, payload, payload.length, 0, address, address.length);
    times.push(((performance.now() - start) * 1000) / packets);
  }
  for (const fd of [from, to]) closeFd(fd);
  return Math.min(...times);
}

const address = (id: number) => `ip saddr 10.${id >> 16}.${(id >> 8) & 255}.${id & 255} udp dport ${id % 60_000}`;
for (const count of process.argv.includes('--large') ? [1_000, 10_000, 100_000] : [1_000, 10_000]) {
  const rounds = count > 10_000 ? 3 : 15;
  const all = <T>(work: () => T) => Array.from({ length: rounds }, work);
  load('in the rule', count, address);
  const rules = Math.min(...all(() => dump(rulesRequest, () => {})));
  load('object', count, address);
  const rulesBeside = Math.min(...all(() => dump(rulesRequest, () => {})));
  const objects = Math.min(
    ...all(() => {
      const found = new CounterListing();
      return dump(countersRequest, (view, start, length) => decodeCounter(view, start, length, found));
    }),
  );
  const row = [`${count} counters, ms:`, 'rules', rules, 'objects', objects, '(rules that name them', rulesBeside, ')'];
  process.stdout.write(`${row.map((one) => (typeof one === 'number' ? one.toFixed(1) : one)).join(' ')}\n`);
}

const LONG = 1_000;
const costs = new Map<Kind, number>();
for (const kind of ['none', 'in the rule', 'object'] as const) {
  load(kind, LONG, () => 'ip daddr 127.0.0.1');
  costs.set(kind, packetCost(2_000));
}
const base = costs.get('none') ?? 0;
for (const kind of ['in the rule', 'object'] as const) {
  const added = ((costs.get(kind) ?? 0) - base) * 1000;
  process.stdout.write(`a packet that counts, ${kind}: ${(added / LONG).toFixed(1)} ns more than one that doesn't\n`);
}
