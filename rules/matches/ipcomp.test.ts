import { isFirst } from '../nft/fragment.ts';
import { describeBpf } from '../testing/describe-bpf.ts';
import { describeMatch } from '../testing/describe-match.ts';
import { headerOf } from '../testing/header.ts';
import { ipcomp } from './ipcomp.ts';

const cpi = { payload: { protocol: 'comp', field: 'cpi' } };
const any = { spis: [0, 0xffffffff], invflags: 0, hdrres: 0 } as const;

describeMatch(ipcomp, {
  header: headerOf(108),
  transport: { bytes: 4 },
  layouts: {
    0: { size: 12, bytes: '05000000 ffff0000 01 02 0000', info: { spis: [5, 0xffff], invflags: 1, hdrres: 2 } },
  },
  examples: [
    { name: 'any', info: any, list: ' comp ', save: '', nft: [[isFirst]] },
    {
      name: 'one, as iptables does without an option',
      info: { ...any, spis: [0, 0] },
      list: ' comp spi:0',
      save: ' --ipcompspi 0',
      nft: [[{ match: { op: '==', left: cpi, right: 0 } }, isFirst]],
    },
    {
      name: 'not one',
      info: { ...any, spis: [18, 18], invflags: 1 },
      list: ' comp spi:!18',
      save: ' ! --ipcompspi 18',
      nft: [[{ match: { op: '!=', left: { '&': [cpi, 0xffff] }, right: 18 } }, isFirst]],
    },
    {
      name: 'a range past what the packet has room for',
      info: { ...any, spis: [6, 0x10000], hdrres: 1 },
      list: ' comp spis:6:65536 reserved',
      save: ' --ipcompspi 6:65536 --compres',
      nft: [[{ match: { op: '==', left: cpi, right: { range: [6, 0xffff] } } }, isFirst]],
    },
    {
      name: 'beyond what the packet has room for',
      info: { ...any, spis: [0x10000, 0x20000] },
      list: ' comp spis:65536:131072',
      save: ' --ipcompspi 65536:131072',
      nft: [],
    },
    {
      name: 'not beyond that',
      info: { ...any, spis: [0x10000, 0x20000], invflags: 1 },
      list: ' comp spis:!65536:131072',
      save: ' ! --ipcompspi 65536:131072',
      nft: [[isFirst]],
    },
    {
      name: 'not any the packet has room for',
      info: { ...any, spis: [0, 0xffff], invflags: 1 },
      list: ' comp spis:!0:65535',
      save: ' ! --ipcompspi 0:65535',
      nft: [],
    },
  ],
  checks: [{ name: 'unknown flags', info: { ...any, invflags: 2 } }],
});

const cpis = (...all: readonly number[]) => all.map((destinationPort) => ({ destinationPort }));

describeBpf(ipcomp, {
  header: headerOf(108),
  transport: { need: 1 },
  examples: [
    { name: 'any', info: any, takes: [{}] },
    { name: 'one', info: { ...any, spis: [0, 0] }, takes: cpis(0), leaves: cpis(1, 0xffff) },
    { name: 'not one', info: { ...any, spis: [18, 18], invflags: 1 }, takes: cpis(17, 19), leaves: cpis(18) },
    {
      name: 'a range past what the packet has room for',
      info: { ...any, spis: [6, 0x10000], hdrres: 1 },
      takes: cpis(6, 0xffff),
      leaves: cpis(0, 5),
    },
    { name: 'beyond it', info: { ...any, spis: [0x10000, 0x20000] }, leaves: cpis(0, 0xffff) },
    { name: 'beyond it, inverted', info: { ...any, spis: [0x10000, 0x20000], invflags: 1 }, takes: cpis(0, 0xffff) },
  ],
});
