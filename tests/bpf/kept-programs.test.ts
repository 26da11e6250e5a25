import { describe, expect, it } from 'vitest';
import { type CompileOptions, planImage } from '../../rules/bpf/compile.ts';
import type { HookNumber, Rule, Table, TargetUse } from '../../rules/ir.ts';
import { rule, tcp } from '../../rules/nft/testing/rules.ts';
import { mapById } from '../../sys/bpf/map-info.ts';
import { testRun } from '../../sys/bpf/testing/test-run.ts';
import { createBpfLoader, type LoadedHook } from '../../umh/dataplane/bpf/loader.ts';
import { pick, randomFrom } from '../harness/random.ts';
import { ip } from '../packets/packet.ts';
import * as transport from '../packets/transport.ts';
import { withEthernet } from './ethernet.ts';
import { randomFocus } from './focus.ts';
import { bpfMissing } from './loaded.ts';
import { randomPacket } from './random-packet.ts';
import { randomTable } from './random-tables.ts';
import { makeTable, viewOf } from './tables.ts';

const INPUT: HookNumber = 1;
const SLOTS = 1024;

type Bytes = Buffer;
const accepts = (program: number, bytes: Bytes) => testRun(program, { data: withEthernet(bytes, 0) }).retval === 1;
const programsOf = (hooks: readonly LoadedHook[]) => hooks.map(({ program }) => program);

/** Loads tables one after the other as a driver does, and each takes effect. */
class Driver {
  readonly loader = createBpfLoader({ mapById });
  readonly place = this.loader.createCounters(0, SLOTS);

  change(table: Table, options: CompileOptions = {}): readonly LoadedHook[] {
    const write = planImage(viewOf(table), options);
    const image = write(
      (entry) => entry,
      (size) => this.loader.room('filter', size),
    );
    const hooks = this.loader.load(image, this.place);
    this.loader.tookEffect();
    return hooks;
  }
}

/** The same rules in another order, to other ends. */
function turned(table: Table, by: number): Table {
  const other: Readonly<Record<string, TargetUse>> = { accept: { kind: 'drop' }, drop: { kind: 'accept' } };
  const turn = (rules: readonly Rule[]): readonly Rule[] => [...rules.slice(by), ...rules.slice(0, by)];
  const flip = (one: Rule): Rule => ({ ...one, target: (by % 2 === 1 && other[one.target.kind]) || one.target });
  return {
    ...table,
    chains: table.chains.map((chain) => ({ ...chain, rules: turn(chain.rules).map(flip) })),
  };
}

describe.skipIf(bpfMissing !== undefined)(`programs that stay (${bpfMissing ?? 'here'})`, () => {
  const port = (dport: number): Rule =>
    rule({ header: { protocol: 6 }, matches: [tcp(dport)], target: { kind: 'drop' } });
  const ports = (count: number) => makeTable({ INPUT: Array.from({ length: count }, (_, at) => port(at + 1)) });
  const toPort = (dport: number) => ip(transport.tcp({ dport }), {});

  it('rules are added: from the fourth change on none is loaded, and the latest rules are what they go by', () => {
    const driver = new Driver();
    const seen = new Set<number>();
    for (let count = 1; count <= 12; count += 1) {
      const hooks = driver.change(ports(count));
      if (count > 3) expect(seen).toContain(programsOf(hooks)[0]);
      for (const one of programsOf(hooks)) seen.add(one);
      const program = hooks.find(({ hook }) => hook === INPUT)?.program ?? -1;
      expect([count, accepts(program, toPort(count))]).toEqual([count, false]);
      expect([count, accepts(program, toPort(count + 1))]).toEqual([count, true]);
    }
    expect(seen.size).toBe(9);
  });

  it('rules that ask for something else get other programs', () => {
    const driver = new Driver();
    for (let count = 1; count <= 4; count += 1) driver.change(ports(count));
    const named = makeTable({
      INPUT: [port(1), rule({ header: { protocol: 17 }, target: { kind: 'drop' } })],
      FORWARD: [port(2)],
    });
    const hooks = driver.change(named);
    const forward = hooks.find(({ hook }) => hook === 2)?.program ?? -1;
    expect(accepts(forward, toPort(2))).toBe(false);
    expect(accepts(forward, toPort(1))).toBe(true);
  });

  it('whatever the rules: as programs that were made for them', { timeout: 120_000 }, () => {
    let [kept, changes] = [0, 0];
    for (let seed = 1; seed <= 16; seed += 1) {
      const driver = new Driver();
      const random = randomFrom(1000 + seed);
      const focus = randomFocus(random);
      const table = randomTable(random, focus, 'filter');
      const hook: HookNumber = pick(random, [1, 2, 3]);
      const packets = Array.from({ length: 30 }, () => randomPacket(random, focus).bytes);
      const seen = new Set<number>();
      for (let by = 0; by < 8; by += 1) {
        const variant = turned(table, by);
        const fresh = new Driver();
        const [one, other] = [driver.change(variant), fresh.change(variant)].map(
          (hooks) => hooks.find((loaded) => loaded.hook === hook)?.program ?? -1,
        );
        const verdicts = (program = -1) => packets.map((bytes) => accepts(program, bytes));
        const before = new Map(driver.loader.readCounters(driver.place));
        expect([seed, by, verdicts(one)]).toEqual([seed, by, verdicts(other)]);
        const counted = [...fresh.loader.readCounters(fresh.place)];
        const added = [...driver.loader.readCounters(driver.place)].flatMap(([id, { packets: count }]) => {
          const packets = count - (before.get(id)?.packets ?? 0n);
          return packets > 0n ? [[id, packets]] : [];
        });
        expect([seed, by, added]).toEqual([seed, by, counted.map(([id, { packets }]) => [id, packets])]);
        changes += 1;
        kept += seen.has(one ?? -1) ? 1 : 0;
        seen.add(one ?? -1);
      }
    }
    expect(kept).toBeGreaterThan(changes / 4);
  });
});
