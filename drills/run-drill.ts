import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeError } from '../protocol/error.ts';
import { disagreements } from './agreement.ts';
import { Arena } from './arena.ts';
import type { Attack, Drill } from './drill.ts';
import { type Growth, growthOf, kilobytes, leaksIn, type Usage } from './growth.ts';
import { GuardedStreams, guardRules } from './guarded-streams.ts';
import { Random } from './random.ts';
import { type DrillReport, emptyReport, restartTimes } from './report.ts';
import { usageOf } from './usage.ts';
import { Workload } from './workload.ts';

/** How long a drill goes on: so long, or until so much was done, but no longer than so. */
export interface DrillLength {
  readonly seconds?: number | undefined;
  readonly strikes?: number | undefined;
  readonly commands?: number | undefined;
}

export interface RunDrillOptions extends DrillLength {
  readonly seed: number;
  /** Look for growth: many strikes, close together, and all is counted between them. */
  readonly leaks: boolean;
  /** A folder of this run's own; who made it removes it. */
  readonly folder: string;
  /** The command that is drilled. */
  readonly bpfilter: string;
  /** Aborted when somebody wants it to end now; the report is of what was done until then. */
  readonly interrupted?: AbortSignal;
  /** Hears how far it is: 0 to 1, and what there is to say. */
  readonly onProgress: (share: number, words: string) => void;
}

const usualCallers = 4;
const progressMs = 200;
const usualSeconds = 10;
/** A run that looks for growth takes a sample after so many strikes, within bounds; its pauses are so much shorter. */
const strikesBetweenSamples = 500;
const fewestSamples = 12;
const mostSamples = 40;
const hurry = 10;
/** For drivers that end or start just now. */
const settleMs = 3_000;
/** A standby that was killed again and again isn't started at once. */
const standbyMs = 600;
const settleStepMs = 50;

/** Carries out a drill in the network namespace of this process, which is all the drill's. Never throws. */
export async function runDrill(drill: Drill, options: RunDrillOptions): Promise<DrillReport> {
  const { seed, seconds = 0 } = options;
  const reason = drill.whyNot?.();
  if (reason !== undefined) return emptyReport('skipped', { name: drill.name, seed, seconds, reason });
  let arena: Arena | undefined;
  try {
    fs.mkdirSync(`${options.folder}/base`, { recursive: true, mode: 0o700 });
    const prepared = drill.prepare?.(options.folder, seed) ?? {};
    // A young generation that grows by the thousandth request hides what is never given back.
    const env = options.leaks ? { ...prepared, BPFILTER_SMALL_HEAP: '1' } : prepared;
    arena = new Arena({ folder: options.folder, bpfilter: options.bpfilter, env });
    return await drillIn(arena, drill, options);
  } catch (error) {
    return emptyReport('failed', { name: drill.name, seed, seconds, reason: describeError(error) });
  } finally {
    await arena?.close();
  }
}

/** What is to be reached; a part of it, for one of several spells. */
class Target {
  readonly #length: DrillLength;
  readonly #interrupted: AbortSignal | undefined;
  readonly #start = performance.now();
  readonly #end: number;
  #spell = 1;
  strikes = 0;
  commands = 0;

  constructor(length: DrillLength, interrupted?: AbortSignal) {
    this.#length = length;
    this.#interrupted = interrupted;
    const seconds = length.seconds ?? (this.#isCounted ? Number.POSITIVE_INFINITY : usualSeconds);
    this.#end = this.#start + 1000 * seconds;
  }

  get #isCounted(): boolean {
    return this.#length.strikes !== undefined || this.#length.commands !== undefined;
  }

  get isInterrupted(): boolean {
    return this.#interrupted?.aborted === true;
  }

  /** Milliseconds that are left. */
  get left(): number {
    return this.isInterrupted ? 0 : this.#end - performance.now();
  }

