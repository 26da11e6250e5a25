import type { NftAlternatives } from '../extension.ts';
import { describeBpf } from '../testing/describe-bpf.ts';
import { describeMatch } from '../testing/describe-match.ts';
import { tos } from './tos.ts';

const bits = (mask: number, op: '==' | '!=', right: number): NftAlternatives => [
  [{ match: { op, left: { '&': [{ payload: { base: 'nh', offset: 8, len: 8 } }, mask] }, right } }],
];
const info = (tos_value: number, tos_mask: number, invert = 0) => ({ tos_value, tos_mask, invert });

describeMatch(tos, {
  layouts: { 1: { size: 3, bytes: '3f 10 01', info: { tos_mask: 0x3f, tos_value: 0x10, invert: 1 } } },
  examples: [
    {
      name: 'a name',
      info: info(0x10, 0x3f),
      list: ' tos match Minimize-Delay',
      numeric: ' tos match0x10/0x3f',
      save: ' --tos 0x10/0x3f',
      nft: bits(0x3f, '==', 0x10),
    },
    {
      name: 'not a name',
      info: info(0, 0x3f, 1),
      list: ' tos match! Normal-Service',
      numeric: ' tos match!0x00/0x3f',
      save: ' ! --tos 0x00/0x3f',
      nft: bits(0x3f, '!=', 0),
    },
    {
      name: 'the whole byte',
      info: info(0x10, 0xff),
      list: ' tos match0x10/0xff',
      save: ' --tos 0x10/0xff',
      nft: bits(0xff, '==', 0x10),
    },
    {
      name: 'inverted by any number',
      info: info(1, 0xff, 7),
      list: ' tos match!0x01/0xff',
      save: ' ! --tos 0x01/0xff',
      nft: bits(0xff, '!=', 1),
    },
    {
      name: 'bits outside of the mask',
      info: info(0x11, 0x0f),
      list: ' tos match0x11/0x0f',
      save: ' --tos 0x11/0x0f',
      nft: [],
    },
    {
      name: 'not bits outside of the mask',
      info: info(0x11, 0x0f, 1),
      list: ' tos match!0x11/0x0f',
      save: ' ! --tos 0x11/0x0f',
      nft: [[]],
    },
    { name: 'no bits', info: info(0, 0), list: ' tos match0x00/0x00', save: ' --tos 0x00/0x00', nft: [[]] },
    { name: 'not no bits', info: info(0, 0, 1), list: ' tos match!0x00/0x00', save: ' ! --tos 0x00/0x00', nft: [] },
  ],
});

const services = (...all: readonly number[]) => all.map((tos) => ({ tos }));

describeBpf(tos, {
  examples: [
    { name: 'bits', info: info(0x10, 0x3f), takes: services(0x10, 0xd0), leaves: services(0, 0x11, 0x30) },
    { name: 'not bits', info: info(0, 0x3f, 1), takes: services(1, 0xff), leaves: services(0, 0xc0) },
    { name: 'inverted by any number', info: info(1, 0xff, 7), takes: services(0, 2), leaves: services(1) },
    { name: 'a bit outside of the mask', info: info(0x40, 0x3f), leaves: services(0x40, 0) },
    { name: 'no bits', info: info(0, 0), takes: services(0, 0xff) },
    { name: 'no bits, inverted', info: info(0, 0, 1), leaves: services(0, 0xff) },
  ],
});
