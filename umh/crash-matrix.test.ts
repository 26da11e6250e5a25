import { afterEach, describe, expect, it } from 'vitest';
import type { Death } from './testing/crash.ts';
import {
  checkCounters,
  checkRest,
  closeWorlds,
  type Scenario,
  scenarios,
  stage,
  stepsOf,
  visible,
  wasAdded,
} from './testing/scenario.ts';
import type { Connection, CounterPair, World } from './testing/world.ts';

/** A driver dies at every step of every change, in every way, and whoever comes next must find old or new, nothing between. */

/** Who goes on after the death. */
const heirs = [
  'its own, replaying',
  'its own, without replay',
  'another, then its own replaying',
  'a standby that was shown the tables before, replaying',
  'a standby that was shown the tables before and after, replaying',
] as const;
type Heir = (typeof heirs)[number];
const deaths: readonly Death[] = ['before', 'half', 'after'];

/** Whether a step can be half done. */
const canTear = (step = '') => /^(replace|overwrite|write)/.test(step);

afterEach(closeWorlds);

function runOne(scenario: Scenario, warm: boolean, at: number, death: Death, heir: Heir): void {
  const staged = stage(scenario, warm);
  const { world, connection, traffic, start } = staged;
  const pass = () => traffic.pass();
  const standby = heir.startsWith('a standby') ? shownTables(world) : undefined;
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
  if (heir === 'a standby that was shown the tables before and after, replaying') {
    expect(standby?.ask(world.warmUpMessage())).toBe(0);
  }
  const successor = standby ?? world.connect('aa');
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

/** A driver of the same shim, behind the one that is about to die. */
function shownTables(world: World): Connection {
  const standby = world.connect('aa');
  expect(standby.ask(world.warmUpMessage())).toBe(0);
  return standby;
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
