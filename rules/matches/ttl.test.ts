import type { NftOperator } from '../nft/json.ts';
import { describeBpf } from '../testing/describe-bpf.ts';
import { describeMatch } from '../testing/describe-match.ts';
import { ttl } from './ttl.ts';

const is = (op: NftOperator, right: number) => [
  [{ match: { op, left: { payload: { protocol: 'ip', field: 'ttl' } }, right } }],
];

describeMatch(ttl, {
  layouts: { 0: { size: 2, bytes: '03 40', info: { mode: 3, ttl: 64 } } },
  examples: [
    {
      name: 'equal',
      info: { mode: 0, ttl: 64 },
      list: ' TTL match TTL == 64',
      save: ' --ttl-eq 64',
      nft: is('==', 64),
    },
    { name: 'not', info: { mode: 1, ttl: 0 }, list: ' TTL match TTL != 0', save: ' ! --ttl-eq 0', nft: is('!=', 0) },
    { name: 'less', info: { mode: 2, ttl: 64 }, list: ' TTL match TTL < 64', save: ' --ttl-lt 64', nft: is('<', 64) },
    {
      name: 'less than 1',
      info: { mode: 2, ttl: 1 },
      list: ' TTL match TTL < 1',
      save: ' --ttl-lt 1',
      nft: is('<', 1),
    },
    { name: 'less than 0', info: { mode: 2, ttl: 0 }, list: ' TTL match TTL < 0', save: ' --ttl-lt 0', nft: [] },
    {
      name: 'more',
      info: { mode: 3, ttl: 254 },
      list: ' TTL match TTL > 254',
      save: ' --ttl-gt 254',
      nft: is('>', 254),
    },
    {
      name: 'more than 255',
      info: { mode: 3, ttl: 255 },
      list: ' TTL match TTL > 255',
      save: ' --ttl-gt 255',
      nft: [],
    },
    { name: 'an unknown mode', info: { mode: 4, ttl: 5 }, list: ' TTL match  5', save: ' 5', nft: [] },
  ],
});

const lives = (...ttls: readonly number[]) => ttls.map((ttl) => ({ ttl }));

describeBpf(ttl, {
  examples: [
    { name: 'equal', info: { mode: 0, ttl: 64 }, takes: lives(64), leaves: lives(63, 65, 0) },
    { name: 'not', info: { mode: 1, ttl: 0 }, takes: lives(1, 255), leaves: lives(0) },
    { name: 'less', info: { mode: 2, ttl: 64 }, takes: lives(0, 63), leaves: lives(64, 255) },
    { name: 'less than 0', info: { mode: 2, ttl: 0 }, leaves: lives(0, 1, 255) },
    { name: 'more', info: { mode: 3, ttl: 254 }, takes: lives(255), leaves: lives(254, 0) },
    { name: 'more than 255', info: { mode: 3, ttl: 255 }, leaves: lives(0, 254, 255) },
    { name: 'an unknown mode', info: { mode: 4, ttl: 5 }, leaves: lives(4, 5, 6) },
  ],
});
