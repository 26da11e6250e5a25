import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeError } from '../protocol/error.ts';
import { disagreements } from './agreement.ts';
import { Arena } from './arena.ts';
import type { Attack, Drill } from './drill.ts';
import { GuardedStreams } from './guarded-streams.ts';
import { Random } from './random.ts';
import { type DrillReport, emptyReport, restartTimes } from './report.ts';
import { Workload } from './workload.ts';

export interface RunDrillOptions {
  readonly seconds: number;
  readonly seed: number;
  /** A folder of this run's own; who made it removes it. */
  readonly folder: string;
  /** The command that is drilled. */
  readonly bpfilter: string;
  /** Hears how far it is: 0 to 1, and what there is to say. */
  readonly onProgress: (share: number, words: string) => void;
}

const usualCallers = 4;
const progressMs = 200;

/** Carries out a drill in the network namespace of this process, which is all the drill's. Never throws. */
export async function runDrill(drill: Drill, options: RunDrillOptions): Promise<DrillReport> {
  const { seed, seconds } = options;
  const reason = drill.whyNot?.();
  if (reason !== undefined) return emptyReport('skipped', { name: drill.name, seed, seconds, reason });
  let arena: Arena | undefined;
  try {
    fs.mkdirSync(`${options.folder}/base`, { recursive: true, mode: 0o700 });
    const env = drill.prepare?.(options.folder, seed) ?? {};
    arena = new Arena({ folder: options.folder, bpfilter: options.bpfilter, env });
    return await drillIn(arena, drill, options);
  } catch (error) {
    return emptyReport('failed', { name: drill.name, seed, seconds, reason: describeError(error) });
  } finally {
    await arena?.close();
  }
}

async function drillIn(arena: Arena, drill: Drill, options: RunDrillOptions): Promise<DrillReport> {
  const { seconds, seed, onProgress } = options;
  const random = new Random(seed);
  const judge = drill.judge ?? (() => 'fault');
  const workload = await Workload.prepare(arena, { callers: drill.callers ?? usualCallers, random, judge });
  const streams = await GuardedStreams.start(arena, arena);

  const start = performance.now();
  const end = start + 1000 * seconds;
  let strikes = 0;
  let isOver = false;
  const attack: Attack = {
    arena,
    // The callers' choices don't depend on how often the attack had the time to make one.
    random: new Random(seed ^ 0x5bd1e995),
    stopped: () => isOver || performance.now() >= end,
    pause: (milliseconds) => sleep(Math.max(0, Math.min(milliseconds, end - performance.now()))),
    struck: () => {
      strikes += 1;
    },
  };
  const { tally } = workload;
  const progress = setInterval(() => {
    const share = Math.min(1, (performance.now() - start) / (end - start));
    onProgress(share, `${arena.completed} commands, ${tally.failures} failed, ${strikes} strikes`);
  }, progressMs);
  try {
    const working = workload
      .run(() => attack.stopped())
      .finally(() => {
        isOver = true;
      });
    const [, attacked] = await Promise.allSettled([working, drill.attack(attack)]);
    if (attacked.status === 'rejected')
      tally.faults.push(`the attack itself failed: ${describeError(attacked.reason)}`);
  } finally {
    clearInterval(progress);
  }
  await workload.check();
  const { faults: lost, counterFaults, ...packets } = await streams.outcome(arena);
  const faults = [
    ...tally.faults,
    ...lost,
    ...(drill.countersMayGo === undefined ? counterFaults : []),
    ...(await kernelFaults(arena)),
  ];
  const status = await arena.status();
  const deaths = status?.deaths ?? 0;
  if (strikes === 0 && !(drill.deathsAreStrikes === true && deaths > 0)) {
    faults.push('nothing was done to anybody: the time was too short');
  }
  const restart = restartTimes(status?.recoveryMs ?? []);
  return {
    name: drill.name,
    outcome: faults.length === 0 ? 'passed' : 'failed',
    seed,
    seconds,
    commands: arena.commands,
    failures: tally.failures,
    refused: tally.refused,
    strikes,
    deaths,
    ...(restart === undefined ? {} : { restart }),
    packets,
    ...(drill.countersMayGo === undefined ? {} : { countersMayGo: drill.countersMayGo }),
    faults,
  };
}

/** What nftables has must be what callers are shown; where there is no nft to ask, nothing is known. */
async function kernelFaults(arena: Arena): Promise<readonly string[]> {
  const listing = await arena.expect('iptables -w 60 -S');
  if (arena.run('nft', '--version').status !== 0) return [];
  return disagreements(arena, listing);
}
