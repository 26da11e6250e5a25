import { describeMatch } from '../testing/describe-match.ts';
import { realm } from './realm.ts';

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
