import { describeMatch } from '../testing/describe-match.ts';
import { owner } from './owner.ts';

describeMatch(owner, {
  sizes: { 1: 20 },
  examples: [
    {
      hex: '0000000000000000000000000000000001',
      list: ' owner UID match root',
      numeric: ' owner UID match 0',
      save: ' --uid-owner 0',
      nft: { alternatives: [[{ match: { op: '==', left: { meta: { key: 'skuid' } }, right: 0 } }]] },
    },
    {
      hex: '3930000039300000000000000000000001',
      list: ' owner UID match 12345',
      save: ' --uid-owner 12345',
      nft: { alternatives: [[{ match: { op: '==', left: { meta: { key: 'skuid' } }, right: 12345 } }]] },
    },
    {
      hex: '000000000a00000000000000000000000101',
      list: ' ! owner UID match 0-10',
      save: ' ! --uid-owner 0-10',
      nft: 'nft has no word for packets without a so',
    },
    {
      hex: '0100000002000000000000000000000007',
      list: ' owner socket exists owner UID match 1-2 owner GID match wheel',
      numeric: ' owner socket exists owner UID match 1-2 owner GID match 0',
      save: ' --socket-exists --uid-owner 1-2 --gid-owner 0',
      nft: {
        alternatives: [
          [
            { match: { op: '==', left: { meta: { key: 'skuid' } }, right: { range: [1, 2] } } },
            { match: { op: '==', left: { meta: { key: 'skgid' } }, right: 0 } },
          ],
        ],
      },
    },
    {
      hex: '0000000000000000000000000a0000000a',
      list: ' owner GID match 0-10 incl. suppl. groups',
      save: ' --gid-owner 0-10 --suppl-groups',
      nft: 'nft knows no supplementary groups',
    },
    {
      hex: '000000000000000000000000000000000404',
      list: ' ! owner socket exists',
      save: ' ! --socket-exists',
      nft: 'nft has no word for packets without a so',
    },
    {
      hex: '030000000300000000000000000000000504',
      list: ' ! owner socket exists owner UID match 3',
      save: ' ! --socket-exists --uid-owner 3',
      nft: { alternatives: [] },
    },
    {
      hex: '030000000300000004000000040000000302',
      list: ' owner UID match 3 ! owner GID match 4',
      save: ' --uid-owner 3 ! --gid-owner 4',
      nft: {
        alternatives: [
          [
            { match: { op: '==', left: { meta: { key: 'skuid' } }, right: 3 } },
            { match: { op: '!=', left: { meta: { key: 'skgid' } }, right: 4 } },
          ],
        ],
      },
    },
    {
      hex: '030000000300000004000000040000000303',
      list: ' ! owner UID match 3 ! owner GID match 4',
      save: ' ! --uid-owner 3 ! --gid-owner 4',
      nft: 'nft has no word for packets without a so',
    },
    {
      hex: '00000000feffffff000000000000000001',
      list: ' owner UID match 0-4294967294',
      save: ' --uid-owner 0-4294967294',
      nft: {
        alternatives: [[{ match: { op: '==', left: { meta: { key: 'skuid' } }, right: { range: [0, 4294967294] } } }]],
      },
    },
    // both inverted the other way round
    {
      hex: '030000000300000004000000040000000301',
      list: ' ! owner UID match 3 owner GID match 4',
      save: ' ! --uid-owner 3 --gid-owner 4',
      nft: {
        alternatives: [
          [
            { match: { op: '!=', left: { meta: { key: 'skuid' } }, right: 3 } },
            { match: { op: '==', left: { meta: { key: 'skgid' } }, right: 4 } },
          ],
        ],
      },
    },
    {
      hex: '0000000000000000000000000000000004',
      list: ' owner socket exists',
      save: ' --socket-exists',
      nft: 'without a socket',
    },
    {
      hex: '000000000000000000000000000000000501',
      list: ' owner socket exists ! owner UID match root',
      numeric: ' owner socket exists ! owner UID match 0',
      save: ' --socket-exists ! --uid-owner 0',
      nft: 'without a socket',
    },
    {
      hex: '000000000000000000000000000000000505',
      list: ' ! owner socket exists ! owner UID match root',
      numeric: ' ! owner socket exists ! owner UID match 0',
      save: ' ! --socket-exists ! --uid-owner 0',
      nft: 'without a socket',
    },
    // raw: no option, and inversions of none
    { hex: '', list: '', save: '', nft: { alternatives: [[]] } },
    { hex: '000000000000000000000000000000000003', list: '', save: '', nft: 'any socket that has an owner' },
    { hex: '000000000000000000000000000000000008', list: '', save: '', nft: 'without a socket' },
  ],
  checks: [
    { hex: '0000000000000000000000000000000010', hook: 'OUTPUT', errno: 22 },
    { hex: '0000000000000000000000000000000000ff', hook: 'OUTPUT', errno: 0 },
    { hex: '0500000004000000000000000000000001', hook: 'OUTPUT', errno: 22 },
    { hex: '05000000ffffffff000000000000000001', hook: 'OUTPUT', errno: 22 },
    { hex: '0000000000000000ffffffffffffffff02', hook: 'OUTPUT', errno: 22 },
    { hex: '0000000000000000050000000300000002', hook: 'OUTPUT', errno: 22 },
    { hex: '000000000000000005000000030000000d', hook: 'OUTPUT', errno: 0 },
    { hex: '0500000005000000000000000000000003', hook: 'OUTPUT', errno: 0 },
  ],
});
