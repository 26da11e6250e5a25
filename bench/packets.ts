import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ipv4 } from '../protocol/family.ts';
import { encodeTable } from '../rules/blob/encode.ts';
import { viewTable } from '../rules/blob/view.ts';
import { compileTable } from '../rules/bpf/compile.ts';
import type { Rule } from '../rules/ir.ts';
import { rule, udp } from '../rules/nft/testing/rules.ts';
import { mapById } from '../sys/bpf/map-info.ts';
import { SK_BUFF_CONTEXT_SIZE, testRun } from '../sys/bpf/testing/test-run.ts';
import { cFunction, koffiPath } from '../sys/koffi.ts';
import { CLONE_NEWNET, setns, unshare } from '../sys/namespace.ts';
import { AF_INET, SOCK_CLOEXEC, SOCK_DGRAM, socket } from '../sys/socket.ts';
import { createBpfLoader } from '../umh/dataplane/bpf/loader.ts';
import { median } from './measure.ts';
import { plotted } from './plot.ts';

/**
 * Processor time per packet over a veth pair, from the sending system call to the receiver's socket, by what filters
 * where it comes in. Each way has a namespace and a pair of its own; rounds are interleaved, so that what else the
 * machine does meets all alike. Besides, what the BPF program alone takes (BPF_PROG_TEST_RUN).
 *
 * --large: 100,000 rules too; --short: a single size, few rounds, and no plots.
 */
const isShort = process.argv.includes('--short');
const sizes = isShort ? [1_000] : [1, 10, 100, 1_000, 10_000, ...(process.argv.includes('--large') ? [100_000] : [])];
const rounds = isShort ? 3 : 7;
const roundMs = 40;

const shim = path.resolve('dist/bpfilter');
const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'bpfilter-bench-'));
const env = {
  ...process.env,
  PATH: `${process.env.PATH}:/usr/sbin:/sbin`,
  BPFILTER_BASE: path.join(temporary, 'state'),
  BPFILTER_KOFFI: koffiPath(),
};

/** Has `restore` from a file, in the namespace of the caller. */
const ways = {
  'no rules': undefined,
  'iptables-legacy': ['iptables-legacy-restore'],
  'iptables-nft': ['iptables-nft-restore'],
  'bpfilter, nft': [shim, 'run', '--backend', 'nft', '--', 'iptables-legacy-restore'],
  'bpfilter, BPF': [shim, 'run', '--backend', 'bpf', '--', 'iptables-legacy-restore'],
} as const;
type Way = keyof typeof ways;
const wayNames = Object.keys(ways) as readonly Way[];

interface UdpRule {
  readonly source: number;
  readonly bits: number;
  readonly port: number;
}

/** The packet's: what no rule asks for. */
const port = 9;
const sender = 0x0a010203;

/** The rules of each; no packet meets one. */
const workloads: Readonly<Record<string, { readonly title: string; readonly rule: (index: number) => UdpRule }>> = {
  'same-shape': {
    title: 'rules of one shape, another address each',
    rule: (index) => ({ source: 0x0b000000 + index, bits: 32, port: 1024 + (index % 60_000) }),
  },
  mixed: {
    title: 'subnets of many sizes: address and protocol match, the port does not',
    rule: (index) => ({ source: sender, bits: 8 + (index % 17), port: 1024 + (index % 60_000) }),
  },
};

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}

function maskOf(bits: number): number {
  return (-1 << (32 - bits)) >>> 0;
}

function textOf(rules: readonly UdpRule[]): string {
  const chains = [':INPUT ACCEPT [0:0]', ':FORWARD ACCEPT [0:0]', ':OUTPUT ACCEPT [0:0]'];
  const lines = rules.map(
    ({ source, bits, port }) =>
      `-A INPUT -s ${dotted((source & maskOf(bits)) >>> 0)}/${bits} -p udp -m udp --dport ${port} -j DROP`,
  );
  return ['*filter', ...chains, ...lines, 'COMMIT\n'].join('\n');
}

