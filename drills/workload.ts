import { setTimeout as sleep } from 'node:timers/promises';
import type { Arena, Done } from './arena.ts';
import { type ChainCommand, ChainModel, listingOf } from './chain-model.ts';
import type { Verdict } from './drill.ts';
import type { Random } from './random.ts';

/** What the callers had to tell. */
export interface WorkloadTally {
  /** Commands that failed, or printed something wrong, and should not have. */
  failures: number;
  /** Commands that failed as they may in this drill. */
  refused: number;
  readonly faults: string[];
}

/** After the cause of a failure is gone, it must work again within this time. */
const recoverMs = 20_000;
const changesThatClean = 3;

/** Callers that change and list a chain each, and know what must be in it. */
export class Workload {
  readonly tally: WorkloadTally = { failures: 0, refused: 0, faults: [] };
  readonly #arena: Arena;
  readonly #models: readonly ChainModel[];
  readonly #judge: (done: Done) => Verdict;

  private constructor(arena: Arena, models: readonly ChainModel[], judge: (done: Done) => Verdict) {
    this.#arena = arena;
    this.#models = models;
    this.#judge = judge;
  }

  /** Makes the chains. @throws when that fails */
  static async prepare(
    arena: Arena,
    { callers, random, judge }: { callers: number; random: Random; judge: (done: Done) => Verdict },
  ): Promise<Workload> {
    // Ports tell rules apart within a chain; which chain it is, is plain.
    const models = Array.from({ length: callers }, (_, lane) => new ChainModel(`drill${lane}`, random, lane % 4));
    const chains = models.map(({ chain }) => `:${chain} - [0:0]\n`).join('');
    const jumps = models.map(({ chain }) => `-A INPUT -j ${chain}\n`).join('');
    await arena.expect(`iptables-restore -w 60 <<'EOF'\n*filter\n${chains}${jumps}COMMIT\nEOF`);
    return new Workload(arena, models, judge);
  }

  /** All callers at once, until `stopped`; again and again if need be. */
  async run(stopped: () => boolean): Promise<void> {
    await Promise.all(this.#models.map((model) => this.#call(model, stopped)));
  }

  /** Takes all rules out of the callers' chains, and waits until nothing is left of them. @throws when that doesn't work */
  async empty(): Promise<void> {
    const chains = this.#models.map(({ chain }) => `:${chain} - [0:0]\n`).join('');
    // Counters of rules that went go with the change after.
    for (let left = changesThatClean, end = performance.now() + recoverMs; left > 0; ) {
      const { status, output } = await this.#arena.command(
        `iptables-restore -w 60 -n <<'EOF'\n*filter\n${chains}COMMIT\nEOF`,
      );
      if (status === 0) left -= 1;
      else if (performance.now() > end) throw new Error(`the chains can't be emptied: status ${status}: ${output}`);
      else await sleep(50);
    }
    for (const model of this.#models) model.becomes([]);
  }

  /** At the end the tables must be what the accepted commands made of them. @param rest what INPUT has behind the chains */
  async check(rest: readonly string[]): Promise<void> {
    const jumps = this.#models.map(({ chain }) => `-j ${chain}`);
    const wanted = listingOf('INPUT', [...jumps, ...rest]).replace('-N INPUT', '-P INPUT ACCEPT');
    const input = await this.#arena.command('iptables -w 60 -S INPUT');
    if (input.status !== 0 || input.output !== wanted)
      this.tally.faults.push(`at the end INPUT is (status ${input.status})\n${input.output}and should be\n${wanted}`);
    for (const model of this.#models) {
      const { status, output } = await this.#arena.command(`iptables -w 60 -S ${model.chain}`);
      if (status !== 0 || output !== model.listing)
        this.tally.faults.push(
          `at the end ${model.chain} is (status ${status})\n${output}and should be\n${model.listing}`,
        );
    }
  }

  async #call(model: ChainModel, stopped: () => boolean): Promise<void> {
    while (!stopped()) {
      const before = model.rules;
      const command = model.next();
      const done = await this.#arena.command(command.line);
      if (done.status === 0) {
        const wrong = command.wrong?.(done.output);
        if (wrong !== undefined) this.#fault(command, wrong);
        model.becomes(command.after);
        continue;
      }
      const verdict = this.#judge(done);
      if (verdict === 'fault') this.#fault(command, `status ${done.status ?? 'unknown'}: ${done.output.trim()}`);
      else this.tally.refused += 1;
      await this.#settle(model, verdict === 'refused' ? [before] : [before, command.after], command);
    }
  }

  /** Finds out what a command that failed has left. */
  async #settle(model: ChainModel, candidates: readonly (readonly string[])[], command: ChainCommand): Promise<void> {
    const end = performance.now() + recoverMs;
    for (;;) {
      const { status, output, disturbed } = await this.#arena.command(`iptables -w 60 -S ${model.chain}`);
      if (status === 0) {
        const found = candidates.find((rules) => listingOf(model.chain, rules) === output);
        if (found === undefined) this.#fault(command, `after it failed, ${model.chain} is\n${output}`);
        model.becomes(found ?? rulesIn(output));
        return;
      }
      if (!disturbed && performance.now() > end) {
        this.#fault(command, `after it failed nothing works any more: ${output.trim()}`);
        return;
      }
      await sleep(50);
    }
  }

  #fault({ line }: ChainCommand, what: string): void {
    this.tally.failures += 1;
    this.tally.faults.push(`${line}: ${what}`);
  }
}

function rulesIn(listing: string): readonly string[] {
  return listing.split('\n').flatMap((line) => /^-A \S+ (.*)$/.exec(line)?.[1] ?? []);
}
