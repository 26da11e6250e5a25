import { describeMatch } from '../testing/describe-match.ts';
import { connbytes } from './connbytes.ts';

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