function run([program = '', ...args]: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr}`);
}

const namespace = '/proc/thread-self/ns/net';
const cBind = cFunction('bind', ['int', 'void *', 'uint']);
const cSendto = cFunction('sendto', ['int', 'void *', 'ulong', 'int', 'void *', 'uint']);

function socketAddress(address: number): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16LE(AF_INET, 0);
  bytes.writeUInt16BE(port, 2);
  bytes.writeUInt32BE(address, 4);
  return bytes;
}

interface Receiver {
  readonly namespace: number;
  readonly to: Buffer;
}

/** The sender's namespace is the one this process is in; each receiver gets a new one. */
unshare(CLONE_NEWNET);
const home = fs.openSync(namespace, 'r');
for (const args of [
  ['link', 'set', 'lo', 'up'],
  ['address', 'add', `${dotted(sender)}/32`, 'dev', 'lo'],
])
  run(['ip', ...args]);

function within<T>(where: number, work: () => T): T {
  setns(where, CLONE_NEWNET);
  try {
    return work();
  } finally {
    setns(home, CLONE_NEWNET);
  }
}

function makeReceiver(index: number): Receiver {
  const address = 0xc0000201 + index;
  const device = `bench${index}`;
  unshare(CLONE_NEWNET);
  const own = fs.openSync(namespace, 'r');
  setns(home, CLONE_NEWNET);
  const there = `/proc/${process.pid}/fd/${own}`;
  run(['ip', 'link', 'add', device, 'type', 'veth', 'peer', 'name', 'in', 'netns', there]);
  run(['ip', 'link', 'set', device, 'up']);
  within(own, () => {
    run(['ip', 'link', 'set', 'lo', 'up']);
    run(['ip', 'address', 'add', `${dotted(address)}/32`, 'dev', 'in']);
    run(['ip', 'link', 'set', 'in', 'up']);
    run(['ip', 'route', 'add', `${dotted(sender)}/32`, 'dev', 'in']);
    // nobody reads it: its queue is full soon, and what comes then is dropped there
    const fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const any = socketAddress(0);
    if (cBind()(fd, any, any.length) !== 0) throw new Error('bind');
  });
  run(['ip', 'route', 'add', `${dotted(address)}/32`, 'dev', device, 'src', dotted(sender)]);
  return { namespace: own, to: socketAddress(address) };
}

const receivers = new Map(wayNames.map((way, index) => [way, makeReceiver(index)]));
const fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
const payload = Buffer.alloc(18);

/** Nanoseconds of processor time for each packet: receiving is done on the sender's time. */
function packetCost({ to }: Receiver): number {
  let sent = 0;
  let micros = 0;
  const start = process.cpuUsage();
  do {
    for (let index = 0; index < 16; index += 1) {
      if (cSendto()(fd, payload, payload.length, 0, to, to.length) < 0) throw new Error('sendto');
    }
    sent += 16;
    const { user, system } = process.cpuUsage(start);
    micros = user + system;
  } while (micros < roundMs * 1000);
  return (micros * 1000) / sent;
}

/** Nanoseconds of the program at INPUT alone, at best. */
function programCost(rules: readonly UdpRule[]): number {
  const entries: Rule[] = rules.map(({ source, bits, port }) =>
    rule({
      header: { source: (source & maskOf(bits)) >>> 0, sourceMask: maskOf(bits), protocol: 17 },
      matches: [udp(port)],
      target: { kind: 'drop' },
    }),
  );
  let next = 0;
  const table = {
    name: 'filter' as const,
    chains: ipv4.tables.filter.chains.map(({ name, hook }) => ({
      kind: 'builtin' as const,
      name,
      hook,
      rules: (name === 'INPUT' ? entries : []).map((one) => ({ ...one, index: next++ })),
      policy: { ...rule(), index: next++ },
    })),
  };
  const { entries: bytes, hookEntry, underflow } = encodeTable(table);
  const view = viewTable('filter', bytes, { hookEntry, underflow });
  const loader = createBpfLoader({ mapById });
  const image = compileTable(view, { counterOf: (entry) => entry });
  const loaded = loader.load(image, loader.createCounters(0, view.offsets.length));
  const packet = Buffer.alloc(14 + 28 + payload.length);
  packet.writeUInt16BE(0x0800, 12);
  packet.writeUInt8(0x45, 14);
  packet.writeUInt16BE(packet.length - 14, 16);
  packet.writeUInt8(17, 23);
  packet.writeUInt32BE(sender, 26);
  packet.writeUInt16BE(port, 36);
  packet.writeUInt16BE(8 + payload.length, 38);
  const context = Buffer.alloc(SK_BUFF_CONTEXT_SIZE);
  // some 2 ms each: so short that some of them aren't interrupted
  const repeat = Math.max(5, Math.round(2e6 / (100 + 2 * rules.length)));
  const program = loaded.find(({ hook }) => hook === 1)?.program ?? -1;
  const times = Array.from({ length: 100 }, () => testRun(program, { data: packet, context, repeat }));
  if (times.some(({ retval }) => retval !== 1)) throw new Error('the program drops the packet');
  loader.release();
  return Math.min(...times.map(({ durationNs }) => durationNs));
}

function cells(values: readonly (string | number)[]): string {
  return values.map((value) => String(value).padStart(22)).join('');
}

console.log(`processor time per packet, ns (ratio to no rules), median of ${rounds} interleaved rounds`);
for (const [name, workload] of Object.entries(workloads)) {
  console.log(`\n${workload.title}\n${'rules'.padEnd(8)}${cells([...wayNames, 'BPF program alone'])}`);
  const series = new Map<Way, [number, number][]>(wayNames.map((way) => [way, []]));
  for (const count of sizes) {
    const rules = Array.from({ length: count }, (_, index) => workload.rule(index));
    const file = path.join(temporary, 'rules');
    fs.writeFileSync(file, textOf(rules));
    for (const [way, receiver] of receivers) {
      const restore = ways[way];
      if (restore !== undefined) within(receiver.namespace, () => run([...restore, file]));
      packetCost(receiver); // the first packets ask for addresses, and fill the queue
    }
    const costs = new Map<Way, number[]>(wayNames.map((way) => [way, []]));
    for (let round = 0; round < rounds; round += 1)
      for (const [way, receiver] of receivers) costs.get(way)?.push(packetCost(receiver));
    const medians = wayNames.map((way) => median(costs.get(way) ?? []));
    for (const [index, way] of wayNames.entries()) series.get(way)?.push([count, medians[index] ?? Number.NaN]);
    const [base = Number.NaN] = medians;
    const shown = medians.map((value) => `${value.toFixed(0)} (${(value / base).toFixed(2)}×)`);
    console.log(String(count).padEnd(8) + cells([...shown, programCost(rules)]));
  }
  if (isShort) continue;
  const svg = plotted({
    title: `Processor time per packet: ${workload.title}`,
    x: 'rules',
    y: 'nanoseconds per packet',
    series: [...series].map(([way, points]) => ({ name: way, points })),
  });
  fs.writeFileSync(path.join('docs', `packets-${name}.svg`), svg);
}
fs.rmSync(temporary, { recursive: true, force: true });
