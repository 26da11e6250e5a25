import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { entry, filter, head, ip, plain, standard, verdicts } from '../../rules/blob/testing/raw-blob.ts';
import { decodeTable } from '../store/table-file.ts';
import { type Connection, type CounterPair, World } from './world.ts';

/** Changes of a table, and what must be true of the table whenever and however the driver died on the way. */

const rule = (source: number) => entry({ ip: ip({ source }), target: standard(verdicts.accept) });
const OLD = filter({ input: [rule(1), rule(2)] });
const NEW = filter({ input: [rule(3), rule(1)], user: [head('user'), rule(4), plain(verdicts.return)] });
const EMPTY_ENTRIES = 4;
const OLD_ENTRIES = 6;
const NEW_ENTRIES = 9;
const TABLE = 'fake_filter';
const ZERO: CounterPair = { packets: 0n, bytes: 0n };

/** What passed each counter, by its name: the truth that reported counters must add up to. */
export class Traffic {
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
export function visible(entries: Uint8Array): string {
  const bytes = Buffer.from(entries);
  for (let at = 0; at < bytes.length; at += bytes.readUInt16LE(at + 90)) bytes.fill(0, at + 92, at + 112);
  return bytes.toString('hex');
}
const shape = (replace: Uint8Array) => visible(replace.subarray(96));
const EMPTY_SHAPE = shape(filter({}));

const pairs = (count: number, factor: number): CounterPair[] =>
  Array.from({ length: count }, (_, i) => ({
    packets: BigInt((i + 1) * factor),
    bytes: BigInt((i + 1) * factor * 10),
  }));

/** What the table's counters were given before the change: it must not get lost either. */
const GIVEN = pairs(OLD_ENTRIES, 1000);
const GIVEN_EMPTY = pairs(EMPTY_ENTRIES, 500);
const ADDED = pairs(OLD_ENTRIES, 7);

function put(world: World, connection: Connection, replace: Uint8Array, present: number): void {
  expect(connection.ask(world.replaceMessage(replace, present))).toBe(0);
}

export interface Scenario {
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

export const scenarios: Readonly<Record<string, Scenario>> = {
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

const worlds: World[] = [];

/** Takes the worlds of a test away. */
export function closeWorlds(): void {
  for (const world of worlds.splice(0)) world.close();
}

/** What `stage` sets up. */
export type Staged = ReturnType<typeof stage>;

/** A world in which the driver is about to serve the scenario's request. */
export function stage(scenario: Scenario, warm: boolean) {
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
export function checkCounters(
  staged: Staged,
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
    const added =
      scenario.kind === 'add' && isNew ? (start.length === OLD_ENTRIES ? ADDED : pairs(EMPTY_ENTRIES, 7)) : [];
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
export function checkRest(staged: Staged, isNew: boolean, scenario: Scenario): void {
  const files = readdirSync(staged.world.folder);
  expect(files.filter((name) => /\.next$|^journal|corrupt|resetting/.test(name))).toEqual([]);
  const markers = staged.world.nft.chainsOf(TABLE)?.filter((name) => name.startsWith('gen_'));
  const inKernel =
    scenario.kind === 'reset' && isNew ? undefined : storedIds(staged.world).length === 0 ? undefined : 1;
  expect(markers?.length).toBe(inKernel);
  expect(staged.world.lines.filter((line) => line.includes('unexpected') && !line.includes('Died'))).toEqual([]);
}

export function stepsOf(scenario: Scenario, warm: boolean): readonly string[] {
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

/** Whether ADDED has reached the counters: all of it or nothing. */
export function wasAdded(staged: Staged, connection: Connection): boolean {
  const { world, start, before, traffic } = staged;
  connection.crash.arm(0, 'before');
  const reported = world.counters(connection, 'filter');
  const without = plus(start, before.length > 0 ? traffic.by(before) : []);
  return reported[0]?.packets !== without[0]?.packets;
}
