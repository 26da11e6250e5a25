import { isStopped } from '../kern-shim/deadline.ts';
import type { Attack, Drill } from './drill.ts';
import { killHard, signalTo } from './processes.ts';

/** A request may outlive so many drivers within one command; the shim refuses it when eight were killed on it. */
const mostStrikesInCommand = 3;
/** Milliseconds before a strike, at most: the start of a driver, a command or a part of it. */
const shortPause = 200;
/** Long enough for a standby to be ready. */
const longPause = 1_500;

/** Whether another strike is fair: commands must get on. */
export function fairness({ arena }: Attack): () => boolean {
  let completed = -1;
  let strikes = 0;
  return () => {
    if (arena.completed !== completed) {
      completed = arena.completed;
      strikes = 0;
    }
    strikes += 1;
    return strikes <= mostStrikesInCommand;
  };
}

/** Strikes at random moments until the time is over. */
async function again(attack: Attack, strike: () => boolean | Promise<boolean>): Promise<void> {
  const isFair = fairness(attack);
  while (!attack.stopped()) {
    await attack.pause(attack.random.below(attack.random.below(3) > 0 ? shortPause : longPause));
    if (attack.stopped()) return;
    if (!isFair()) await attack.pause(5);
    else if (await strike()) attack.struck();
  }
}

export const kill: Drill = {
  name: 'kill',
  what: 'kill -9 the driver at random moments',
  attack: (attack) =>
    again(attack, () => {
      const [driver] = attack.arena.drivers;
      return driver !== undefined && killHard(driver);
    }),
};

export const killAll: Drill = {
  name: 'kill-all',
  what: 'kill -9 the driver and the one that stands by, as pkill would',
  attack: (attack) => again(attack, () => attack.arena.drivers.map((driver) => killHard(driver)).includes(true)),
};

export const stop: Drill = {
  name: 'stop',
  what: 'SIGSTOP the driver: the shim waits a second, then another one goes on',
  attack: (attack) =>
    again(attack, () => {
      const [driver] = attack.arena.drivers;
      return driver !== undefined && !isStopped(driver) && signalTo(driver, 'SIGSTOP');
    }),
};

/** Milliseconds; shorter than a stopped driver is waited for. */
const longestPulse = 300;

export const slow: Drill = {
  name: 'slow',
  what: 'SIGSTOP and SIGCONT in turn: a driver that is slow lives on',
  attack: (attack) =>
    again(attack, async () => {
      const [driver] = attack.arena.drivers;
      if (driver === undefined || !signalTo(driver, 'SIGSTOP')) return false;
      await attack.pause(attack.random.below(longestPulse));
      signalTo(driver, 'SIGCONT');
      return true;
    }),
};

/** 50 callers wait for one another: each command takes long. */
export const callers50: Drill = {
  name: 'callers-50',
  what: '50 commands at once, and kill -9 the driver',
  callers: 50,
  attack: kill.attack,
};
