import { afterEach, expect, test } from 'vitest';
import { relaySignals } from './signals.ts';

const signals = ['SIGINT', 'SIGUSR2'] as const;
const before = signals.map((signal) => process.listeners(signal));
const kill = process.kill;

afterEach(() => {
  process.kill = kill;
  for (const [at, signal] of signals.entries()) {
    for (const listener of process.listeners(signal))
      if (!before[at]?.includes(listener)) process.off(signal, listener);
  }
});

/** What CMD is sent of a signal that reaches us before its pid is known. */
function sentOf(signal: (typeof signals)[number], isBegun: boolean): readonly unknown[] {
  const sent: unknown[] = [];
  process.kill = (pid, sign) => {
    sent.push([pid, sign]);
    return true;
  };
  const known = process.listeners(signal);
  const tellPid = relaySignals([], () => isBegun);
  for (const listener of process.listeners(signal)) if (!known.includes(listener)) listener(signal);
  tellPid(77);
  return sent;
}

test.each([
  { signal: 'SIGINT', isBegun: false, want: [[77, 'SIGINT']] },
  // it is in the terminal's foreground group, too
  { signal: 'SIGINT', isBegun: true, want: [] },
  { signal: 'SIGUSR2', isBegun: false, want: [[77, 'SIGUSR2']] },
  { signal: 'SIGUSR2', isBegun: true, want: [[77, 'SIGUSR2']] },
] as const)('$signal before the pid of CMD is known, CMD begun $isBegun', ({ signal, isBegun, want }) => {
  expect(sentOf(signal, isBegun)).toEqual(want);
});
