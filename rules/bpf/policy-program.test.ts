import { describe, expect, test } from 'vitest';
import type { BpfImage } from './image.ts';
import { policyAlone } from './policy-program.ts';
import { hookProgram } from './program.ts';
import { type Action, actions, HEADER_SIZE, headerOffsets, RECORD_SIZE, recordOffsets } from './record.ts';
import { smallestImage } from './smallest-image.ts';

const [INPUT, FORWARD] = [1, 2];

/** Two records: what INPUT begins with and what its policy is, as asked for; FORWARD has the second alone. */
function image(start: number, action: Action, change: (records: Buffer, policy: number) => void = () => {}): BpfImage {
  const records = Buffer.alloc(HEADER_SIZE + 2 * RECORD_SIZE);
  const policy = HEADER_SIZE + RECORD_SIZE;
  records.writeUInt32LE(HEADER_SIZE + start * RECORD_SIZE, headerOffsets.start + 4 * INPUT);
  records.writeUInt32LE(policy, headerOffsets.policy + 4 * INPUT);
  for (const offset of [headerOffsets.start, headerOffsets.policy]) records.writeUInt32LE(policy, offset + 4 * FORWARD);
  records.writeUInt8(actions[action], policy + recordOffsets.action);
  records.writeUInt32LE(48, policy + recordOffsets.counter);
  change(records, policy);
  return { ...smallestImage, hooks: [INPUT, FORWARD], records };
}

describe('a policy that no rule stands before', () => {
  test.each([
    ['accepts', image(1, 'accept'), { accepts: true, counter: 48 }],
    ['drops', image(1, 'drop'), { accepts: false, counter: 48 }],
    ['returns, which a policy never does', image(1, 'return'), undefined],
    ['stands behind a rule', image(0, 'accept'), undefined],
    [
      'asks for addresses',
      image(1, 'accept', (records, policy) => records.writeUInt8(1, policy + recordOffsets.addressMask + 7)),
      undefined,
    ],
    [
      'asks for traits',
      image(1, 'accept', (records, policy) => records.writeUInt8(1, policy + recordOffsets.traitMask)),
      undefined,
    ],
  ] as const)('%s', (_, table, expected) => {
    expect(policyAlone(table, INPUT)).toEqual(expected);
  });

  test('each hook for itself', () => {
    const table = image(0, 'drop');
    expect([INPUT, FORWARD].map((hook) => policyAlone(table, hook)?.accepts)).toEqual([undefined, false]);
  });
});

test('a program of its own for it, which asks nothing of the kernel', () => {
  const asked = (): never => {
    throw new Error('asked for');
  };
  const kernel = { offsets: asked, creditsPerTick: asked, ticksPerSecond: asked, namespace: asked };
  const instructionsAt = (hook: number) =>
    hookProgram(image(0, 'accept'), { hook, counters: 16, processors: 2, kernel }).length;
  expect(instructionsAt(FORWARD)).toBeLessThan(20);
  expect(instructionsAt(INPUT)).toBeGreaterThan(100);
});

test('the smallest table has the machine', () => {
  expect(policyAlone(smallestImage, INPUT)).toBe(undefined);
});
