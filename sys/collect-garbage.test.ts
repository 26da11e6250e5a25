import { expect, test } from 'vitest';
import { collectGarbage } from './collect-garbage.ts';

test('what nothing refers to is collected, also a second time, and no flag stays', async () => {
  for (let round = 0; round < 2; round += 1) {
    const reference = new WeakRef(new Uint8Array(1 << 20));
    // A reference is kept until the turn ends in which it was made.
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    expect(reference.deref()).toBeUndefined();
  }
  expect(globalThis.gc).toBeUndefined();
});
