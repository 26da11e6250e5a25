import { describe, expect, it } from 'vitest';
import { isTracked, isUntracked } from '../conntrack/bpf-tests.ts';
import { bpfOf } from '../extension.ts';
import { describeMatch } from '../testing/describe-match.ts';
import { anyHeader } from '../testing/header.ts';
import { connlabel } from './connlabel.ts';

describeMatch(connlabel, {
  sizes: { 0: 4 },
  examples: [
    {
      hex: '28',
      list: ' connlabel 40',
      save: ' --label "40"',
      nft: { alternatives: [[{ match: { op: 'in', left: { ct: { key: 'label' } }, right: 40 } }]] },
    },
    {
      hex: '000001',
      list: ' connlabel ! 0',
      save: ' ! --label "0"',
      nft: {
        alternatives: [
          [{ match: { op: 'in', left: { ct: { key: 'state' } }, right: ['invalid', 'untracked'] } }],
          [{ match: { op: '!=', left: { '&': [{ ct: { key: 'label' } }, 0] }, right: 0 } }],
        ],
      },
    },
    { hex: '000001', list: ' connlabel ! 0', save: ' ! --label "0"', table: 'raw', nft: 'in table raw nft reads no' },
    {
      hex: '7f0002',
      list: ' connlabel 127 set',
      save: ' --label "127" --set',
      nft: {
        alternatives: [
          [
            { mangle: { key: { ct: { key: 'label' } }, value: 127 } },
            { match: { op: 'in', left: { ct: { key: 'label' } }, right: 127 } },
          ],
        ],
        stateful: true,
      },
    },
    {
      hex: '290003',
      list: ' connlabel ! 41 set',
      save: ' ! --label "41" --set',
      nft: 'it sets the label of the packets that it',
    },
  ],
  checks: [
    { hex: '80', errno: 34 },
    { hex: '7f', errno: 0 },
    { hex: '7f0004', errno: 22 },
    { hex: '800004', errno: 22 },
  ],
});

describe('connlabel in BPF', () => {
  const inBpf = (bit: number, options: number) => bpfOf(connlabel, { bit, options }, { header: anyHeader });
  const look = { kind: 'connectionLabel', first: 5, second: 2 };

  it('a label, or not', () => {
    expect(inBpf(41, 0)).toEqual({ groups: [[isTracked], [look]] });
    expect(inBpf(41, 1)).toEqual({ groups: [[isUntracked, { ...look, negated: true }]] });
    expect(inBpf(127, 0)).toEqual({ groups: [[isTracked], [{ ...look, first: 15, second: 128 }]] });
  });

  it('sets none', () => {
    for (const options of [2, 3]) expect(() => inBpf(1, options)).toThrow('can not set labels');
  });
});
