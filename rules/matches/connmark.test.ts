import { describeBpf } from '../testing/describe-bpf.ts';
import { describeMatch } from '../testing/describe-match.ts';
import { connmark } from './connmark.ts';

const state = { ct: { key: 'state' } };
const never = { alternatives: [[{ match: { op: '==', left: state, right: 0 } }]] } as const;
const tracked = {
  alternatives: [[{ match: { op: 'in', left: state, right: ['established', 'related', 'new'] } }]],
} as const;

describeMatch(connmark, {
  sizes: { 1: 12 },
  examples: [
    {
      hex: 'ff000000ffffffff',
      list: ' connmark match  0xff',
      save: ' --mark 0xff',
      nft: { alternatives: [[{ match: { op: '==', left: { ct: { key: 'mark' } }, right: 255 } }]] },
    },
    {
      hex: '10000000f000000001',
      list: ' connmark match ! 0x10/0xf0',
      save: ' ! --mark 0x10/0xf0',
      nft: { alternatives: [[{ match: { op: '!=', left: { '&': [{ ct: { key: 'mark' } }, 240] }, right: 16 } }]] },
    },
    {
      hex: 'ffffffff',
      list: ' connmark match  0xffffffff/0x0',
      save: ' --mark 0xffffffff/0x0',
      nft: { alternatives: [[{ match: { op: '==', left: { ct: { key: 'state' } }, right: 0 } }]] },
    },
    {
      hex: '00000000ffffffff',
      list: ' connmark match  0x0',
      save: ' --mark 0x0',
      nft: { alternatives: [[{ match: { op: '==', left: { ct: { key: 'mark' } }, right: 0 } }]] },
    },
    {
      hex: '00000000ffffffff',
      list: ' connmark match  0x0',
      save: ' --mark 0x0',
      table: 'raw',
      nft: 'in table raw nft reads no templates',
    },
    // always and never, but for packets without a connection
    { hex: '0100000000000000', list: ' connmark match  0x1/0x0', save: ' --mark 0x1/0x0', nft: never },
    { hex: '010000000000000001', list: ' connmark match ! 0x1/0x0', save: ' ! --mark 0x1/0x0', nft: tracked },
    { hex: '0000000000000000', list: ' connmark match  0x0/0x0', save: ' --mark 0x0/0x0', nft: tracked },
    { hex: '0000000000000000', list: ' connmark match  0x0/0x0', save: ' --mark 0x0/0x0', table: 'raw', nft: tracked },
    { hex: '000000000000000001', list: ' connmark match ! 0x0/0x0', save: ' ! --mark 0x0/0x0', nft: never },
    // raw: inverted by a number other than 1
    { hex: '00000000ffffffff02', list: ' connmark match ! 0x0', save: ' ! --mark 0x0', nft: tracked },
  ],
  checks: [{ hex: '000000000000000007', errno: 0 }],
});

const [invalid, followed, templated, untracked] = [
  { conntrackState: 1 },
  { conntrackState: 2 },
  { conntrackState: 8 },
  { conntrackState: 0x100 },
] as const;
const marked = (connmark: number) => ({ ...followed, connmark });

describeBpf(connmark, {
  examples: [
    {
      name: 'a mark',
      info: { mark: 0xff, mask: 0xffffffff, invert: 0 },
      takes: [marked(0xff), { ...templated, connmark: 0xff }],
      leaves: [marked(0), marked(0x1ff), { ...invalid, connmark: 0xff }, { ...untracked, connmark: 0xff }],
    },
    {
      name: 'not bits',
      info: { mark: 0x10, mask: 0xf0, invert: 1 },
      takes: [marked(0), marked(0x20)],
      leaves: [marked(0x10), marked(0x11f), { ...invalid, connmark: 0 }, { ...untracked, connmark: 0 }],
    },
    {
      name: 'no mark: not that of no connection',
      info: { mark: 0, mask: 0xffffffff, invert: 0 },
      takes: [marked(0)],
      leaves: [marked(1), { ...invalid, connmark: 0 }, { ...untracked, connmark: 0 }],
    },
    { name: 'bits outside of the mask', info: { mark: 1, mask: 0, invert: 0 }, leaves: [marked(0), marked(1)] },
    {
      name: 'the same, inverted',
      info: { mark: 1, mask: 0, invert: 1 },
      takes: [marked(0), marked(1)],
      leaves: [{ ...invalid, connmark: 0 }],
    },
    {
      name: 'an inversion byte above 1',
      info: { mark: 1, mask: 1, invert: 2 },
      takes: [marked(0), marked(1)],
      leaves: [{ ...untracked, connmark: 1 }],
    },
  ],
});
