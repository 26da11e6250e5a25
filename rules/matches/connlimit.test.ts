import type { NftMatch } from '../extension.ts';
import type { NftExpression } from '../nft/json.ts';
import { describeMatch } from '../testing/describe-match.ts';
import { connlimit } from './connlimit.ts';

const saddr = { payload: { protocol: 'ip', field: 'saddr' } };
const daddr = { payload: { protocol: 'ip', field: 'daddr' } };

function counting(elem: NftExpression, count: { readonly val: number; readonly inv?: boolean }): NftMatch {
  return {
    alternatives: [[{ set: { op: 'add', elem, set: '@%seen', stmt: [{ 'ct count': count }] } }]],
    objects: [{ tag: 'seen', body: { set: { type: 'ipv4_addr', size: 65_535 } } }],
    stateful: true,
    secondBest: true,
  };
}

describeMatch(connlimit, {
  sizes: { 1: 32 },
  examples: [
    {
      hex: 'ffffff000000000000000000000000000400000002',
      list: ' #conn dst/24 > 4',
      save: ' --connlimit-above 4 --connlimit-mask 24 --connlimit-daddr',
      nft: counting({ '&': [daddr, '255.255.255.0'] }, { val: 4, inv: true }),
    },
    {
      hex: 'ffffffffffffffffffffffffffffffff0000000001',
      list: ' #conn src/32 <= 0',
      save: ' --connlimit-upto 0 --connlimit-mask 32 --connlimit-saddr',
      nft: counting(saddr, { val: 0 }),
    },
    {
      hex: '000000000000000000000000000000000000000001',
      list: ' #conn src/0 <= 0',
      save: ' --connlimit-upto 0 --connlimit-mask 0 --connlimit-saddr',
      nft: counting({ '&': [saddr, '0.0.0.0'] }, { val: 0 }),
    },
    // raw: a mask that is no prefix
    {
      hex: 'ff00ff00',
      list: ' #conn src/8 > 0',
      save: ' --connlimit-above 0 --connlimit-mask 8 --connlimit-saddr',
      nft: counting({ '&': [saddr, '255.0.255.0'] }, { val: 0, inv: true }),
    },
  ],
  checks: [{ hex: '0000000000000000000000000000000000000000ffffffff', errno: 0 }],
});
