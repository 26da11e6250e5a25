import { describe, expect, test } from 'vitest';
import { BpfilterError } from '../../protocol/error.ts';
import { fieldSlots } from './field-slots.ts';
import { frame } from './machine-frame.ts';
import { FIELD_SLOTS, type Field, fields } from './record.ts';

const usual = Object.keys(fields) as (keyof typeof fields)[];
const rare: readonly Field[] = ['macStart', 'macRest', 'processor', 'inGroup', 'ahSpi', 'dccpType', 'tcpNotices'];

describe('slots of fields', () => {
  test.each([
    ['none', [], {}],
    ['usual ones have their own', ['mark', 'protocol'], { mark: 10, protocol: 4 }],
    [
      'rare ones what is left',
      ['processor', 'source', 'sourcePort', 'inGroup'],
      { source: 0, sourcePort: 2, processor: 1, inGroup: 3 },
    ],
    ['what is asked for twice has one', ['processor', 'processor'], { processor: 0 }],
    [
      'what the loop writes has odd ones',
      ['processor', 'registerA', 'registerX'],
      { registerA: 1, registerX: 3, processor: 0 },
    ],
    ['also where others come first', [...usual, 'processor', 'registerX'], { registerX: 17, processor: 16 }],
  ] as const)('%s', (_, wanted, expected) => {
    const slots = fieldSlots(wanted);
    expect(Object.fromEntries(slots)).toMatchObject(expected);
    expect(slots.size).toBe(new Set(wanted).size);
    expect(new Set(slots.values()).size).toBe(slots.size);
  });

  test('as many as there are, and no more', () => {
    const all = [...usual, ...rare.slice(0, FIELD_SLOTS - usual.length)];
    expect(Math.max(...fieldSlots(all).values())).toBe(FIELD_SLOTS - 1);
    expect(() => fieldSlots([...all, ...rare])).toThrow(BpfilterError);
    expect(() => fieldSlots([...all, ...rare])).toThrow(`more than ${FIELD_SLOTS} fields`);
  });
});

test('with may_goto, which takes 8 bytes more, the frame has no more than its 512', () => {
  expect(-Math.min(...Object.values(frame))).toBeLessThanOrEqual(504);
});
