import type { Growth } from './growth.ts';
import type { StreamsOutcome } from './guarded-streams.ts';

export interface RestartTimes {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** What a drill has found; times in milliseconds. */
export interface DrillReport {
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** Why it was skipped. */
  readonly reason?: string;
  readonly seed: number;
  readonly seconds: number;
  /** iptables commands that were given. */
  readonly commands: number;
  /** Commands that failed and should not have. */
  readonly failures: number;
  /** Commands that failed as they may in this drill, and left the table as it was. */
  readonly refused: number;
  /** What was done to the drivers, the shim, nft or the callers. */
  readonly strikes: number;
  /** Drivers that ended. */
  readonly deaths: number;
  /** From the death of a driver to the next good answer. */
  readonly restart?: RestartTimes;
  readonly packets: Omit<StreamsOutcome, 'faults' | 'counterFaults'>;
  /** Why lost counters are no fault here. */
  readonly countersMayGo?: string;
  /** What shim, driver, state and nftables took while the strikes went on, where that was asked for. */
  readonly growth?: readonly Growth[];
  readonly faults: readonly string[];
}

const noPackets = { guarded: 0, leaked: 0, counted: 0, countersLost: 0 };
const faultsShown = 5;
const longestFault = 600;

/** A drill that didn't run, or didn't end as drills do. */
export function emptyReport(
  outcome: 'failed' | 'skipped',
  { name, seed, seconds, reason }: { name: string; seed: number; seconds: number; reason: string },
): DrillReport {
  const counts = { commands: 0, failures: 0, refused: 0, strikes: 0, deaths: 0, packets: noPackets };
  const why = outcome === 'skipped' ? { reason, faults: [] } : { faults: [reason] };
  return { name, outcome, seed, seconds, ...counts, ...why };
}

/** Percentiles by nearest rank; undefined of nothing. */
export function restartTimes(values: readonly number[]): RestartTimes | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((one, other) => one - other);
  const rank = (share: number) => sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1] ?? Number.NaN;
  return { count: sorted.length, p50: rank(0.5), p90: rank(0.9), p99: rank(0.99), max: rank(1) };
}

/** For people: a line for each number, what went wrong at the end. */
export function reportText(report: DrillReport): string {
  const { name, outcome, reason, restart, packets, countersMayGo, faults } = report;
  if (outcome === 'skipped') return `${name}: skipped (${reason ?? 'no reason given'})\n`;
  const lines = [
    `${name}: ${outcome === 'passed' ? 'all as it should be' : 'FAILED'} (${report.seconds} s, seed ${report.seed})`,
    `  commands   ${report.commands}, ${report.failures} failed${report.refused === 0 ? '' : `, ${report.refused} more as they may here`}`,
    `  strikes    ${report.strikes}, drivers that ended ${report.deaths}`,
    `  restart    ${restart === undefined ? 'nobody waited for one' : restartText(restart)}`,
    `  packets    ${packets.guarded} to be dropped, ${packets.leaked} got through`,
    `  counters   ${packets.counted} packets to be counted, ${packets.countersLost} lost${packets.countersLost === 0 || countersMayGo === undefined ? '' : ` (${countersMayGo})`}`,
  ];
  if (report.growth !== undefined) lines.push(`  growth     ${growthText(report.growth)}`);
  for (const fault of faults.slice(0, faultsShown)) lines.push(`  fault      ${shortened(fault)}`);
  if (faults.length > faultsShown)
    lines.push(`  fault      … and ${faults.length - faultsShown} more (--json shows all)`);
  return `${lines.join('\n')}\n`;
}

function restartText({ count, p50, p90, p99, max }: RestartTimes): string {
  const [a, b, c, d] = [p50, p90, p99, max].map((ms) => ms.toFixed(ms < 10 ? 2 : 0));
  return `median ${a} ms, 90 % ${b} ms, 99 % ${c} ms, longest ${d} ms, of ${count}`;
}

/** Numbers that stayed are told together. */
function growthText(growth: readonly Growth[]): string {
  const isLevel = ({ first, last, grown }: Growth) => first === last && grown === 0;
  const moved = growth.filter((one) => !isLevel(one));
  const level = growth.filter(isLevel);
  const texts = moved.map(({ what, first, last, grown }) => `${what} ${first} → ${last} (slope ${grown.toFixed(1)})`);
  if (level.length > 0) texts.push(`the same: ${level.map(({ what, last }) => `${what} ${last}`).join(', ')}`);
  return texts.join('\n             ');
}

function shortened(fault: string): string {
  const text = fault.length <= longestFault ? fault : `${fault.slice(0, longestFault)} …`;
  return text.trimEnd().replaceAll('\n', '\n             ');
}

/** How all of them went. */
export function summaryText(reports: readonly DrillReport[]): string {
  const count = (outcome: DrillReport['outcome']) => reports.filter((one) => one.outcome === outcome).length;
  return `${count('passed')} as they should be, ${count('failed')} failed, ${count('skipped')} skipped\n`;
}
