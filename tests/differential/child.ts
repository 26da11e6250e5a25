/**
 * Runs in a fresh network namespace, natively or below the shim: reads DifferentialCase[] as JSON from
 * stdin, does each with real devices and the real iptables-legacy, and writes ChildOutput to stdout.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { BpfilterError } from '../../protocol/error.ts';
import { decodeTable } from '../../rules/blob/decode.ts';
import { viewTable } from '../../rules/blob/view.ts';
import { isBpfTable } from '../../rules/nft/names.ts';
import { driverLog } from '../harness/driver-log.ts';
import { forgetConnections } from '../packets/network.ts';
import { tableCounters } from '../packets/table-counters.ts';
import { kernelClient } from '../text-native/kernel-client.ts';
import type { CaseResult, ChildOutput, DifferentialCase, Refusal } from './case.ts';
import { prepareNetwork } from './network.ts';
import { makeObjects } from './objects.ts';
import { inOtherRevisions, revisionsIn } from './revisions.ts';
import { emptyTable, type RandomTable, restoreText, withReach } from './ruleset.ts';
import { startSeeing } from './seen.ts';

function execute(command: string, args: readonly string[], input = ''): { status: number | null; output: string } {
  const { status, stdout, stderr, error } = spawnSync(command, args, { input, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (error !== undefined) throw error;
  return { status, output: `${stdout}${stderr}` };
}

function restore(tables: readonly RandomTable[]): { status: number | null; output: string } {
  return execute('iptables-legacy-restore', [], restoreText(tables));
}

const freshLog = driverLog();

/** Errors that the driver has logged since the last call; none natively. */
function freshErrors(): string {
  return freshLog()
    .split('\n')
    .filter((line) => line.includes(' error: '))
    .join('\n');
}

/** Which of a table's rules aren't taken, beside its empty chains: by halves, as most are. */
function refusalsIn(
  table: RandomTable,
  whole: string,
  places: readonly number[] = [...table.rules.keys()],
): readonly Refusal[] {
  const some = table.rules.filter((_, at) => places.includes(at));
  const { status, output } = restore([withReach(table, some)]);
  const said = `${output.trim()} ${freshErrors()}`.trim();
  const [first, ...more] = places;
  if (status === 0 || first === undefined) return [];
  if (more.length === 0) return [{ table: table.name, rule: first, said, whole }];
  const half = Math.ceil(places.length / 2);
  return [places.slice(0, half), places.slice(half)].flatMap((part) => refusalsIn(table, whole, part));
}

/** Packets that each rule of a table's list has counted. */
function hitsOf({ name, rules }: RandomTable): readonly number[] {
  const saved = execute('iptables-legacy-save', ['-c', '-t', name]).output.split('\n');
  const byChain = new Map<string, number[]>();
  for (const line of saved) {
    const [, packets, chain = ''] = /^\[(\d+):\d+\] -A (\S+)/.exec(line) ?? [];
    if (packets !== undefined) byChain.set(chain, [...(byChain.get(chain) ?? []), Number(packets)]);
  }
  return rules.map(({ chain }) => byChain.get(chain)?.shift() ?? 0);
}

const network = prepareNetwork();
const client = kernelClient();
const seen = startSeeing();

/** Puts the tables in force anew, as another iptables would. What comes back is as `CaseResult.revisions` has it. */
function revise(tables: readonly RandomTable[], otherRevisions: boolean): readonly string[] {
  return tables.flatMap(({ name }) => {
    const info = client.getInfo(name);
    const table = decodeTable(viewTable(name, client.getEntries(name, info.size), info));
    const next = otherRevisions ? inOtherRevisions(table) : table;
    if (isDeepStrictEqual(next, table)) return revisionsIn(table);
    try {
      client.replace(next);
      return revisionsIn(next);
    } catch (error) {
      if (!(error instanceof BpfilterError)) throw error;
      return [`${name}: errno ${error.errno}`, ...revisionsIn(table)];
    }
  });
}

function runCase({ title, tables, sendings, otherRevisions }: DifferentialCase): CaseResult {
  const nothing = { title, refused: [], revisions: [], counters: {}, packets: [], connections: [], seen: [], hits: [] };
  makeObjects();
  const { status, output } = restore(tables);
  if (status !== 0) {
    const broken = `${output.trim()} ${freshErrors()}`.trim();
    const refused = tables.flatMap((table) => refusalsIn(table, broken));
    clear(tables);
    return { ...nothing, refused, ...(refused.length === 0 ? { broken } : {}) };
  }
  const revisions = revise(tables, otherRevisions);
  countCarried();
  const packets = sendings.map((sending) => JSON.stringify(network.send(sending)));
  const counters = Object.fromEntries(tables.map(({ name }) => [name, tableCounters(name)]));
  const connections = network.connections();
  const hits = tables.map(hitsOf);
  const result = { ...nothing, revisions, packets, counters, connections, seen: seen.sinceThen(), hits };
  clear(tables);
  return result;
}

/** Which of the tables in force BPF carries; none natively. */
function countCarried(): void {
  const names = execute('nft', ['list', 'tables']).output.match(/\bbpfilter_\w+/g) ?? [];
  carried.all += names.length;
  carried.byBpf += names.filter(isBpfTable).length;
}
const carried = { all: 0, byBpf: 0 };

function clear(tables: readonly RandomTable[]): void {
  const emptied = restore(tables.map(({ name }) => emptyTable(name)));
  if (emptied.status !== 0) throw new Error(`tables can't be emptied: ${emptied.output}`);
  forgetConnections();
  network.forget();
}

const cases = JSON.parse(fs.readFileSync(0, 'utf8')) as readonly DifferentialCase[];
const results = cases.map(runCase);
const output: ChildOutput = { results, nftables: execute('nft', ['list', 'tables']).output, carried };
process.stdout.write(JSON.stringify(output));
