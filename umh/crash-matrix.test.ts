import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { entry, filter, head, ip, plain, standard, verdicts } from '../rules/blob/testing/raw-blob.ts';
import { decodeTable } from './store/table-file.ts';
import type { Death } from './testing/crash.ts';
import { type Connection, type CounterPair, World } from './testing/world.ts';

/** A driver dies at every step of every change, in every way, and whoever comes next must find old or new, nothing between. */

const rule = (source: number) => entry({ ip: ip({ source }), target: standard(verdicts.accept) });
const OLD = filter({ input: [rule(1), rule(2)] });
const NEW = filter({ input: [rule(3), rule(1)], user: [head('user'), rule(4), plain(verdicts.return)] });
const EMPTY_ENTRIES = 4;
const OLD_ENTRIES = 6;
const NEW_ENTRIES = 9;
const TABLE = 'fake_filter';
const ZERO: CounterPair = { packets: 0n, bytes: 0n };

/** What passed each counter, by its name: the truth that reported counters must add up to. */
class Traffic {
  readonly hits = new Map<string, CounterPair>();
  readonly #world: World;
  #bytes = 100;

  constructor(world: World) {
    this.#world = world;
  }

  pass(): void {
    this.#bytes += 1;
    for (const name of this.#world.nft.traffic(TABLE, this.#bytes)) {
      const { packets, bytes } = this.hits.get(name) ?? ZERO;
      this.hits.set(name, { packets: packets + 1n, bytes: bytes + BigInt(this.#bytes) });
    }
  }

  /** Of every entry, by its rule id. */
  by(ids: readonly number[]): CounterPair[] {
    return ids.map((id) => this.hits.get(`r${id}`) ?? ZERO);
  }
}

function plus(one: readonly CounterPair[], other: readonly CounterPair[]): CounterPair[] {
  return one.map(({ packets, bytes }, i) => ({
    packets: packets + (other[i]?.packets ?? 0n),
    bytes: bytes + (other[i]?.bytes ?? 0n),
  }));
}

/** Ids of the table in the state folder; none for one that was never replaced. */
function storedIds(world: World): number[] {
  try {
    return [...decodeTable('filter', readFileSync(join(world.folder, 'filter.table'))).ids];
  } catch {
    return [];
  }
}

/** What a caller sees of the entries, counters and comefrom aside. */
function visible(entries: Uint8Array): string {
  const bytes = Buffer.from(entries);
  for (let at = 0; at < bytes.length; at += bytes.readUInt16LE(at + 90)) bytes.fill(0, at + 92, at + 112);
  return bytes.toString('hex');
}
const shape = (replace: Uint8Array) => visible(replace.subarray(96));
const EMPTY_SHAPE = shape(filter({}));

const pairs = (count: number, factor: number): CounterPair[] =>
  Array.from({ length: count }, (_, i) => ({ packets: BigInt((i + 1) * factor), bytes: BigInt((i + 1) * factor * 10) }));

/** What the table's counters were given before the change: it must not get lost either. */
const GIVEN = pairs(OLD_ENTRIES, 1000);
const GIVEN_EMPTY = pairs(EMPTY_ENTRIES, 500);
const ADDED = pairs(OLD_ENTRIES, 7);

function put(world: World, connection: Connection, replace: Uint8Array, present: number): void {
  expect(connection.ask(world.replaceMessage(replace, present))).toBe(0);
}

interface Scenario {
  readonly before: (world: World, connection: Connection) => void;
  readonly message: (world: World, replay: boolean) => Uint8Array;
  /** Counters the table has from callers before the change. */
  readonly given: readonly CounterPair[];
  readonly oldShape: string;
  readonly newShape: string;
  readonly kind: 'replace' | 'add' | 'reset';
}

const inForce = (world: World, connection: Connection) => {
  put(world, connection, OLD, EMPTY_ENTRIES);
  expect(connection.ask(world.addMessage('filter', GIVEN))).toBe(0);
};

const scenarios: Readonly<Record<string, Scenario>> = {
  'first install': {
    kind: 'replace',
    before: (world, connection) => expect(connection.ask(world.addMessage('filter', GIVEN_EMPTY))).toBe(0),
    message: (world, replay) => world.replaceMessage(NEW, EMPTY_ENTRIES, replay),
    given: GIVEN_EMPTY,
    oldShape: EMPTY_SHAPE,
    newShape: shape(NEW),
  },
  replace: {
    kind: 'replace',
    before: inForce,
    message: (world, replay) => world.replaceMessage(NEW, OLD_ENTRIES, replay),
    given: GIVEN,
    oldShape: shape(OLD),
    newShape: shape(NEW),
  },
  'replace after a replace': {
    kind: 'replace',
    before: (world, connection) => {
      put(world, connection, NEW, EMPTY_ENTRIES);
      put(world, connection, OLD, NEW_ENTRIES);
      expect(connection.ask(world.addMessage('filter', GIVEN))).toBe(0);
    },
    message: (world, replay) => world.replaceMessage(NEW, OLD_ENTRIES, replay),
    given: GIVEN,
    oldShape: shape(OLD),
    newShape: shape(NEW),
  },
  'add counters': {
    kind: 'add',
    before: inForce,
    message: (world, replay) => world.addMessage('filter', ADDED, replay),
    given: GIVEN,
    oldShape: shape(OLD),
    newShape: shape(OLD),
  },
  'add counters to a table never replaced': {
    kind: 'add',
    before: (world, connection) => expect(connection.ask(world.addMessage('filter', GIVEN_EMPTY))).toBe(0),
    message: (world, replay) => world.addMessage('filter', pairs(EMPTY_ENTRIES, 7), replay),
    given: GIVEN_EMPTY,
    oldShape: EMPTY_SHAPE,
    newShape: EMPTY_SHAPE,
  },
  reset: {
    kind: 'reset',
    before: inForce,
    message: (world, replay) => world.resetMessage(replay),
    given: GIVEN,
    oldShape: shape(OLD),
    newShape: EMPTY_SHAPE,
  },
};

/** Who goes on after the death. */
type Heir = 'its own, replaying' | 'its own, without replay' | 'another, then its own replaying';
const heirs: readonly Heir[] = ['its own, replaying', 'its own, without replay', 'another, then its own replaying'];
const deaths: readonly Death[] = ['before', 'half', 'after'];

/** Whether a step can be half done. */
const canTear = (step = '') => /^(replace|overwrite|write)/.test(step);

const worlds: World[] = [];
afterEach(() => {
  for (const world of worlds.splice(0)) world.close();
});

/** A world in which the driver is about to serve the scenario's request. */
function stage(scenario: Scenario, warm: boolean) {
  const world = new World();
  worlds.push(world);
  const traffic = new Traffic(world);
  let connection = world.connect('aa');
  connection.crash.arm(0, 'before', () => traffic.pass());
  scenario.before(world, connection);
  const before = storedIds(world);
  // The truth starts where the table's counters are known.
  connection.crash.arm(0, 'before');
  const start = world.counters(connection, 'filter');
  traffic.hits.clear();
  if (!warm) connection = world.connect('aa');
  return { world, traffic, connection, before, start };
}

/** Checks that every packet is in exactly one counter, and every given one once. */
function checkCounters(
  staged: ReturnType<typeof stage>,
  scenario: Scenario,
  connection: Connection,
  old: readonly CounterPair[] | undefined,
  isNew: boolean,
): void {
  const { world, traffic, before, start } = staged;
  connection.crash.arm(0, 'before');
  const reported = world.counters(connection, 'filter');
  if (scenario.kind === 'reset' && isNew) {
    expect(reported).toEqual(reported.map(() => ZERO));
    return;
  }
  if (scenario.kind !== 'replace' || !isNew) {
    const added = scenario.kind === 'add' && isNew ? (start.length === OLD_ENTRIES ? ADDED : pairs(EMPTY_ENTRIES, 7)) : [];
    expect(reported).toEqual(plus(plus(start, before.length > 0 ? traffic.by(before) : []), added));
    return;
  }
  const now = storedIds(world);
  const totals = traffic.by(now);
  for (const [at, id] of now.entries()) {
    const was = id === 0 ? -1 : before.indexOf(id);
    if (was < 0) expect(reported[at], `new entry ${at}`).toEqual(totals[at]);
    else if (old !== undefined) {
      const [kept] = plus([old[was] ?? ZERO], [reported[at] ?? ZERO]);
      const [truth] = plus([start[was] ?? ZERO], [totals[at] ?? ZERO]);
      expect(kept, `kept entry ${was}, now ${at}`).toEqual(truth);
    }
  }
  if (old === undefined) return;
  for (const [at, id] of before.entries()) {
    if (id !== 0 && now.includes(id)) continue;
    expect(old[at], `entry ${at} that went`).toEqual(plus([start[at] ?? ZERO], id === 0 ? [] : traffic.by([id]))[0]);
  }
}

/** Checks what is left on disk and in the kernel once everything is quiet. */
function checkRest(staged: ReturnType<typeof stage>, isNew: boolean, scenario: Scenario): void {
  const files = readdirSync(staged.world.folder);
  expect(files.filter((name) => /\.next$|^journal|corrupt|resetting/.test(name))).toEqual([]);
  const markers = staged.world.nft.chainsOf(TABLE)?.filter((name) => name.startsWith('gen_'));
  const inKernel = scenario.kind === 'reset' && isNew ? undefined : storedIds(staged.world).length === 0 ? undefined : 1;
  expect(markers?.length).toBe(inKernel);
  expect(staged.world.lines.filter((line) => line.includes('unexpected') && !line.includes('Died'))).toEqual([]);
}

function stepsOf(scenario: Scenario, warm: boolean): readonly string[] {
  const staged = stage(scenario, warm);
  const { connection, traffic, world } = staged;
  connection.crash.arm(0, 'before', () => traffic.pass());
  expect(connection.ask(scenario.message(world, false))).toBe(0);
  const { steps } = connection.crash;
  const old = scenario.kind === 'replace' ? world.oldCounters(staged.start.length) : undefined;
  checkCounters(staged, scenario, connection, old, true);
  checkRest(staged, true, scenario);
  return steps;
}

function runOne(scenario: Scenario, warm: boolean, at: number, death: Death, heir: Heir): void {
  const staged = stage(scenario, warm);
  const { world, connection, traffic, start } = staged;
  const pass = () => traffic.pass();
  const message = scenario.message(world, false);
  connection.crash.arm(at, death, pass);
  let answered = true;
  try {
    connection.ask(message);
  } catch {
    answered = false;
  }
  expect(connection.crash.dead).toBe(true);

  if (heir === 'another, then its own replaying') {
    const other = world.connect('bb');
    other.crash.arm(0, 'before', pass);
    const { entries } = world.entries(other, 'filter');
    expect([scenario.oldShape, scenario.newShape]).toContain(visible(entries));
  }
  const successor = world.connect('aa');
  successor.crash.arm(0, 'before', pass);
  let old: CounterPair[] | undefined;
  let isNew: boolean;
  if (heir === 'its own, without replay' || answered) {
    const { status, entries } = world.entries(successor, 'filter');
    expect(status).toBe(0);
    const seen = visible(entries);
    isNew = scenario.kind === 'add' ? wasAdded(staged, successor) : seen === scenario.newShape;
    expect(seen).toBe(isNew ? scenario.newShape : scenario.oldShape);
    if (answered) {
      expect(isNew).toBe(true);
      // The last thing a request does is to forget its journal; the answer is out by then.
    }
  } else {
    expect(successor.ask(scenario.message(world, true))).toBe(0);
    if (scenario.kind === 'replace') old = world.oldCounters(start.length);
    isNew = true;
    const { entries } = world.entries(successor, 'filter');
    expect(visible(entries)).toBe(scenario.newShape);
  }
  checkCounters(staged, scenario, successor, old, isNew);
  checkRest(staged, isNew, scenario);
}

/** Whether ADDED has reached the counters: all of it or nothing. */
function wasAdded(staged: ReturnType<typeof stage>, connection: Connection): boolean {
  const { world, start, before, traffic } = staged;
  connection.crash.arm(0, 'before');
  const reported = world.counters(connection, 'filter');
  const without = plus(start, before.length > 0 ? traffic.by(before) : []);
  return reported[0]?.packets !== without[0]?.packets;
}

describe.each(Object.entries(scenarios))('%s', (_name, scenario) => {
  describe.each([
    ['a driver that remembers', true],
    ['a driver just started', false],
  ])('%s', (_driver, warm) => {
    const steps = stepsOf(scenario, warm);
    it(`takes some steps: ${steps.join(', ')}`, () => expect(steps.length).toBeGreaterThan(4));
    it.each(heirs)('dies at every step; next comes %s', (heir) => {
      for (let at = 1; at <= steps.length; at++) {
        for (const death of deaths) {
          if (death === 'half' && !canTear(steps[at - 1])) continue;
          try {
            runOne(scenario, warm, at, death, heir);
          } catch (error) {
            throw new Error(`died ${death} step ${at}, ${steps[at - 1]}`, { cause: error });
          }
        }
      }
    });
  });
});
