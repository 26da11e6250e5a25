import { isFirst } from '../nft/fragment.ts';
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
