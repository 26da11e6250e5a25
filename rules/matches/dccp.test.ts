import { expect, test } from 'vitest';
import { anyBit } from '../bpf/test.ts';
import { bpfOf } from '../extension.ts';
import { isFirst } from '../nft/fragment.ts';
import type { NftValue } from '../nft/json.ts';
import { describeBpf } from '../testing/describe-bpf.ts';
import { describeMatch } from '../testing/describe-match.ts';
import { headerOf } from '../testing/header.ts';
import { type DccpInfo, dccp } from './dccp.ts';

const blank: DccpInfo = { dpts: [0, 0], spts: [0, 0], flags: 0, invflags: 0, typemask: 0, option: 0 };
const port = (field: string) => ({ payload: { protocol: 'dccp', field } });
const type = (op: '==' | '!=', right: NftValue) => {
  return { match: { op, left: { '&': [{ payload: { base: 'th', offset: 64, len: 8 } }, 0x1e] }, right } } as const;
};
const names = 'REQUEST,RESPONSE,DATA,ACK,DATAACK,CLOSEREQ,CLOSE,RESET,SYNC,SYNCACK,INVALID';

describeMatch(dccp, {
  header: headerOf(33),
  transport: { bytes: 12 },
  layouts: {
    0: {
      size: 16,
      bytes: '5000 5100 0100 ffff 0f00 0300 0104 05 00',
      info: { dpts: [80, 81], spts: [1, 0xffff], flags: 15, invflags: 3, typemask: 0x0401, option: 5 },
    },
  },
  examples: [
    { name: 'nothing', info: blank, list: ' dccp', save: '', nft: [[isFirst]] },
    {
      name: 'ports',
      info: { ...blank, spts: [1, 9], dpts: [80, 80], flags: 3, invflags: 2 },
      list: ' dccp spts:1:9 dpt:!80',
      save: ' --sport 1:9 ! --dport 80',
      nft: [
        [
          { match: { op: '==', left: port('sport'), right: { range: [1, 9] } } },
          { match: { op: '!=', left: { '&': [port('dport'), 0xffff] }, right: 80 } },
          isFirst,
        ],
      ],
    },
    {
      name: 'any port, asked for',
      info: { ...blank, spts: [0, 0xffff], flags: 1 },
      list: ' dccp',
      save: ' --sport 0:65535',
      nft: [[isFirst]],
    },
    {
      name: 'not any port',
      info: { ...blank, dpts: [0, 0xffff], flags: 2, invflags: 2 },
      list: ' dccp dpts:!0:65535',
      save: ' ! --dport 0:65535',
      nft: [],
    },
    {
      name: 'a type',
      info: { ...blank, flags: 4, typemask: 1 << 4 },
      list: ' dccp DATAACK',
      numeric: ' dccp 4',
      save: ' --dccp-types DATAACK',
      nft: [[type('==', 8), isFirst]],
    },
    {
      name: 'not these types',
      info: { ...blank, flags: 4, invflags: 4, typemask: 0xfc01 },
      list: ' dccp ! REQUEST,INVALID',
      numeric: ' dccp ! 0,10,11,12,13,14,15',
      save: ' ! --dccp-types REQUEST,INVALID',
      nft: [[type('!=', { set: [0, 20, 22, 24, 26, 28, 30] }), isFirst]],
    },
    {
      name: 'every type',
      info: { ...blank, flags: 4, typemask: 0xffff },
      list: ` dccp ${names}`,
      numeric: ' dccp 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15',
      save: ` --dccp-types ${names}`,
      nft: [[isFirst]],
    },
    { name: 'no type', info: { ...blank, flags: 4 }, list: ' dccp ', save: ' --dccp-types ', nft: [] },
    {
      name: 'an option',
      info: { ...blank, flags: 8, option: 5 },
      list: ' dccp option=5',
      save: ' --dccp-option 5',
      nft: '--dccp-option',
    },
    {
      name: 'not option 0',
      info: { ...blank, flags: 8, invflags: 8 },
      list: ' dccp option=!0',
      save: ' ! --dccp-option 0',
      nft: '--dccp-option',
    },
  ],
  checks: [
    { name: 'unknown flags', info: { ...blank, flags: 0x10 } },
    { name: 'unknown inversions', info: { ...blank, flags: 0x0f, invflags: 0x10 } },
    { name: "an inversion of what isn't asked", info: { ...blank, flags: 1, invflags: 2 } },
  ],
});

const ofType = (number: number) => ({ dccpType: 1 << number });

describeBpf(dccp, {
  header: headerOf(33),
  transport: { need: 3 },
  examples: [
    { name: 'nothing', info: { ...blank, dpts: [5, 5], typemask: 1 }, takes: [{}] },
    {
      name: 'ports',
      info: { ...blank, flags: 3, invflags: 2, spts: [1, 9], dpts: [80, 80] },
      takes: [{ sourcePort: 9, destinationPort: 81 }],
      leaves: [
        { sourcePort: 10, destinationPort: 81 },
        { sourcePort: 9, destinationPort: 80 },
      ],
    },
    {
      name: 'types',
      info: { ...blank, flags: 4, typemask: 0x8003 },
      takes: [ofType(0), ofType(1), ofType(15)],
      leaves: [ofType(2), ofType(14)],
    },
    {
      name: 'other types',
      info: { ...blank, flags: 4, invflags: 4, typemask: 2 },
      takes: [ofType(0)],
      leaves: [ofType(1)],
    },
    { name: 'no type', info: { ...blank, flags: 4 }, leaves: [ofType(0), ofType(15)] },
  ],
  refused: [{ name: 'no option', info: { ...blank, flags: 8, invflags: 8, option: 1 }, reason: '! --dccp-option' }],
});

test('options in BPF, behind the types', () => {
  const inBpf = (info: Partial<DccpInfo>) => bpfOf(dccp, { ...blank, ...info }, { header: headerOf(33) }).groups;
  const look = { kind: 'dccpOption', first: 5 };
  expect(inBpf({ flags: 8, option: 5 })).toEqual([[look]]);
  expect(inBpf({ flags: 12, typemask: 4, option: 5 })).toEqual([[anyBit('dccpType', 4, false)], [look]]);
});
