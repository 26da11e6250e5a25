import { describe, expect, it } from 'vitest';
import { isTracked } from '../conntrack/bpf-tests.ts';
import { bpfOf } from '../extension.ts';
import { describeMatch } from '../testing/describe-match.ts';
import { anyHeader } from '../testing/header.ts';
import { type ConnbytesInfo, connbytes } from './connbytes.ts';

const counted = { match: { op: '>=', left: { ct: { key: 'packets' } }, right: 1 } } as const;

describeMatch(connbytes, {
  sizes: { 0: 24 },
  examples: [
    {
      hex: '0000000000000000e803',
      list: ' connbytes 0:1000 connbytes mode packets connbytes direction original',
      save: ' --connbytes 0:1000 --connbytes-mode packets --connbytes-dir original',
      nft: {
        alternatives: [
          [counted, { match: { op: '<=', left: { ct: { key: 'packets', dir: 'original' } }, right: 1000 } }],
        ],
        secondBest: true,
      },
    },
    {
      hex: 'e8030000000000000a000000000000000101',
      list: ' ! connbytes 10:1000 connbytes mode bytes connbytes direction reply',
      save: ' ! --connbytes 10:1000 --connbytes-mode bytes --connbytes-dir reply',
      nft: {
        alternatives: [
          [counted, { match: { op: '<', left: { ct: { key: 'bytes', dir: 'reply' } }, right: 10 } }],
          [{ match: { op: '>', left: { ct: { key: 'bytes', dir: 'reply' } }, right: 1000 } }],
        ],
        secondBest: true,
      },
    },
    {
      hex: 'e80300000000000000000000000000000102',
      list: ' ! connbytes 0:1000 connbytes mode bytes connbytes direction both',
      save: ' ! --connbytes 0:1000 --connbytes-mode bytes --connbytes-dir both',
      nft: { alternatives: [[{ match: { op: '>', left: { ct: { key: 'bytes' } }, right: 1000 } }]] },
    },
    {
      hex: '0a00000000000000ffffffffffffffff0202',
      list: ' connbytes 10 connbytes mode avgpkt connbytes direction both',
      save: ' --connbytes 10 --connbytes-mode avgpkt --connbytes-dir both',
      nft: { alternatives: [[{ match: { op: '>=', left: { ct: { key: 'avgpkt' } }, right: 10 } }]] },
    },
    {
      hex: 'ffffffffffffffff0a000000000000000202',
      list: ' ! connbytes 10 connbytes mode avgpkt connbytes direction both',
      save: ' ! --connbytes 10 --connbytes-mode avgpkt --connbytes-dir both',
      nft: {
        alternatives: [[counted, { match: { op: '<', left: { ct: { key: 'avgpkt' } }, right: 10 } }]],
        secondBest: true,
      },
    },
    {
      hex: '0000000000000000ffffffffffffffff0002',
      list: ' connbytes 0 connbytes mode packets connbytes direction both',
      save: ' --connbytes 0 --connbytes-mode packets --connbytes-dir both',
      nft: { alternatives: [[counted]], secondBest: true },
    },
    {
      hex: '050000000000000005000000000000000002',
      list: ' connbytes 5:5 connbytes mode packets connbytes direction both',
      save: ' --connbytes 5:5 --connbytes-mode packets --connbytes-dir both',
      nft: { alternatives: [[{ match: { op: '==', left: { ct: { key: 'packets' } }, right: { range: [5, 5] } } }]] },
    },
    {
      hex: '0100000000002000feffffffffffffff0102',
      list: ' connbytes 9007199254740993:18446744073709551614 connbytes mode bytes connbytes direction both',
      save: ' --connbytes 9007199254740993:18446744073709551614 --connbytes-mode bytes --connbytes-dir both',
      nft: "9007199254740993 is more than JSON's num",
    },
    // raw: over the most there is
    {
      hex: 'ffffffffffffffff00000000000000000100',
      list: ' ! connbytes 0 connbytes mode bytes connbytes direction original',
      save: ' ! --connbytes 0 --connbytes-mode bytes --connbytes-dir original',
      nft: { alternatives: [] },
    },
    {
      hex: '0a000000000000001400000000000000',
      list: ' connbytes 10:20 connbytes mode packets connbytes direction original',
      save: ' --connbytes 10:20 --connbytes-mode packets --connbytes-dir original',
      nft: {
        alternatives: [
          [{ match: { op: '==', left: { ct: { key: 'packets', dir: 'original' } }, right: { range: [10, 20] } } }],
        ],
      },
    },
    {
      hex: '0a0000000000000014000000000000000201',
      list: ' connbytes 10:20 connbytes mode avgpkt connbytes direction reply',
      save: ' --connbytes 10:20 --connbytes-mode avgpkt --connbytes-dir reply',
      nft: {
        alternatives: [
          [{ match: { op: '==', left: { ct: { key: 'avgpkt', dir: 'reply' } }, right: { range: [10, 20] } } }],
        ],
      },
    },
  ],
  checks: [
    { hex: '0000000000000000000000000000000003', errno: 22 },
    { hex: '000000000000000000000000000000000003', errno: 22 },
    { hex: '000000000000000000000000000000000202', errno: 0 },
  ],
});

describe('connbytes in BPF', () => {
  it.each<[string, ConnbytesInfo, object]>([
    ['packets there', { from: 1n, to: 9n, what: 0, direction: 0 }, { first: 1, second: 0, bytes: 9n, credit: 0x100 }],
    ['bytes back', { from: 1n, to: 9n, what: 1, direction: 1 }, { first: 1, second: 0, bytes: 9n, credit: 0x201 }],
    ['of both', { from: 9n, to: 1n, what: 2, direction: 2 }, { first: 9, second: 0, bytes: 1n, credit: 0x302 }],
    [
      'many',
      { from: 2n ** 63n + 5n, to: 2n ** 64n - 1n, what: 1, direction: 2 },
      { first: 5, second: 0x80000000, bytes: 2n ** 64n - 1n, credit: 0x301 },
    ],
  ])('%s', (_, info, look) => {
    const groups = [[isTracked], [{ kind: 'connectionCount', ...look }]];
    expect(bpfOf(connbytes, info, { header: anyHeader })).toEqual({ groups });
  });
});
