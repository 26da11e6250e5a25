import { describe, expect, it } from 'vitest';
import { chunkLook } from '../bpf/chunk-look.ts';
import { bpfOf } from '../extension.ts';
import { isFirst } from '../nft/fragment.ts';
import { describeBpf } from '../testing/describe-bpf.ts';
import { describeMatch } from '../testing/describe-match.ts';
import { headerOf } from '../testing/header.ts';
import { type SctpInfo, sctp } from './sctp.ts';

type FlagInfo = SctpInfo['flag_info'];

const none = { chunktype: 255, flag: 0, flag_mask: 0 };
const noFlags: FlagInfo = [none, none, none, none];
/** A map of so many words; the kernel's has 64, of which eight are used. */
const words = (start: readonly number[], fill = 0): SctpInfo['chunkmap'] =>
  Array.from({ length: 64 }, (_, at) => start[at] ?? fill) as unknown as SctpInfo['chunkmap'];
const types = (...chunks: readonly number[]) =>
  words(
    Array.from({ length: 8 }, (_, at) =>
      chunks.reduce((map, type) => (type >> 5 === at ? (map | (1 << (type & 31))) >>> 0 : map), 0),
    ),
  );

const blank: SctpInfo = {
  dpts: [0, 0],
  spts: [0, 0],
  chunkmap: words([]),
  chunk_match_type: 0,
  flag_info: noFlags,
  flag_count: 0,
  flags: 0,
  invflags: 0,
};
const port = (field: string) => ({ payload: { protocol: 'sctp', field } });
const nft = 'broken chunks';

describeMatch(sctp, {
  header: headerOf(132),
  transport: { bytes: 12 },
  layouts: {
    0: {
      size: 292,
      bytes: `5000 5100 0100 ffff 03000000${'00'.repeat(248)}01000000 02000000 000203 ffffff ff0000 010101 01000000 07000000 04000000`,
      info: {
        dpts: [80, 81],
        spts: [1, 0xffff],
        chunkmap: words([3, ...Array.from({ length: 62 }, () => 0), 1]),
        chunk_match_type: 2,
        flag_info: [
          { chunktype: 0, flag: 2, flag_mask: 3 },
          { chunktype: 255, flag: 255, flag_mask: 255 },
          none,
          { chunktype: 1, flag: 1, flag_mask: 1 },
        ],
        flag_count: 1,
        flags: 7,
        invflags: 4,
      },
    },
  },
  examples: [
    { name: 'nothing', info: blank, list: ' sctp', save: '', nft: [[isFirst]] },
    {
      name: 'ports',
      info: { ...blank, spts: [80, 80], dpts: [1, 9], flags: 3, invflags: 1 },
      list: ' sctp spt:!80 dpts:1:9',
      save: ' ! --sport 80 --dport 1:9',
      nft: [
        [
          { match: { op: '!=', left: { '&': [port('sport'), 0xffff] }, right: 80 } },
          { match: { op: '==', left: port('dport'), right: { range: [1, 9] } } },
          isFirst,
        ],
      ],
    },
    {
      name: 'not any port',
      info: { ...blank, dpts: [0, 0xffff], flags: 2, invflags: 2 },
      list: ' sctp dpts:!0:65535',
      save: ' ! --dport 0:65535',
      nft: [],
    },
    {
      name: 'chunks with flags',
      info: {
        ...blank,
        flags: 4,
        chunk_match_type: 1,
        chunkmap: types(0, 1, 6, 64),
        flag_info: [{ chunktype: 0, flag: 2, flag_mask: 3 }, { chunktype: 6, flag: 0, flag_mask: 1 }, none, none],
        flag_count: 2,
      },
      list: ' sctp any DATA:Be,INIT,ABORT:t,I_DATA',
      numeric: ' sctp any 0x0000:Be,0x0001,0x0006:t,0x0040',
      save: ' --chunk-types any DATA:Be,INIT,ABORT:t,I_DATA',
      nft,
    },
    {
      name: 'not all chunks',
      info: { ...blank, flags: 4, invflags: 4, chunk_match_type: 2, chunkmap: words([], 0xffffffff) },
      list: ' sctp ! all ALL',
      save: ' ! --chunk-types all ALL',
      nft,
    },
    {
      name: 'no chunk',
      info: { ...blank, flags: 4, chunk_match_type: 4 },
      list: ' sctp only NONE',
      save: ' --chunk-types only NONE',
      nft,
    },
    {
      name: 'a chunk without a name',
      info: { ...blank, flags: 4, chunk_match_type: 4, chunkmap: types(31, 255) },
      list: ' sctp only ,',
      numeric: ' sctp only 0x001F,0x00FF',
      save: ' --chunk-types only ,',
      nft,
    },
  ],
  checks: [
    { name: 'more flags than fit', info: { ...blank, flag_count: 5 } },
    { name: 'fewer than no flags', info: { ...blank, flag_count: -1 } },
    { name: 'unknown flags', info: { ...blank, flags: 8 } },
    { name: 'unknown inversions', info: { ...blank, flags: 7, chunk_match_type: 1, invflags: 8 } },
    { name: "an inversion of what isn't asked", info: { ...blank, flags: 1, invflags: 2 } },
    { name: 'chunks in no way known', info: { ...blank, flags: 4, chunk_match_type: 8 } },
  ],
});

