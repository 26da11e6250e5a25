import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { errno } from '../protocol/errno.ts';
import { BpfilterError } from '../protocol/error.ts';
import { entry, filter, ip, standard, verdicts } from '../rules/blob/testing/raw-blob.ts';
import {
  checkCounters,
  checkRest,
  closeWorlds,
  type Scenario,
  scenarios,
  stage,
  stepsOf,
  visible,
} from './testing/scenario.ts';

/** The state folder is full at one of the writes. */

afterEach(closeWorlds);

const full = () => {
  throw new BpfilterError('state', 'write: no space left on device', { errno: errno.ENOSPC });
};

const scenarioOf = (name: string): Scenario => {
  const found = scenarios[name];
  if (found === undefined) throw new RangeError(`no scenario ${name}`);
  return found;
};
const ruleFrom = (source: number) => entry({ ip: ip({ source }), target: standard(verdicts.accept) });

const { reset: _, ...changes } = scenarios;

describe.each(Object.entries(changes))('%s', (_name, scenario) => {
  const steps = stepsOf(scenario, true);

  it('needs no new space once the rules are in force', () => {
    const after = steps.slice(steps.indexOf('commit') + 1);
    if (steps.includes('commit')) expect(after.filter((step) => /^(replace|extend)/.test(step))).toEqual([]);
  });

  const writes = steps.flatMap((step, index) => (/^(replace|extend)/.test(step) ? [[step, index + 1] as const] : []));
  it.runIf(writes.length > 0).each(writes)(
    'a full folder at "%s": the old table stays, the caller is told',
    (_step, at) => {
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
    },
  );
});

/** iptables replaces a table, then adds the old counters: fails the second, it says so of rules that are in force. */
describe('counters that are added after a replace', () => {
  it.each(['first install', 'replace', 'replace after a replace'])(
    'have room, as often as they are added, whatever fills the folder: %s',
    (name) => {
      const scenario = scenarioOf(name);
      const { world, connection } = stage(scenario, true);
      connection.crash.arm(0, 'before');
      expect(connection.ask(scenario.message(world, false))).toBe(0);
      connection.crash.needsRoom = full;
      const given = () => world.counters(connection, 'filter').map(() => ({ packets: 3n, bytes: 30n }));
      for (let round = 1; round <= 3; round += 1) {
        const before = world.counters(connection, 'filter');
        expect(connection.ask(world.addMessage('filter', given())), `round ${round}`).toBe(0);
        const wanted = before.map(({ packets, bytes }) => ({ packets: packets + 3n, bytes: bytes + 30n }));
        expect(world.counters(connection, 'filter')).toEqual(wanted);
        const next = world.connect('aa');
        next.crash.needsRoom = full;
        expect(world.counters(next, 'filter')).toEqual(wanted);
      }
      expect(connection.ask(scenario.message(world, false))).not.toBe(0);
    },
  );

  it('have room in a table that has grown much, and leave little where it has shrunk', () => {
    const { world, connection } = stage(scenarioOf('replace'), true);
    connection.crash.arm(0, 'before');
    const many = filter({ input: Array.from({ length: 800 }, (_, at) => ruleFrom(at)) });
    const entries = () => world.info(connection, 'filter').entries;
    const put = (replace: Uint8Array) => expect(connection.ask(world.replaceMessage(replace, entries()))).toBe(0);
    put(many);
    connection.crash.needsRoom = full;
    const given = Array.from({ length: entries() }, () => ({ packets: 1n, bytes: 10n }));
    expect(connection.ask(world.addMessage('filter', given))).toBe(0);
    connection.crash.needsRoom = () => {};
    for (let round = 0; round < 2; round += 1) put(filter({}));
    const size = (name: string) => statSync(join(world.folder, name)).size;
    expect(size('filter.counters') + size('filter.counters.spare')).toBeLessThan(1 << 14);
  });
});
