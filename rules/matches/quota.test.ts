import { expect, it } from 'vitest';
import { bpfOf } from '../extension.ts';
import { describeMatch } from '../testing/describe-match.ts';
import { anyHeader } from '../testing/header.ts';
import { quota } from './quota.ts';

describeMatch(quota, {
  sizes: { 0: 24 },
  examples: [
    { hex: '', list: ' quota: 0 bytes', save: ' --quota 0', nft: { alternatives: [] } },
    { hex: '01', list: ' quota: 0 bytes', save: ' ! --quota 0', nft: { alternatives: [[]] } },
    {
      hex: '0100000000000000dc05',
      list: ' quota: 1500 bytes',
      save: ' ! --quota 1500',
      nft: {
        alternatives: [[{ quota: '%bytes' }]],
        objects: [{ tag: 'bytes', body: { quota: { bytes: 1500, inv: true } } }],
        stateful: true,
      },
    },
    {
      hex: '0000000000000000ffffffffffffffff',
      list: ' quota: 18446744073709551615 bytes',
      save: ' --quota 18446744073709551615',
      nft: { alternatives: [[]], secondBest: true },
    },
    {
      hex: '01000000000000000000000000000080',
      list: ' quota: 9223372036854775808 bytes',
      save: ' ! --quota 9223372036854775808',
      nft: { alternatives: [], secondBest: true },
    },
    {
      hex: '0000000000000000ffffffffffffff7f',
      list: ' quota: 9223372036854775807 bytes',
      save: ' --quota 9223372036854775807',
      nft: "9223372036854775807 is more than JSON's",
    },
    {
      hex: '0000000000000000dc05',
      list: ' quota: 1500 bytes',
      save: ' --quota 1500',
      nft: {
        alternatives: [[{ quota: '%bytes' }]],
        objects: [{ tag: 'bytes', body: { quota: { bytes: 1500 } } }],
        stateful: true,
      },
    },
  ],
  checks: [
    { hex: '02', errno: 22 },
    { hex: '0100000001', errno: 0 },
  ],
});

it.each([
  { bytes: '0000000000000000ffffffffffffffff', look: { kind: 'quota', bytes: 2n ** 64n - 1n, negated: false } },
  { bytes: '0100000000000000dc05000000000000', look: { kind: 'quota', bytes: 1500n, negated: true } },
])('in BPF: $look', ({ bytes, look }) => {
  const info = quota.revisions[0]?.decode(Buffer.from(bytes.padEnd(48, '0'), 'hex'));
  expect(info && bpfOf(quota, info, { header: anyHeader })).toEqual({ groups: [[look]] });
});