const packet = (sourcePort: number, destinationPort: number) => ({ sourcePort, destinationPort });

describeBpf(sctp, {
  header: headerOf(132),
  transport: { need: 3 },
  examples: [
    { name: 'nothing: ports that are not asked for', info: { ...blank, spts: [5, 5] }, takes: [{}] },
    {
      name: 'both ports',
      info: { ...blank, flags: 3, spts: [5, 9], dpts: [0, 79] },
      takes: [packet(5, 0), packet(9, 79)],
      leaves: [packet(4, 0), packet(10, 0), packet(5, 80)],
    },
    {
      name: 'not a source',
      info: { ...blank, flags: 1, invflags: 1, spts: [5, 5] },
      takes: [packet(4, 0), packet(6, 9)],
      leaves: [packet(5, 0)],
    },
  ],
  refused: [
    {
      name: 'all of too many chunks',
      info: { ...blank, flags: 4, chunk_match_type: 2, chunkmap: blank.chunkmap.map(() => 0x1ff) },
      reason: 'all of 72 types of chunks, at most 64',
    },
    {
      name: 'chunks that are not there',
      info: { ...blank, flags: 4, invflags: 4, chunk_match_type: 1 },
      reason: '! --chunk-types',
    },
    { name: 'two ways at once', info: { ...blank, flags: 4, chunk_match_type: 3 }, reason: 'at once, 3' },
  ],
});

describe('chunks in BPF', () => {
  const inBpf = (info: Partial<SctpInfo>) => bpfOf(sctp, { ...blank, flags: 4, ...info }, { header: headerOf(132) });
  const chunkmap = types(0, 6, 64);

  it('each type with its flags, by their first entry', () => {
    const flag_info: FlagInfo = [
      { chunktype: 6, flag: 1, flag_mask: 3 },
      { chunktype: 6, flag: 9, flag_mask: 9 },
      { chunktype: 0, flag: 8, flag_mask: 8 },
      { chunktype: 64, flag: 7, flag_mask: 7 },
    ];
    const { groups } = inBpf({ chunkmap, chunk_match_type: 2, flag_info, flag_count: 3 });
    const look = chunkLook('all', [
      { type: 0, mask: 8, flags: 8 },
      { type: 6, mask: 3, flags: 1 },
      { type: 64, mask: 0, flags: 0 },
    ]);
    expect(groups).toEqual([[look]]);
    expect([look.first, look.bytes, Array.from(look.data?.subarray(24, 28) ?? [])]).toEqual([2, 7n, [1, 3, 1, 1]]);
  });

  it('behind the ports', () => {
    const { groups } = inBpf({ flags: 5, spts: [5, 9], chunk_match_type: 4 });
    expect(groups.map(([test]) => test?.kind)).toEqual(['within', 'chunks']);
  });
});
