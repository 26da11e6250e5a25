import { describeBpf } from '../testing/describe-bpf.ts';
import { describeMatch } from '../testing/describe-match.ts';
import { devgroup } from './devgroup.ts';

describeMatch(devgroup, {
  sizes: { 0: 20 },
  examples: [
    {
      hex: '0100000000000000ffffffff',
      list: ' src-group default',
      numeric: ' src-group 0x0',
      save: ' --src-group default',
      nft: { alternatives: [[{ match: { op: '==', left: { meta: { key: 'iifgroup' } }, right: 0 } }]] },
    },
    {
      hex: '0f00000017000000ffffffff03000000ff',
      list: ' ! src-group 0x17 ! dst-group 0x3/0xff',
      save: ' ! --src-group 0x17 ! --dst-group 0x3/0xff',
      nft: {
        alternatives: [
          [
            { match: { op: '!=', left: { meta: { key: 'iifgroup' } }, right: 23 } },
            { match: { op: '!=', left: { '&': [{ meta: { key: 'oifgroup' } }, 255] }, right: 3 } },
          ],
        ],
      },
    },
    { hex: '0100000003', list: ' src-group 0x3/0x0', save: ' --src-group 0x3/0x0', nft: { alternatives: [[]] } },
    {
      hex: '03000000030000000000000000',
      list: ' ! src-group 0x3/0x0',
      save: ' ! --src-group 0x3/0x0',
      nft: { alternatives: [] },
    },
    // bits outside of the mask don't count
    {
      hex: '01000000030100000f',
      list: ' src-group 0x103/0xf',
      save: ' --src-group 0x103/0xf',
      nft: { alternatives: [[{ match: { op: '==', left: { '&': [{ meta: { key: 'iifgroup' } }, 15] }, right: 3 } }]] },
    },
    { hex: '0a', list: '', save: '', nft: { alternatives: [[]] } },
  ],
  checks: [
    { hex: '10', errno: 22 },
    { hex: '0a', errno: 0 },
    { hex: '04', errno: 22 },
    { hex: '01', errno: 0 },
    { hex: '01', hook: 'PREROUTING', errno: 0 },
    { hex: '01', hook: 'OUTPUT', errno: 22 },
    { hex: '04', hook: 'OUTPUT', errno: 0 },
    { hex: '04', hook: 'POSTROUTING', errno: 0 },
    { hex: '05', hook: 'FORWARD', errno: 0 },
  ],
});

const group = (inGroup: number) => ({ inGroup });
const src = (src_group: number, src_mask: number, flags = 1) => ({
  flags,
  src_group,
  src_mask,
  dst_group: 0,
  dst_mask: 0,
});

describeBpf(devgroup, {
  examples: [
    { name: 'a group', info: src(3, 0xffffffff), takes: [group(3)], leaves: [group(2), group(0x80000003)] },
    { name: 'another group', info: src(3, 0xffffffff, 3), takes: [group(2)], leaves: [group(3)] },
    { name: 'under a mask', info: src(0x13, 0xf), takes: [group(3), group(0xff3)], leaves: [group(2)] },
    { name: 'under no bits', info: src(3, 0), takes: [group(0), group(3)] },
    { name: 'not under no bits', info: src(3, 0, 3), leaves: [group(0), group(3)] },
    { name: 'inversions of what is not asked', info: src(3, 0xffffffff, 10), takes: [group(0)] },
  ],
  refused: [
    { name: 'the group of the device to leave by', info: { ...src(0, 0, 4), dst_mask: 1 }, reason: 'OUTPUT' },
    { name: 'both', info: src(0, 0, 13), reason: 'OUTPUT' },
  ],
});
