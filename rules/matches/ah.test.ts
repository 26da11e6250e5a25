import { isFirst } from '../nft/fragment.ts';
import { describeBpf } from '../testing/describe-bpf.ts';
import { describeMatch } from '../testing/describe-match.ts';
import { headerOf } from '../testing/header.ts';
import { ah } from './ah.ts';

const spi = { payload: { protocol: 'ah', field: 'spi' } };

describeMatch(ah, {
  header: headerOf(51),
  transport: { bytes: 12 },
  layouts: { 0: { size: 12, bytes: '05000000 ffff0000 01 000000', info: { spis: [5, 0xffff], invflags: 1 } } },
  examples: [
    { name: 'any', info: { spis: [0, 0xffffffff], invflags: 0 }, list: ' ah ', save: '', nft: [[isFirst]] },
    {
      name: 'one',
      info: { spis: [5, 5], invflags: 0 },
      list: ' ah spi:5',
      save: ' --ahspi 5',
      nft: [[{ match: { op: '==', left: spi, right: 5 } }, isFirst]],
    },
    {
      name: 'not one',
      info: { spis: [5, 5], invflags: 1 },
      list: ' ah spi:!5',
      save: ' ! --ahspi 5',
      nft: [[{ match: { op: '!=', left: { '&': [spi, 0xffffffff] }, right: 5 } }, isFirst]],
    },
    {
      name: 'a range to the end',
      info: { spis: [5, 0xffffffff], invflags: 0 },
      list: ' ah spis:5:4294967295',
      save: ' --ahspi 5:4294967295',
      nft: [[{ match: { op: '==', left: spi, right: { range: [5, 0xffffffff] } } }, isFirst]],
    },
    {
      name: 'outside of a range',
      info: { spis: [0, 0xfffffffe], invflags: 1 },
      list: ' ah spis:!0:4294967294',
      save: ' ! --ahspi 0:4294967294',
      nft: [[{ match: { op: '!=', left: spi, right: { range: [0, 0xfffffffe] } } }, isFirst]],
    },
    {
      name: 'not any, which never matches',
      info: { spis: [0, 0xffffffff], invflags: 1 },
      list: ' ah spis:!0:4294967295',
      save: '',
      nft: [],
    },
    {
      name: 'upside down',
      info: { spis: [9, 3], invflags: 0 },
      list: ' ah spis:9:3',
      save: ' --ahspi 9:3',
      nft: [],
    },
  ],
  checks: [{ name: 'unknown flags', info: { spis: [0, 0], invflags: 2 } }],
});

const spis = (...all: readonly number[]) => all.map((ahSpi) => ({ ahSpi }));

describeBpf(ah, {
  header: headerOf(51),
  transport: { need: 3 },
  examples: [
    { name: 'any', info: { spis: [0, 0xffffffff], invflags: 0 }, takes: [{}] },
    { name: 'none', info: { spis: [0, 0xffffffff], invflags: 1 }, leaves: spis(0, 0xffffffff) },
    { name: 'one', info: { spis: [5, 5], invflags: 0 }, takes: spis(5), leaves: spis(4, 6, 0x50000) },
    { name: 'not one', info: { spis: [5, 5], invflags: 1 }, takes: spis(4, 6), leaves: spis(5) },
    {
      name: 'a range over the upper half',
      info: { spis: [0x1fff0, 0x80000000], invflags: 0 },
      takes: spis(0x1fff0, 0x80000000),
      leaves: spis(0x1ffef, 0x80000001, 0),
    },
    { name: 'upside down', info: { spis: [9, 3], invflags: 0 }, leaves: spis(3, 6, 9) },
  ],
});
