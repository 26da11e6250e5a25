import { describe, expect, test } from 'vitest';
import { disagreements } from '../../drills/agreement.ts';
import { ChainModel, listingOf } from '../../drills/chain-model.ts';
import { isAlive } from '../../drills/processes.ts';
import type { Random } from '../../drills/random.ts';
import { missing, titled } from '../harness/ways.ts';
import { drill, rounds, sleep } from './drill.ts';
import { Network } from './network.ts';
import { type ServedShell, ShellEnded } from './served-shell.ts';

const reason = missing('root', 'build', 'nft', 'iptables-legacy');

/** Milliseconds: some commands' worth. */
const longestLife = 400;

interface Interrupted {
  /** What the chain may hold: as the last accepted command left it, or as the one that was cut off would. */
  readonly candidates: readonly string[];
  /** The driver that the shim left behind. */
  readonly orphan: number | undefined;
}

/** Gives commands until the shim is killed, at a random moment of one. */
async function interrupt(shell: ServedShell, model: ChainModel, random: Random): Promise<Interrupted> {
  let orphan: number | undefined;
  const timer = setTimeout(() => {
    orphan = shell.driver;
    shell.killShim();
  }, random.below(longestLife));
  for (;;) {
    const { line, after, wrong } = model.next();
    const candidates = [model.listing, listingOf(model.chain, after)];
    try {
      const { status, output } = await shell.command(line);
      if (status === 0) {
        expect(wrong?.(output)).toBeUndefined();
        model.becomes(after);
        continue;
      }
      // Nobody answers the option any more: the kernel says ENOSYS, as for a call it doesn't have.
      expect(isAlive(shell.shim), `${line}: ${output}`).toBe(false);
    } catch (error) {
      if (!(error instanceof ShellEnded)) throw error;
    }
    clearTimeout(timer);
    await shell.close();
    return { candidates, orphan };
  }
}

describe.skipIf(reason !== undefined)(titled('a shim killed with SIGKILL', reason), () => {
  const wanted = rounds(20);
  test(
    `${wanted} times, in the middle of commands: the next run has the last accepted table`,
    {
      timeout: wanted * 5_000,
    },
    () =>
      drill(async (random) => {
        const network = await Network.create();
        try {
          const model = new ChainModel('drill', random);
          const made = network.served('iptables -N drill && iptables -A INPUT -j drill');
          expect(made).toMatchObject({ status: 0 });
          for (let round = 1; round <= wanted; round += 1) {
            const shell = await network.shell();
            const { candidates, orphan } = await interrupt(shell, model, random);
            const next = await network.shell();
            const listing = await next.expect('iptables -S drill');
            expect(candidates, `round ${round}`).toContain(listing);
            model.becomes(rulesOf(listing));
            expect(disagreements(network, await next.expect('iptables -S')), `round ${round}`).toEqual([]);
            // What the dead shim's driver still had in hand must not come into force later.
            while (orphan !== undefined && isAlive(orphan)) await sleep(5);
            expect(await next.expect('iptables -S drill'), `round ${round}, once the orphan is gone`).toBe(listing);
            expect(disagreements(network, await next.expect('iptables -S'))).toEqual([]);
            await next.close();
          }
          expect(network.log).not.toMatch(/unexpected|corrupt/);
        } finally {
          await network.close();
        }
      }),
  );
});

function rulesOf(listing: string): readonly string[] {
  return listing.split('\n').flatMap((line) => /^-A \S+ (.*)$/.exec(line)?.[1] ?? []);
}
