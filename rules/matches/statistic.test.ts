import { expect, it } from 'vitest';
import { bpfOf } from '../extension.ts';
import { describeMatch } from '../testing/describe-match.ts';
import { anyHeader } from '../testing/header.ts';
import { statistic } from './statistic.ts';

describeMatch(statistic, {
  sizes: { 0: 24 },
  examples: [
    {
      hex: '00000000000000400000000000000040',
      list: ' statistic mode random probability 0.50000000000',
      save: ' --mode random --probability 0.50000000000',
      nft: {
        alternatives: [
          [{ match: { op: '<', left: { numgen: { mode: 'random', mod: 2147483648, offset: 0 } }, right: 1073741824 } }],
        ],
      },
    },
    {
      hex: '000001000000080000000000000008',
      list: ' statistic mode random ! probability 0.00024414062',
      save: ' --mode random ! --probability 0.00024414062',
      nft: {
        alternatives: [
          [{ match: { op: '>=', left: { numgen: { mode: 'random', mod: 2147483648, offset: 0 } }, right: 524288 } }],
        ],
      },
    },
    {
      hex: '000000000000180000000000000018',
      list: ' statistic mode random probability 0.00073242188',
      save: ' --mode random --probability 0.00073242188',
      nft: {
        alternatives: [
          [{ match: { op: '<', left: { numgen: { mode: 'random', mod: 2147483648, offset: 0 } }, right: 1572864 } }],
        ],
      },
    },
    {
      hex: '00000000000000800000000000000080',
      list: ' statistic mode random probability 1.00000000000',
      save: ' --mode random --probability 1.00000000000',
      nft: { alternatives: [[]] },
    },
    {
      hex: '',
      list: ' statistic mode random probability 0.00000000000',
      save: ' --mode random --probability 0.00000000000',
      nft: { alternatives: [] },
    },
    {
      hex: '00000100abaaaa2a00000000abaaaa2a',
      list: ' statistic mode random ! probability 0.33333333349',
      save: ' --mode random ! --probability 0.33333333349',
      nft: {
        alternatives: [
          [{ match: { op: '>=', left: { numgen: { mode: 'random', mod: 2147483648, offset: 0 } }, right: 715827883 } }],
        ],
      },
    },
    {
      hex: '01000000040000000200000002',
      list: ' statistic mode nth every 5 packet 2',
      save: ' --mode nth --every 5 --packet 2',
      nft: {
        alternatives: [[{ match: { op: '==', left: { numgen: { mode: 'inc', mod: 5, offset: 0 } }, right: 2 } }]],
        stateful: true,
      },
    },
    {
      hex: '01000100040000000000000004',
      list: ' statistic mode nth ! every 5',
      save: ' --mode nth ! --every 5 --packet 0',
      nft: {
        alternatives: [[{ match: { op: '!=', left: { numgen: { mode: 'inc', mod: 5, offset: 0 } }, right: 0 } }]],
        stateful: true,
      },
    },
    {
      hex: '01',
      list: ' statistic mode nth every 1',
      save: ' --mode nth --every 1 --packet 0',
      nft: { alternatives: [[]] },
    },
    {
      hex: '01000000feffffff03000000fbffffff',
      list: ' statistic mode nth every 4294967295 packet 3',
      save: ' --mode nth --every 4294967295 --packet 3',
      nft: {
        alternatives: [
          [{ match: { op: '==', left: { numgen: { mode: 'inc', mod: 4294967295, offset: 0 } }, right: 3 } }],
        ],
        stateful: true,
      },
    },
    // raw: beyond its turn, longer than nft's, more than certain
    {
      hex: '01000000040000000200000005',
      list: ' statistic mode nth every 5 packet 2',
      save: ' --mode nth --every 5 --packet 2',
      nft: 'begins with 5',
    },
    {
      hex: '01000000ffffffff00000000ffffffff',
      list: ' statistic mode nth every 0',
      save: ' --mode nth --every 0 --packet 0',
      nft: 'at most',
    },
    {
      hex: '01000100',
      list: ' statistic mode nth ! every 1',
      save: ' --mode nth ! --every 1 --packet 0',
      nft: { alternatives: [] },
    },
    {
      hex: '00000100ffffffff',
      list: ' statistic mode random ! probability 1.99999999953',
      save: ' --mode random ! --probability 1.99999999953',
      nft: { alternatives: [] },
    },
    {
      hex: '00000100',
      list: ' statistic mode random ! probability 0.00000000000',
      save: ' --mode random ! --probability 0.00000000000',
      nft: { alternatives: [[]] },
    },
  ],
  checks: [
    { hex: '02', errno: 22 },
    { hex: '01000200', errno: 22 },
    { hex: '0100010004000000ffffffff09', errno: 0 },
  ],
});

it.each([
  { title: 'by chance', bytes: '0000 0000 00000040', look: { kind: 'random', first: 2 ** 30, negated: false } },
  { title: 'not by chance', bytes: '0000 0100 00000040', look: { kind: 'random', first: 2 ** 30, negated: true } },
  {
    title: 'in turn, from where it begins',
    bytes: '0100 0000 03000000 01000000 02000000',
    look: { kind: 'nth', first: 3, second: 2, negated: false },
  },
  {
    title: 'past the last of its turn',
    bytes: '0100 0100 03000000 00000000 05000000',
    look: { kind: 'nth', first: 3, second: 5, negated: true },
  },
])('in BPF: $title', ({ bytes, look }) => {
  const data = Buffer.from(bytes.replaceAll(' ', '').padEnd(48, '0'), 'hex');
  const info = statistic.revisions[0]?.decode(data);
  expect(info && bpfOf(statistic, info, { header: anyHeader }).groups).toEqual([[look]]);
});
