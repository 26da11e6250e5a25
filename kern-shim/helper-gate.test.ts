import { expect, test } from 'vitest';
import { errno } from '../protocol/errno.ts';
import { HelperGate } from './helper-gate.ts';
import { errnoOfCall } from './testing/errno-of-call.ts';

test('who closes it can wait for those who passed before', async () => {
  const gate = new HelperGate();
  gate.pass(0);
  // as another thread has it
  const other = new HelperGate(gate.shared);
  other.disable();
  expect(errnoOfCall(() => gate.pass(0))).toBe(errno.EBUSY);
  expect(await other.drained(20)).toBe(false);
  const drained = other.drained(5_000);
  gate.leave();
  expect(await drained).toBe(true);
});

test('nobody waits for a thread that is gone', async () => {
  const gate = new HelperGate();
  gate.pass(0);
  gate.abandon();
  expect(await gate.drained(0)).toBe(true);
});
