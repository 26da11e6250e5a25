import { afterEach, describe, expect, it } from 'vitest';
import { checkCounters, checkRest, closeWorlds, type Staged, scenarios, stage, stepsOf } from './testing/scenario.ts';
import type { Connection } from './testing/world.ts';

/** The successor dies, too, while it recovers or serves the replay; the third one must bring it to its end, once. */

afterEach(closeWorlds);

/** Asks, to die after step `at`; whether it died before it answered. */
function dieAfter({ world, traffic }: Staged, connection: Connection, message: Uint8Array, at: number): boolean {
  connection.crash.arm(at, 'after', () => traffic.pass());
  try {
    connection.ask(message);
    return false;
  } catch {
    return true;
  } finally {
    expect(world.lines.filter((line) => line.includes('unexpected') && !line.includes('Died'))).toEqual([]);
  }
}

describe.each(Object.entries(scenarios))('%s', (_name, scenario) => {
  // The journal goes when the answer is out: a driver that dies after that is asked nothing again.
  const steps = stepsOf(scenario, true).slice(0, -1);
  it.each(steps.map((step, index) => [step, index + 1] as const))(
    'dies after "%s", then again at every step',
    (_step, first) => {
      for (let second = 1; ; second++) {
        const staged = stage(scenario, true);
        const { world, connection, traffic, start } = staged;
        expect(dieAfter(staged, connection, scenario.message(world, false), first)).toBe(true);
        const successor = world.connect('aa');
        const died = dieAfter(staged, successor, scenario.message(world, true), second);
        if (!successor.crash.dead) {
          expect(second).toBeGreaterThan(1);
          return;
        }
        if (!died) return;
        const third = world.connect('aa');
        third.crash.arm(0, 'before', () => traffic.pass());
        expect(third.ask(scenario.message(world, true)), `second death after step ${second}`).toBe(0);
        const old = scenario.kind === 'replace' ? world.oldCounters(start.length) : undefined;
        checkCounters(staged, scenario, third, old, true);
        checkRest(staged, true, scenario);
        closeWorlds();
      }
    },
  );
});