  get seconds(): number {
    const elapsed = Math.round((performance.now() - this.#start) / 1000);
    return this.#isCounted ? elapsed : (this.#length.seconds ?? usualSeconds);
  }

  /** How much is done: 1 when all is. */
  get share(): number {
    const { strikes, commands } = this.#length;
    if (!this.#isCounted) return 1 - (this.#end - performance.now()) / (this.#end - this.#start);
    const shares = [strikes && this.strikes / strikes, commands && this.commands / commands];
    return Math.min(...shares.filter((share) => share !== undefined));
  }

  /** The spell of the whole that goes on now: up to which share. */
  begin(spell: number): void {
    this.#spell = spell;
  }

  get reached(): boolean {
    return this.share >= this.#spell || this.left <= 0;
  }

  /** What is missing, in words; undefined when nothing is. */
  get missing(): string | undefined {
    const { strikes = 0, commands = 0 } = this.#length;
    if (this.isInterrupted) return `it was interrupted: ${this.strikes} strikes, ${this.commands} commands`;
    if (this.strikes === 0) return 'nothing was done to anybody: the time was too short';
    if (this.strikes >= strikes && this.commands >= commands) return undefined;
    return `the time was too short: ${this.strikes} strikes, ${this.commands} commands`;
  }
}

async function drillIn(arena: Arena, drill: Drill, options: RunDrillOptions): Promise<DrillReport> {
  const { seed, onProgress, leaks } = options;
  const random = new Random(seed);
  const judge = drill.judge ?? (() => 'fault');
  const workload = await Workload.prepare(arena, { callers: drill.callers ?? usualCallers, random, judge });
  const streams = await GuardedStreams.start(arena, arena);

  const target = new Target(options, options.interrupted);
  const before = arena.completed;
  let isOver = false;
  const attack: Attack = {
    arena,
    // The callers' choices don't depend on how often the attack had the time to make one.
    random: new Random(seed ^ 0x5bd1e995),
    stopped: () => {
      target.commands = arena.completed - before;
      return isOver || target.reached;
    },
    pause: (milliseconds) => sleep(Math.max(0, Math.min(leaks ? milliseconds / hurry : milliseconds, target.left))),
    struck: () => {
      target.strikes += 1;
    },
  };
  const { tally } = workload;
  const progress = setInterval(() => {
    const words = `${arena.completed} commands, ${tally.failures} failed, ${target.strikes} strikes`;
    onProgress(Math.min(1, target.share), words);
  }, progressMs);
  const spell = async () => {
    isOver = false;
    const working = workload
      .run(() => attack.stopped())
      .finally(() => {
        isOver = true;
      });
    const [, attacked] = await Promise.allSettled([working, drill.attack(attack)]);
    if (attacked.status === 'rejected')
      tally.faults.push(`the attack itself failed: ${describeError(attacked.reason)}`);
    return attacked.status === 'fulfilled';
  };
  let growth: readonly Growth[] | undefined;
  try {
    const samples = clamp((options.strikes ?? 0) / strikesBetweenSamples, fewestSamples, mostSamples);
    if (leaks) growth = await samplesOf(arena, { workload, target, spell, samples });
    else await spell();
  } finally {
    clearInterval(progress);
  }
  const { seconds } = target;
  await workload.check(guardRules);
  const { faults: lost, counterFaults, ...packets } = await streams.outcome(arena);
  const faults = [
    ...tally.faults,
    ...lost,
    ...(drill.countersMayGo === undefined ? counterFaults : []),
    ...(await kernelFaults(arena)),
    ...leaksIn(growth ?? []),
  ];
  const status = await arena.status();
  if (target.missing !== undefined) faults.push(target.missing);
  const restart = restartTimes(status?.recoveryMs ?? []);
  return {
    name: drill.name,
    outcome: faults.length === 0 ? 'passed' : 'failed',
    seed,
    seconds,
    commands: arena.commands,
    failures: tally.failures,
    refused: tally.refused,
    strikes: target.strikes,
    deaths: status?.deaths ?? 0,
    ...(restart === undefined ? {} : { restart }),
    packets,
    ...(drill.countersMayGo === undefined ? {} : { countersMayGo: drill.countersMayGo }),
    ...(growth === undefined ? {} : { growth }),
    faults,
  };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, Math.round(value)));
}

interface Sampled {
  readonly workload: Workload;
  readonly target: Target;
  readonly spell: () => Promise<boolean>;
  readonly samples: number;
}

/** Goes on in spells; after each all rules are taken away again, and what is then left is counted. */
async function samplesOf(arena: Arena, { workload, target, spell, samples }: Sampled): Promise<readonly Growth[]> {
  const usages: Usage[] = [];
  for (let number = 1; number <= samples && target.left > 0; number += 1) {
    target.begin(number / samples);
    if (!(await spell())) break;
    await workload.empty();
    usages.push(await settledUsage(arena, target.strikes));
  }
  // What was interrupted early says nothing about growth, but all else that it saw is told.
  return target.isInterrupted && usages.length < fewestSamples ? [] : growthOf(usages);
}

/** What is in use, once that stays the same and a driver stands by, if one should. */
async function settledUsage(arena: Arena, rounds: number): Promise<Usage> {
  const wanted = process.env.BPFILTER_STANDBY === 'no' ? 1 : 2;
  const start = performance.now();
  const countedIn = ({ numbers }: Usage) =>
    JSON.stringify(Object.entries(numbers).filter(([what]) => !what.endsWith(kilobytes)));
  let isAnew = false;
  for (let before = usageOf(arena, rounds); ; ) {
    await sleep(settleStepMs);
    const now = usageOf(arena, rounds);
    const elapsed = performance.now() - start;
    const isSettled = countedIn(now) === countedIn(before) && arena.drivers.length === wanted;
    if (isSettled || elapsed > settleMs) return now;
    if (elapsed > standbyMs && !isAnew) {
      isAnew = true;
      await arena.ask('unload');
      await arena.expect('iptables -w 60 -S');
    }
    before = now;
  }
}

/** What nftables has must be what callers are shown; where there is no nft to ask, nothing is known. */
async function kernelFaults(arena: Arena): Promise<readonly string[]> {
  const listing = await arena.expect('iptables -w 60 -S');
  if (arena.run('nft', '--version').status !== 0) return [];
  return disagreements(arena, listing);
}
