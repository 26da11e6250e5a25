import { faultOf } from '../umh/faults.ts';
import type { Drill } from './drill.ts';

/** Callers' requests from one fault to the next; a command makes about four. */
const requestsBetween = 25;

/** A driver that misbehaves on purpose (umh/faults.ts); the time is all that is waited for. */
function faulty(kind: string, what: string, hidden?: true): Drill {
  return {
    name: kind,
    what,
    deathsAreStrikes: true,
    ...(hidden === undefined ? {} : { hidden }),
    prepare: (_folder, seed) => {
      const text = `${kind}:${seed}:${requestsBetween}`;
      faultOf(text); // throws for a kind that there isn't
      return { BPFILTER_FAULT: text };
    },
    async attack(attack) {
      while (!attack.stopped()) await attack.pause(100);
    },
  };
}

export const garbage = faulty('garbage', 'a driver that answers garbage now and then');
export const short = faulty('short', 'a driver that answers less than 4 bytes now and then');
export const closedPipe = faulty('closed-pipe', 'a driver that closes its pipe now and then');
/** Shows that a drill notices: it must fail. */
export const lose = faulty('lose', 'a driver that says it has done what it has not', true);
