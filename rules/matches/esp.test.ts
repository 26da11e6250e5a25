import { isFirst } from '../nft/fragment.ts';
import { describeMatch } from '../testing/describe-match.ts';
import { headerOf } from '../testing/header.ts';
import { esp } from './esp.ts';

const spi = { payload: { protocol: 'esp', field: 'spi' } };

describeMatch(esp, {
  header: headerOf(50),
  transport: { bytes: 8 },
  layouts: { 0: { size: 12, bytes: '05000000 ffff0000 01 000000', info: { spis: [5, 0xffff], invflags: 1 } } },
  examples: [
    { name: 'any', info: { spis: [0, 0xffffffff], invflags: 0 }, list: ' esp', save: '', nft: [[isFirst]] },
    {
      name: 'one',
      info: { spis: [5, 5], invflags: 0 },
      list: ' esp spi:5',
      save: ' --espspi 5',
      nft: [[{ match: { op: '==', left: spi, right: 5 } }, isFirst]],
    },
    {
      name: 'not one',
      info: { spis: [5, 5], invflags: 1 },
      list: ' esp spi:!5',
      save: ' ! --espspi 5',
      nft: [[{ match: { op: '!=', left: { '&': [spi, 0xffffffff] }, right: 5 } }, isFirst]],
    },
    {
      name: 'a range to the end',
      info: { spis: [5, 0xffffffff], invflags: 0 },
      list: ' esp spis:5:4294967295',
      save: ' --espspi 5:4294967295',
      nft: [[{ match: { op: '==', left: spi, right: { range: [5, 0xffffffff] } } }, isFirst]],
    },
    {
      name: 'outside of a range',
      info: { spis: [0, 0xfffffffe], invflags: 1 },
      list: ' esp spis:!0:4294967294',
      save: ' ! --espspi 0:4294967294',
      nft: [[{ match: { op: '!=', left: spi, right: { range: [0, 0xfffffffe] } } }, isFirst]],
    },
    {
      name: 'not any, which never matches',
      info: { spis: [0, 0xffffffff], invflags: 1 },
      list: ' esp spis:!0:4294967295',
      save: '',
      nft: [],
    },
    {
      name: 'upside down',
      info: { spis: [9, 3], invflags: 0 },
      list: ' esp spis:9:3',
      save: ' --espspi 9:3',
      nft: [],
    },
  ],
  checks: [{ name: 'unknown flags', info: { spis: [0, 0], invflags: 2 } }],
});
