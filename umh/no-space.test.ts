import { afterEach, describe, expect, it } from 'vitest';
import { errno } from '../protocol/errno.ts';
import { BpfilterError } from '../protocol/error.ts';
import { checkCounters, checkRest, closeWorlds, scenarios, stage, stepsOf, visible } from './testing/scenario.ts';

/** The state folder is full at one of the writes. */

afterEach(closeWorlds);

const full = () => {
  throw new BpfilterError('state', 'write: no space left on device', { errno: errno.ENOSPC });
};

const { reset: _, ...changes } = scenarios;

describe.each(Object.entries(changes))('%s', (_name, scenario) => {
  const steps = stepsOf(scenario, true);

  it('needs no new space once the rules are in force', () => {
    const after = steps.slice(steps.indexOf('commit') + 1);
    if (steps.includes('commit')) expect(after.filter((step) => step.startsWith('replace'))).toEqual([]);
  });

  const writes = steps.flatMap((step, index) => (step.startsWith('replace') ? [[step, index + 1] as const] : []));
  it.each(writes)('a full folder at "%s": the old table stays, the caller is told', (_step, at) => {
    const staged = stage(scenario, true);
    const { world, connection, traffic } = staged;
    connection.crash.failAt(at, full);
    expect(connection.ask(scenario.message(world, false))).toBe(-errno.ENOSPC);
    connection.crash.arm(0, 'before', () => traffic.pass());
    expect(visible(world.entries(connection, 'filter').entries)).toBe(scenario.oldShape);
    checkCounters(staged, scenario, connection, undefined, false);
    checkRest(staged, false, scenario);
    expect(connection.ask(scenario.message(world, false))).toBe(0);
    expect(visible(world.entries(connection, 'filter').entries)).toBe(scenario.newShape);
  });
});
