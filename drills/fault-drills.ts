import { faultOf } from '../umh/faults.ts';
import type { Drill } from './drill.ts';

/** Callers' requests from one fault to the next; a command makes about four. */
const requestsBetween = 25;

/** A driver that misbehaves on purpose (umh/faults.ts); the time is all that is waited for. */
function faulty(kind: string, what: string, hidden?: true): Drill {
  return {
    name: kind,
    what,
    ...(hidden === undefined ? {} : { hidden }),
    prepare: (_folder, seed) => {
      const text = `${kind}:${seed}:${requestsBetween}`;
      faultOf(text); // throws for a kind that there isn't
      return { BPFILTER_FAULT: text };
    },
    // Each driver that misbehaves is ended for it.
    async attack({ arena, stopped, pause, struck }) {
      let before = (await arena.status())?.deaths ?? 0;
      while (!stopped()) {
        await pause(100);
        const deaths = (await arena.status())?.deaths ?? 0;
        for (; before < deaths; before += 1) struck();
      }
    },
  };
}

export const garbage = faulty('garbage', 'a driver that answers garbage now and then');
export const short = faulty('short', 'a driver that answers less than 4 bytes now and then');
export const closedPipe = faulty('closed-pipe', 'a driver that closes its pipe now and then');
/** Shows that a drill notices: it must fail. */
export const lose = faulty('lose', 'a driver that says it has done what it has not', true);
