import { describeMatch } from '../testing/describe-match.ts';
import { length } from './length.ts';

const key = { payload: { protocol: 'ip', field: 'length' } };

describeMatch(length, {
  layouts: { 0: { size: 6, bytes: '2800 3412 01 00', info: { min: 40, max: 0x1234, invert: 1 } } },
  examples: [
    {
      name: 'one',
      info: { min: 40, max: 40, invert: 0 },
      list: ' length 40',
      save: ' --length 40',
      nft: [[{ match: { op: '==', left: key, right: 40 } }]],
    },
    {
      name: 'not one',
      info: { min: 40, max: 40, invert: 1 },
      list: ' length !40',
      save: ' ! --length 40',
      nft: [[{ match: { op: '!=', left: { '&': [key, 0xffff] }, right: 40 } }]],
    },
    {
      name: 'a range from 0: a header with 0 means a greater length',
      info: { min: 0, max: 100, invert: 0 },
      list: ' length 0:100',
      save: ' --length 0:100',
      nft: [[{ match: { op: '==', left: key, right: { range: [1, 100] } } }]],
    },
    {
      name: 'any but what is greater than any',
      info: { min: 0, max: 0xffff, invert: 0 },
      list: ' length 0:65535',
      save: ' --length 0:65535',
      nft: [[{ match: { op: '==', left: key, right: { range: [1, 0xffff] } } }]],
    },
    {
      name: 'greater than any',
      info: { min: 0, max: 0xffff, invert: 1 },
      list: ' length !0:65535',
      save: ' ! --length 0:65535',
      nft: [[{ match: { op: '!=', left: key, right: { range: [1, 0xffff] } } }]],
    },
    { name: 'none', info: { min: 0, max: 0, invert: 0 }, list: ' length 0', save: ' --length 0', nft: [] },
    { name: 'upside down', info: { min: 9, max: 8, invert: 0 }, list: ' length 9:8', save: ' --length 9:8', nft: [] },
    {
      name: 'not upside down',
      info: { min: 9, max: 8, invert: 1 },
      list: ' length !9:8',
      save: ' ! --length 9:8',
      nft: [[]],
    },
    {
      name: 'inverted by a number other than 1',
      info: { min: 1, max: 8, invert: 2 },
      list: ' length !1:8',
      save: ' ! --length 1:8',
      nft: [[]],
    },
  ],
});
