import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { disagreements } from '../../drills/agreement.ts';
import { listingOf } from '../../drills/chain-model.ts';
import { GuardedStreams } from '../../drills/guarded-streams.ts';
import { signalTo } from '../../drills/processes.ts';
import { type Step, stepsIn, Tracer, whyNoTracer } from '../../drills/tracer.ts';
import { missing, titled } from '../harness/ways.ts';
import { sleep } from './drill.ts';
import { Network } from './network.ts';

/** DRILL_EVERY_CALL: all calls of all nft; else of the one that changes, from the socket on, and one of so many before. */
const every = process.env.DRILL_EVERY_CALL === '1';
const startSampled = 24;
const reason = missing('root', 'build', 'nft', 'iptables-legacy') ?? whyNoTracer();

/**
 * A program in nft's place that stops before it becomes the nth nft since it was told to, so that a tracer can be
 * attached: below the driver nobody may trace.
 */
class StoppingNft {
  readonly path: string;
  readonly #pid: string;
  readonly #left: string;
  readonly #started: string;

  constructor(folder: string) {
    const file = (name: string) => path.join(folder, name);
    [this.path, this.#pid, this.#left, this.#started] = [
      file('nft'),
      file('nft-pid'),
      file('nft-left'),
      file('nft-started'),
    ];
    fs.writeFileSync(
      this.path,
      `#!/bin/sh
echo "$*" >>'${this.#started}'
read left <'${this.#left}'
echo $((left - 1)) >'${this.#left}'
if [ "$left" = 1 ]; then echo $$ >'${this.#pid}'; kill -STOP $$; fi
exec nft "$@"
`,
      { mode: 0o755 },
    );
    this.stopAt(0);
  }

  /** 0: none. */
  stopAt(nth: number): void {
    fs.rmSync(this.#pid, { force: true });
    fs.writeFileSync(this.#left, `${nth}\n`);
    fs.writeFileSync(this.#started, '');
  }

  /** What was asked of nft since then. */
  get started(): readonly string[] {
    return fs.readFileSync(this.#started, 'latin1').split('\n').slice(0, -1);
  }

  /** The process, once it has stopped. */
  async stopped(): Promise<number> {
    for (;;) {
      const pid = fs.existsSync(this.#pid) ? Number(fs.readFileSync(this.#pid, 'latin1')) : 0;
      if (pid > 0 && /^State:\tT/m.test(fs.readFileSync(`/proc/${pid}/status`, 'latin1'))) return pid;
      await sleep(2);
    }
  }
}

/** From the first socket on, and of what comes before it one of so many. */
function chosen(steps: readonly Step[]): readonly Step[] {
  if (every) return steps;
  const words = steps.findIndex(({ call }) => call === 'socket');
  return steps.filter((_step, at) => at >= words || at % startSampled === 0);
}

describe.skipIf(reason !== undefined)(titled('an nft killed at each of its calls', reason), () => {
  const title = 'of a command that changes the table: the old or the new one, and the caller is told which';
  test(title, { timeout: every ? 3_600_000 : 300_000 }, async () => {
    const network = await Network.create();
    try {
      const nft = new StoppingNft(network.folder);
      // A standby would ask nft whenever it likes.
      const env = { BPFILTER_NFT: nft.path, BPFILTER_TRANSPORT: 'exec', BPFILTER_STANDBY: 'no' };
      const shell = await network.shell(env);
      await shell.expect('iptables -N drill && iptables -A INPUT -j drill');
      const streams = await GuardedStreams.start(network, shell);
      let rules: readonly string[] = [];
      let port = 1000;
      const append = async () => {
        const rule = `-p tcp -m tcp --dport ${port++} -j DROP`;
        const { status, output } = await shell.command(`iptables -A drill ${rule}`);
        if (status === 0) rules = [...rules, rule];
        return { status, output };
      };
      for (let warm = 0; warm < 2; warm += 1) expect(await append()).toEqual({ status: 0, output: '' });
      nft.stopAt(0);
      await append();
      const asked = nft.started;
      expect(asked.filter((words) => words.includes(' -f '))).toHaveLength(1);

      /** Appends a rule while the nth nft is looked at. */
      const appendTraced = async (nth: number, attach: (pid: number) => Promise<Tracer>) => {
        nft.stopAt(nth);
        const appending = append();
        const pid = await nft.stopped();
        const tracer = await attach(pid);
        signalTo(pid, 'SIGCONT');
        const done = await appending;
        const { started } = nft;
        nft.stopAt(0);
        await tracer.end();
        return { ...done, started };
      };

      const counts = { calls: 0, killed: 0, accepted: 0, refused: 0 };
      for (const [index, words] of asked.entries()) {
        if (!every && !words.includes(' -f ')) continue;
        const file = path.join(network.folder, `calls-${index}`);
        await appendTraced(index + 1, (pid) => Tracer.watch(pid, file, true));
        const steps = chosen(stepsIn(file));
        expect(steps.length, words).toBeGreaterThan(10);
        for (const step of steps) {
          const at = `nft ${words}: ${step.call} number ${step.nth}`;
          const before = network.log.length;
          const { status, output, started } = await appendTraced(index + 1, (pid) => Tracer.killAt(pid, step));
          counts.calls += 1;
          // Another one did the work, or none had to.
          const isLogged = /nft was killed by SIGKILL/.test(network.log.slice(before));
          if (started.length > asked.length || isLogged) counts.killed += 1;
          if (status === 0) counts.accepted += 1;
          else {
            counts.refused += 1;
            expect(output, at).toMatch(/Input\/output error/);
          }
          // What the caller was told is what there is.
          const listing = await shell.expect('iptables -S');
          const drill = listing.split('\n').filter((line) => / drill( |$)/.test(line) && !line.startsWith('-A INPUT'));
          expect(`${drill.join('\n')}\n`, at).toBe(listingOf('drill', rules));
          expect(disagreements(network, listing), at).toEqual([]);
          if (rules.length > 20) {
            await shell.expect('iptables -F drill');
            rules = [];
          }
        }
      }
      if (every) console.log(`${asked.length} nft in a command (${asked.join('; ')}): ${JSON.stringify(counts)}`);
      // The driver looks at what the kernel has, and tries once more: hardly anybody is refused.
      expect(counts.accepted).toBeGreaterThan(counts.calls * 0.9);
      // exit_group is reached when all is done.
      expect(counts.killed).toBeGreaterThan(counts.calls * 0.9);
      expect(await streams.finish(shell)).toEqual([]);
      expect(network.log).not.toMatch(/unexpected|corrupt/);
    } finally {
      await network.close();
    }
  });
});
