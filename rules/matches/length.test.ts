import { describeBpf } from '../testing/describe-bpf.ts';
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

const sized = (...lengths: readonly number[]) => lengths.map((length) => ({ length }));

describeBpf(length, {
  examples: [
    { name: 'one', info: { min: 40, max: 40, invert: 0 }, takes: sized(40), leaves: sized(39, 41) },
    { name: 'not one', info: { min: 40, max: 40, invert: 1 }, takes: sized(39, 41), leaves: sized(40) },
    {
      name: 'a range from 0: a header with 0 means a greater length',
      info: { min: 0, max: 100, invert: 0 },
      takes: sized(1, 100),
      leaves: sized(0, 101, 0xffff),
    },
    { name: 'greater than any', info: { min: 0, max: 0xffff, invert: 1 }, takes: sized(0), leaves: sized(1, 0xffff) },
    {
      name: 'from one to the end',
      info: { min: 1500, max: 0xffff, invert: 0 },
      takes: sized(1500, 0xffff),
      leaves: sized(1499, 0),
    },
    { name: 'upside down', info: { min: 9, max: 3, invert: 0 }, leaves: sized(0, 3, 6, 9) },
    { name: 'upside down, inverted', info: { min: 9, max: 3, invert: 1 }, takes: sized(0, 3, 6, 9) },
    { name: 'an inversion byte above 1', info: { min: 9, max: 9, invert: 2 }, takes: sized(8, 9) },
  ],
});
