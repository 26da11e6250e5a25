/**
 * Runs in a fresh network namespace, natively or below the shim: reads PacketCase[] as JSON from stdin,
 * does each with real devices and the real iptables-legacy, and writes ChildOutput to stdout.
 */
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { errnoOf } from '../../protocol/error.ts';
import { ipv4 } from '../../protocol/family.ts';
import type { TableName } from '../../rules/ir.ts';
import { driverLog } from '../harness/driver-log.ts';
import { netlinkOnly } from '../harness/netlink-only.ts';
import { kernelClient } from '../text-native/kernel-client.ts';
import { type CaseResult, type PacketCase, type Step, type StepResult, table } from './case.ts';
import { type Network, prepareNetwork } from './network.ts';
import type { Sent } from './packet.ts';
import { acceptPolicy, type RawRule, ruleOf } from './raw-rule.ts';
import { tableCounters } from './table-counters.ts';

const freshLog = driverLog();

/** Tables in use: asking about another would bring it into being. */
const used = new Set<TableName>();

function execute(command: string, args: readonly string[], input = ''): { status: number | null; output: string } {
  const { status, stdout, stderr, error } = spawnSync(command, args, { input, encoding: 'utf8' });
  if (error !== undefined) throw error;
  return { status, output: `${stdout}${stderr}`.replace(/^#.*\n/gm, '') };
}

function restore(text: string, flags: readonly string[] = []): { status: number | null; output: string } {
  for (const [, name] of text.matchAll(/^\*(\w+)$/gm)) used.add(name as TableName);
  return execute('iptables-legacy-restore', flags, text);
}

async function perform(step: Step, network: Network): Promise<StepResult> {
  if ('restore' in step) return restore(step.restore, step.flags);
  if ('rules' in step) return replaceRaw(step.rules);
  if ('run' in step) return execute('sh', ['-c', step.run]);
  if ('stream' in step) return stream(step.stream, step.during, network);
  return { sent: step.send.map((packet) => ({ errno: network.send(packet), emitted: network.emitted() })) };
}

function replaceRaw(rules: readonly RawRule[]): { status: number; output: string } {
  used.add('filter');
  const chains = ipv4.tables.filter.chains.map(({ name, hook }) => {
    return { kind: 'builtin', name, hook, rules: rules.map(ruleOf), policy: acceptPolicy() } as const;
  });
  try {
    kernelClient().replace({ name: 'filter', chains });
    return { status: 0, output: '' };
  } catch (error) {
    return { status: 1, output: `errno ${errnoOf(error)}` };
  }
}

/** Packets sent while the shell works; each must be dropped. */
async function stream(packet: Sent, during: string, network: Network): Promise<StepResult> {
  let status: number | null | undefined;
  const child = spawn('sh', ['-c', during], { stdio: ['ignore', 'ignore', 'inherit'] });
  child.on('exit', (code) => {
    status = code;
  });
  let leaked = 0;
  let count = 0;
  while (status === undefined) {
    for (let left = 50; left > 0; left--) network.send(packet);
    count += 50;
    leaked += network.emitted().length;
    await new Promise((resolve) => setImmediate(resolve));
  }
  const counted = tableCounters('filter').map((text) => Number(text.split(':')[0]));
  return { leaked, status, enough: count > 1000, uncounted: count - Math.max(...counted) };
}

async function runCase({ title, steps, cleanup, brief = false }: PacketCase, network: Network): Promise<CaseResult> {
  const results: StepResult[] = [];
  for (const step of steps) results.push(await perform(step, network));
  const counters = Object.fromEntries([...used].sort().map((name) => [name, tableCounters(name)]));
  const saved = brief ? '' : execute('iptables-legacy-save', ['-c']).output;
  if (cleanup !== undefined) execute('sh', ['-c', cleanup]);
  // ours keeps the state of a limit that the next table has too (ip_tables doesn't): it must go in between
  if (!brief || JSON.stringify(steps).includes('-m limit')) {
    const emptied = restore([...used].map((name) => table(name, [])).join(''));
    if (emptied.status !== 0) throw new Error(`${title}: tables can't be emptied: ${emptied.output}`);
  }
  network.forgetConnections();
  network.emitted();
  const refused = netlinkOnly(freshLog());
  return { title, steps: results, counters, saved, ...(refused === undefined ? {} : { netlinkOnly: refused }) };
}

const cases = JSON.parse(fs.readFileSync(0, 'utf8')) as readonly PacketCase[];
const network = prepareNetwork();
const results: CaseResult[] = [];
for (const one of cases) results.push(await runCase(one, network));
process.stdout.write(JSON.stringify({ results, nftables: execute('nft', ['list', 'tables']).output }));
