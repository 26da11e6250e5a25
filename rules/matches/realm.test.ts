import { describe, expect, it } from 'vitest';
import { bpfOf } from '../extension.ts';
import { describeMatch } from '../testing/describe-match.ts';
import { anyHeader } from '../testing/header.ts';
import { type RealmInfo, realm } from './realm.ts';

const key = { meta: { key: 'rtclassid' } };

describeMatch(realm, {
  layouts: { 0: { size: 12, bytes: '2a000000 ff000000 01 000000', info: { id: 0x2a, mask: 0xff, invert: 1 } } },
  examples: [
    {
      name: 'one',
      info: { id: 0x2a, mask: 0xffffffff, invert: 0 },
      list: ' realm 0x2a',
      save: ' --realm 0x2a',
      nft: [[{ match: { op: '==', left: key, right: 0x2a } }]],
    },
    {
      name: 'none, which has a name',
      info: { id: 0, mask: 0xffffffff, invert: 1 },
      list: ' ! realm cosmos',
      numeric: ' ! realm 0x0',
      save: ' ! --realm cosmos',
      nft: [[{ match: { op: '!=', left: key, right: 0 } }]],
    },
    {
      name: 'masked',
      info: { id: 1, mask: 0xff, invert: 0 },
      list: ' realm 0x1/0xff',
      save: ' --realm 0x1/0xff',
      nft: [[{ match: { op: '==', left: { '&': [key, 0xff] }, right: 1 } }]],
    },
    {
      name: 'bits outside of the mask',
      info: { id: 3, mask: 2, invert: 0 },
      list: ' realm 0x3/0x2',
      save: ' --realm 0x3/0x2',
      nft: [],
    },
    {
      name: 'not bits outside of the mask',
      info: { id: 3, mask: 2, invert: 1 },
      list: ' ! realm 0x3/0x2',
      save: ' ! --realm 0x3/0x2',
      nft: [[]],
    },
    {
      name: 'no bits',
      info: { id: 0, mask: 0, invert: 0 },
      list: ' realm 0x0/0x0',
      save: ' --realm 0x0/0x0',
      nft: [[]],
    },
    {
      name: 'not no bits',
      info: { id: 0, mask: 0, invert: 1 },
      list: ' ! realm 0x0/0x0',
      save: ' ! --realm 0x0/0x0',
      nft: [],
    },
    {
      name: 'inverted by a number other than 1',
      info: { id: 1, mask: 1, invert: 2 },
      list: ' ! realm 0x1/0x1',
      save: ' ! --realm 0x1/0x1',
      nft: [[]],
    },
  ],
});

describe('realm in BPF', () => {
  const inBpf = (info: RealmInfo) => bpfOf(realm, info, { header: anyHeader });
  const field = { field: 'realm', kind: 'masked', first: 3, second: 0xff };

  it.each<[string, RealmInfo, object]>([
    ['a realm', { id: 3, mask: 0xff, invert: 0 }, { groups: [[{ ...field, negated: false }]] }],
    ['not', { id: 3, mask: 0xff, invert: 1 }, { groups: [[{ ...field, negated: true }]] }],
    ['one that the mask hides', { id: 3, mask: 2, invert: 0 }, { groups: [[]] }],
    ['not that one', { id: 3, mask: 2, invert: 1 }, { groups: [] }],
    ['any', { id: 0, mask: 0, invert: 0 }, { groups: [] }],
    ['not by more than 1', { id: 0, mask: 0, invert: 2 }, { groups: [] }],
  ])('%s', (_, info, match) => expect(inBpf(info)).toEqual(match));
});
