import { errno } from '../../protocol/errno.ts';
import type { NftAlternatives } from '../extension.ts';
import { describeBpf } from '../testing/describe-bpf.ts';
import { describeMatch } from '../testing/describe-match.ts';
import { dscp } from './dscp.ts';

const bits = (op: '==' | '!=', right: number): NftAlternatives => [
  [{ match: { op, left: { '&': [{ payload: { base: 'nh', offset: 8, len: 8 } }, 0xfc] }, right } }],
];

describeMatch(dscp, {
  layouts: { 0: { size: 2, bytes: '2e 01', info: { dscp: 0x2e, invert: 1 } } },
  examples: [
    {
      name: 'EF',
      info: { dscp: 0x2e, invert: 0 },
      list: ' DSCP match 0x2e',
      save: ' --dscp 0x2e',
      nft: bits('==', 0xb8),
    },
    {
      name: 'not 0',
      info: { dscp: 0, invert: 1 },
      list: ' DSCP match !0x00',
      save: ' ! --dscp 0x00',
      nft: bits('!=', 0),
    },
    {
      name: 'the greatest',
      info: { dscp: 63, invert: 2 },
      list: ' DSCP match !0x3f',
      save: ' ! --dscp 0x3f',
      nft: bits('!=', 0xfc),
    },
  ],
  checks: [
    { name: '64', info: { dscp: 64, invert: 0 }, errno: errno.EDOM },
    { name: '255', info: { dscp: 255, invert: 1 }, errno: errno.EDOM },
  ],
});

const services = (...all: readonly number[]) => all.map((tos) => ({ tos }));

describeBpf(dscp, {
  examples: [
    { name: 'EF', info: { dscp: 0x2e, invert: 0 }, takes: services(0xb8, 0xbb), leaves: services(0xb4, 0xbc, 0x2e) },
    { name: 'not 0', info: { dscp: 0, invert: 1 }, takes: services(4, 0xff), leaves: services(0, 3) },
    { name: 'the greatest', info: { dscp: 63, invert: 2 }, takes: services(0, 0xfb), leaves: services(0xfc, 0xff) },
  ],
});
