import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { programCommand } from '../harness/program.ts';
import { bpfilter, environment, missing } from '../harness/ways.ts';
import type { CaseResult, ChildOutput, DifferentialCase, Refusal } from './case.ts';

/** Why packets can't be compared here; undefined where they can. */
export const reason = missing('root', 'build', 'nft', 'iptables-legacy', 'kernel ip_tables');

const child = new URL('./child.ts', import.meta.url);
const longest = 600_000;

export interface RefusedRule extends Refusal {
  readonly text: string;
  readonly examples: readonly string[];
}

/** What a case came to in the end. */
export interface Outcome {
  /** As it was run at last: without the rules that were refused. */
  readonly settled: DifferentialCase;
  readonly native: CaseResult;
  readonly ours: CaseResult;
  /** Rules that the kernel takes and ours refuses. */
  readonly refused: readonly RefusedRule[];
}

/**
 * Runs the cases natively and through the shim, in equal namespaces. A rule that the kernel refuses is
 * left out in both, and so is, but reported, one that only ours refuses.
 */
export async function runBothWays(cases: readonly DifferentialCase[]): Promise<readonly Outcome[]> {
  const natively = await settle(cases, (some) => runIn('natively', some));
  const served = await settle(natively.settled, (some) => runIn('served', some));
  const again = natively.settled.filter((one, at) => served.settled[at] !== one);
  const rerun =
    again.length === 0
      ? []
      : await runIn(
          'natively',
          served.settled.filter((one) => again.some(({ title }) => title === one.title)),
        );
  return served.settled.map((settled, at): Outcome => {
    const native = rerun.find(({ title }) => title === settled.title) ?? natively.results[at];
    const ours = served.results[at];
    if (native === undefined || ours === undefined) throw new Error(`${settled.title}: no result`);
    return { settled, native, ours, refused: served.refused.get(settled.title) ?? [] };
  });
}

interface Settled {
  readonly settled: readonly DifferentialCase[];
  readonly results: readonly CaseResult[];
  readonly refused: ReadonlyMap<string, readonly RefusedRule[]>;
}

/** Tables that ours restored in all runs so far, and how many of them BPF carried. */
export const tablesCarried = { all: 0, byBpf: 0 };

type Run = (cases: readonly DifferentialCase[]) => Promise<readonly CaseResult[]>;

/** Runs cases, and again without their refused rules those that have some: in company a rule may be refused that isn't alone. */
async function settle(cases: readonly DifferentialCase[], run: Run, rounds = 3): Promise<Settled> {
  const results = await run(cases);
  const refusedNow = (at: number): readonly Refusal[] => results[at]?.refused ?? [];
  const settled = cases.map((one, at) => (refusedNow(at).length === 0 ? one : without(one, refusedNow(at))));
  const refused = new Map(cases.map((one, at) => [one.title, refusedNow(at).map((refusal) => named(one, refusal))]));
  const changed = settled.filter((one, at) => one !== cases[at]);
  if (changed.length === 0 || rounds === 0) return { settled, results, refused };
  const next = await settle(changed, run, rounds - 1);
  const later = new Map(changed.map(({ title }, at) => [title, at]));
  const of = <Value>(list: readonly Value[], title: string, other: Value): Value =>
    list[later.get(title) ?? -1] ?? other;
  return {
    settled: settled.map((one) => of(next.settled, one.title, one)),
    results: results.map((one) => of(next.results, one.title, one)),
    refused: new Map([...refused].map(([title, some]) => [title, [...some, ...(next.refused.get(title) ?? [])]])),
  };
}

function named({ tables }: DifferentialCase, refusal: Refusal): RefusedRule {
  const rule = tables.find(({ name }) => name === refusal.table)?.rules[refusal.rule];
  return { ...refusal, text: `-t ${refusal.table} ${rule?.text ?? ''}`, examples: rule?.examples ?? [] };
}

function without(one: DifferentialCase, refusals: readonly Refusal[]): DifferentialCase {
  const tables = one.tables.map((table) => ({
    ...table,
    rules: table.rules.filter(
      (_, at) => !refusals.some((refusal) => refusal.table === table.name && refusal.rule === at),
    ),
  }));
  return { ...one, tables };
}

/** Runs cases in one fresh namespace, in order. Throws with the child's words when it fails. */
export async function runIn(
  way: 'natively' | 'served',
  cases: readonly DifferentialCase[],
): Promise<readonly CaseResult[]> {
  const backend = cases.some((one) => one.backend === 'bpf') ? ['--backend', 'bpf'] : [];
  const wrapper = way === 'natively' ? ['unshare', '-n'] : ['unshare', '-n', bpfilter, 'run', ...backend, '--'];
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bpfilter-differential-'));
  try {
    const text = await outputOf([...wrapper, ...programCommand(child)], JSON.stringify(cases), environment(folder));
    const { results, nftables, carried } = JSON.parse(text) as ChildOutput;
    tablesCarried.all += carried.all;
    tablesCarried.byBpf += carried.byBpf;
    if (nftables.includes('bpfilter_') !== (way === 'served')) {
      throw new Error(`${way}: the rules were carried by the wrong side; nft tables: ${nftables}`);
    }
    if (way === 'served' && backend.length > 0 && carried.byBpf < carried.all)
      throw new Error(`BPF carried ${carried.byBpf} of ${carried.all} tables`);
    return results;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function outputOf([program = '', ...args]: readonly string[], input: string, env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    const running = spawn(program, args, { env, stdio: 'pipe', timeout: longest, killSignal: 'SIGKILL' });
    const out: Buffer[] = [];
    const complaints: Buffer[] = [];
    running.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    running.stderr.on('data', (chunk: Buffer) => complaints.push(chunk));
    running.stdin.on('error', () => {}); // EPIPE, once it has failed: its status tells
    running.on('error', reject);
    running.on('close', (status, signal) => {
      if (status === 0) resolve(Buffer.concat(out).toString('utf8'));
      else reject(new Error(`${program} ${args.join(' ')}: ${status ?? signal}: ${Buffer.concat(complaints)}`));
    });
    running.stdin.end(input);
  });
}
