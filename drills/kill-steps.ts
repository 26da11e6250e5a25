import type { Drill } from './drill.ts';
import { fairness } from './driver-attacks.ts';
import { isAlive } from './processes.ts';
import { stepCalls, Tracer, whyNoTracer } from './tracer.ts';

/** Of each call of a driver, one of the next so many. */
const nextCalls = 6;
/** A driver may make that call never again. */
const patienceMs = 600;

export const killSteps: Drill = {
  name: 'kill-steps',
  what: 'kill -9 the driver as it is about to make a certain call (strace)',
  whyNot: whyNoTracer,
  async attack(attack) {
    const { arena, random, stopped, pause, struck } = attack;
    const isFair = fairness(attack);
    for (let round = 0; !stopped(); round += 1) {
      const [driver] = arena.drivers;
      const call = stepCalls[round % stepCalls.length];
      if (driver === undefined || call === undefined || !isFair()) {
        await pause(5);
        continue;
      }
      const tracer = await Tracer.killAt(driver, { call, nth: 1 + random.below(nextCalls) }).catch(() => undefined);
      const end = performance.now() + patienceMs;
      while (!stopped() && isAlive(driver) && performance.now() < end) await pause(2);
      if (tracer !== undefined && !isAlive(driver)) struck();
      await tracer?.end();
    }
  },
};
