import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { GuardedStreams } from '../../drills/guarded-streams.ts';
import { isAlive, killHard } from '../../drills/processes.ts';
import { type Step, stepCalls, stepsIn, Tracer, whyNoTracer } from '../../drills/tracer.ts';
import { Network } from '../drills/network.ts';
import type { Done, ServedShell } from '../drills/served-shell.ts';
import { missing, titled } from '../harness/ways.ts';

const reason = missing('root', 'build', 'netlink', 'nft', 'iptables-legacy') ?? whyNoTracer();
/** DRILL_EVERY_CALL: at every one of these calls, not only at those to BPF and a third of the others. */
const every = process.env.DRILL_EVERY_CALL === '1';
const timeout = 300_000;
/** The last steps come after the answer: they may not be reached before the next command. */
const afterwards = 5;

/** A change, made in the same way each time: by a driver that `prepare` has put behind one that was killed. */
interface Change {
  readonly prepare: () => Promise<unknown>;
  readonly make: () => Promise<unknown>;
}

/**
 * The calls by which a driver changes something while it makes the change, those to BPF among them. It is watched twice, and what
 * it did once alone is left out: how often it reads counters hangs on the packets that come meanwhile.
 */
async function stepsOf(network: Network, shell: ServedShell, { prepare, make }: Change): Promise<readonly Step[]> {
  const watch = async (): Promise<readonly Step[]> => {
    await prepare();
    const file = path.join(network.folder, 'steps');
    const watcher = await Tracer.watch(shell.driver ?? 0, file, true);
    await make();
    await watcher.end();
    return stepsIn(file).filter(({ call }) => call === 'bpf' || stepCalls.some((one) => one === call));
  };
  const [first, second] = [await watch(), await watch()];
  const steps = first.filter(({ call, nth }) => second.some((other) => other.call === call && other.nth === nth));
  expect(steps.length).toBeGreaterThan(15);
  return every ? steps : steps.filter(({ call }, at) => call === 'bpf' || at % 3 === 0);
}

/** Whether it was killed. */
async function killedAt(shell: ServedShell, step: Step, work: () => Promise<Done>): Promise<boolean> {
  const driver = shell.driver ?? 0;
  const tracer = await Tracer.killAt(driver, step);
  expect(await work(), `${step.call} number ${step.nth}`).toEqual({ status: 0, output: '' });
  const killed = !isAlive(driver);
  await tracer.end();
  return killed;
}

describe.skipIf(reason !== undefined)(
  titled('a driver of tables that BPF carries, killed at each of its steps', reason),
  () => {
    it.each([
      ['its first one', 0],
      ['one that the programs of changes before stay for', 3],
    ])('of an append, %s: it is done once, and counters are exact', { timeout }, async (_title, changesBefore) => {
      const network = await Network.create();
      try {
        const shell = await network.shell({ BPFILTER_BACKEND: 'bpf' });
        await shell.expect('iptables -N drill && iptables -A INPUT -j drill');
        const streams = await GuardedStreams.start(network, shell);
        const rules: string[] = [];
        const append = () => {
          rules.push(`-A drill -p tcp -m tcp --dport ${1000 + rules.length} -j DROP`);
          return shell.command(`iptables ${rules.at(-1)}`);
        };
        const prepare = async () => {
          killHard(shell.driver ?? 0);
          await shell.expect('iptables -S drill');
          for (let change = 0; change < changesBefore; change += 1) await append();
        };
        await append();
        const steps = await stepsOf(network, shell, { prepare, make: append });
        expect(steps.some(({ call }) => call === 'bpf')).toBe(changesBefore === 0);
        let killed = 0;
        for (const step of steps) {
          await prepare();
          killed += (await killedAt(shell, step, append)) ? 1 : 0;
          expect(await shell.expect('iptables -S drill'), step.call).toBe(`-N drill\n${rules.join('\n')}\n`);
        }
        expect(killed).toBeGreaterThan(steps.length - afterwards);
        expect(await streams.finish(shell)).toEqual([]);
        expect(network.log).not.toMatch(/unexpected|corrupt/);
      } finally {
        await network.close();
      }
    });

    it.each([
      ['to BPF', 'D', 'bpfilter_filter_bpf'],
      ['to nftables', 'A', 'bpfilter_filter'],
    ])('of a move %s: nothing leaks, and one table stays', { timeout }, async (_title, verb, table) => {
      const network = await Network.create();
      try {
        const shell = await network.shell({ BPFILTER_BACKEND: 'auto' });
        const streams = await GuardedStreams.start(network, shell);
        const rule = 'INPUT -p tcp -m tcp --dport 7 -j REJECT --reject-with icmp-port-unreachable';
        const begin = () => shell.expect(`iptables -${verb === 'A' ? 'D' : 'A'} ${rule}`);
        const move = () => shell.command(`iptables -${verb} ${rule}`);
        if (verb === 'A') await move();
        const prepare = async () => {
          killHard(shell.driver ?? 0);
          await begin();
        };
        const steps = await stepsOf(network, shell, { prepare, make: move });
        let killed = 0;
        for (const step of steps) {
          await begin();
          killed += (await killedAt(shell, step, move)) ? 1 : 0;
          expect((await shell.expect('iptables -S INPUT')).includes('REJECT'), step.call).toBe(verb === 'A');
          expect(await shell.expect('nft list tables'), step.call).toBe(`table ip ${table}\n`);
        }
        expect(killed).toBeGreaterThan(steps.length - afterwards);
        const { faults, guarded, leaked } = await streams.outcome(shell);
        expect(faults).toEqual([]);
        expect(guarded).toBeGreaterThan(0);
        expect(leaked).toBe(0);
        expect(network.log).not.toMatch(/unexpected|corrupt/);
      } finally {
        await network.close();
      }
    });
  },
);
