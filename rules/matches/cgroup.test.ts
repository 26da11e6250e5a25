import type { NftAlternatives } from '../extension.ts';
import { checksOf, describeMatch } from '../testing/describe-match.ts';
import { cgroup } from './cgroup.ts';

/** Of a full socket with that class, or with another. */
function ofClass(op: '==' | '!=', classid: number): NftAlternatives {
  return [
    [
      { match: { op, left: { meta: { key: 'cgroup' } }, right: classid } },
      { match: { op: '<=', left: { socket: { key: 'wildcard' } }, right: 1 } },
    ],
  ];
}

describeMatch(cgroup, {
  sizes: { 0: 8, 1: 4112, 2: 528 },
  examples: [
    {
      hex: '00010000010010',
      revision: 2,
      list: ' cgroup 1048577',
      save: ' --cgroup 1048577',
      nft: ofClass('==', 1048577),
    },
    {
      hex: '00010001',
      revision: 2,
      list: ' cgroup ! 0',
      save: ' ! --cgroup 0',
      nft: ofClass('!=', 0),
    },
    {
      hex: '0001000007',
      revision: 2,
      table: 'mangle',
      from: ['INPUT', 'OUTPUT'],
      list: ' cgroup 7',
      save: ' --cgroup 7',
      nft: ofClass('==', 7),
    },
    {
      hex: '0001000007',
      revision: 2,
      table: 'mangle',
      from: ['OUTPUT', 'POSTROUTING'],
      list: ' cgroup 7',
      save: ' --cgroup 7',
      nft: "nft can't leave out half-open connection",
    },
    {
      hex: '0001000007',
      revision: 2,
      from: [],
      list: ' cgroup 7',
      save: ' --cgroup 7',
      nft: [ofClass('==', 7)[0]?.slice(0, 1) ?? []],
    },
    { hex: '01', revision: 2, list: ' cgroup ', save: ' --path ""', nft: "nft's JSON has no cgroup paths" },
    { hex: '010000002f', revision: 2, list: ' cgroup /', save: ' --path "/"', nft: "nft's JSON has no cgroup paths" },
    {
      hex: '0700000001',
      revision: 0,
      list: ' cgroup ! 7',
      save: ' ! --cgroup 7',
      nft: ofClass('!=', 7),
    },
    {
      hex: `00010000${'00'.repeat(4096)}07`,
      revision: 1,
      list: ' cgroup 7',
      save: ' --cgroup 7',
      nft: ofClass('==', 7),
    },
    { hex: '010001002f612062', revision: 1, list: ' cgroup ! /a b', save: ' ! --path "/a b"', nft: 'no cgroup paths' },
  ],
  checks: checksOf({
    0: { '0000000002': 22, '0000000001': 0 },
    1: { '': 22, '0001': 0, '00ff': 0, '00010200': 22, '010100002f': 22 },
    2: { '00010002': 22, '00010001': 0, '010000002f': 0, '010000002f62757400746865': 0 },
  }),
});
