import { describe, expect, test } from 'vitest';
import { disagreements } from '../../drills/agreement.ts';
import { ChainModel, listingOf } from '../../drills/chain-model.ts';
import { GuardedStreams, guardRules } from '../../drills/guarded-streams.ts';
import type { Random } from '../../drills/random.ts';
import { missing, titled } from '../harness/ways.ts';
import { commandLoop, type Decoy, decoyOf } from './command-loop.ts';
import { drill, rounds } from './drill.ts';
import { killDrivers } from './killer.ts';
import { Network } from './network.ts';
import type { ServedShell } from './served-shell.ts';

const reason = missing('root', 'build', 'nft', 'iptables-legacy');

interface Lane {
  readonly shell: ServedShell;
  readonly model: ChainModel;
  readonly decoy: Decoy;
}

/** What `iptables -S INPUT` must print; the lanes' decoys may stand in any order among themselves. */
function inputRules(lanes: readonly Lane[]): readonly string[] {
  const decoys = lanes.filter(({ decoy }) => decoy.present).map(({ decoy }) => decoy.rule);
  const jumps = lanes.map(({ model }) => `-j ${model.chain}`);
  return [...decoys, ...jumps, ...guardRules];
}

/** Concurrent loops of commands, each below a shim of its own, while their drivers are killed. */
async function killWhileCommandsRun(random: Random, shims: number, kills: number): Promise<void> {
  const network = await Network.create();
  try {
    const lanes: Lane[] = [];
    for (let lane = 0; lane < shims; lane += 1) {
      const shell = await network.shell();
      const model = new ChainModel(`drill${lane}`, random, lane);
      await shell.expect(`iptables -N ${model.chain} && iptables -A INPUT -j ${model.chain}`);
      lanes.push({ shell, model, decoy: decoyOf(7 + lane) });
    }
    const [first] = lanes;
    if (first === undefined) throw new RangeError('no shim');
    const streams = await GuardedStreams.start(network, first.shell);

    let killing = lanes.length;
    const loops = lanes.map(({ shell, model, decoy }) => commandLoop(shell, model, decoy, () => killing === 0));
    const killers = lanes.map(async ({ shell }) => {
      const killed = await killDrivers(shell, random, kills, () => false);
      killing -= 1;
      return killed;
    });
    const faults = (await Promise.all(loops)).flat();
    expect(await Promise.all(killers)).toEqual(lanes.map(() => kills));

    expect(faults).toEqual([]);
    for (const { shell, model } of lanes) {
      for (const lister of lanes) expect(await lister.shell.expect(`iptables -S ${model.chain}`)).toBe(model.listing);
      expect(shell.commands).toBeGreaterThan(kills / 4);
    }
    const input = await first.shell.expect('iptables -S INPUT');
    const sorted = (text: string) => text.split('\n').toSorted();
    expect(sorted(input)).toEqual(sorted(listingOf('INPUT', inputRules(lanes)).replace('-N INPUT', '-P INPUT ACCEPT')));
    expect(await streams.finish(first.shell)).toEqual([]);
    expect(disagreements(network, await first.shell.expect('iptables -S'))).toEqual([]);
    expect(network.log).not.toMatch(/unexpected|corrupt/);
  } finally {
    await network.close();
  }
}

describe.skipIf(reason !== undefined)(titled('a driver killed with SIGKILL again and again', reason), () => {
  const one = rounds(100);
  test(
    `${one} times: every command succeeds once, no packet passes a DROP rule, no counter loses one`,
    {
      timeout: one * 2_000,
    },
    () => drill((random) => killWhileCommandsRun(random, 1, one)),
  );

  const two = rounds(30);
  test(`${two} times each below two shims in one network namespace`, { timeout: two * 4_000 }, () =>
    drill((random) => killWhileCommandsRun(random, 2, two)),
  );
});
