import { isFirst } from '../nft/fragment.ts';
import { describeBpf } from '../testing/describe-bpf.ts';
import { describeMatch } from '../testing/describe-match.ts';
import { headerOf } from '../testing/header.ts';
import { udplite } from './udplite.ts';

const any = [0, 0xffff] as const;
const port = (field: string) => ({ payload: { protocol: 'udplite', field } });
const list = "UNKNOWN match `udplite' ";

describeMatch(udplite, {
  header: headerOf(136),
  transport: { bytes: 8 },
  layouts: {
    0: { size: 10, bytes: '0100 ffff 5000 5000 02 00', info: { spts: [1, 0xffff], dpts: [80, 80], invflags: 2 } },
  },
  examples: [
    { name: 'any', info: { spts: any, dpts: any, invflags: 0 }, list, save: '', nft: [[isFirst]] },
    {
      name: 'ports',
      info: { spts: [1, 9], dpts: [80, 80], invflags: 2 },
      list,
      save: ' --sport 1:9 ! --dport 80',
      nft: [
        [
          { match: { op: '==', left: port('sport'), right: { range: [1, 9] } } },
          { match: { op: '!=', left: { '&': [port('dport'), 0xffff] }, right: 80 } },
          isFirst,
        ],
      ],
    },
    { name: 'not any', info: { spts: any, dpts: any, invflags: 1 }, list, save: '', nft: [] },
  ],
  checks: [{ name: 'unknown flags', info: { spts: any, dpts: any, invflags: 4 } }],
});

const ports = (sourcePort: number, destinationPort: number) => ({ sourcePort, destinationPort });

describeBpf(udplite, {
  header: headerOf(136),
  transport: { need: 2 },
  examples: [
    { name: 'any', info: { spts: any, dpts: any, invflags: 0 }, takes: [{}] },
    {
      name: 'ports',
      info: { spts: [1, 9], dpts: [80, 80], invflags: 2 },
      takes: [ports(1, 79), ports(9, 81)],
      leaves: [ports(0, 79), ports(10, 79), ports(1, 80)],
    },
    { name: 'not any', info: { spts: any, dpts: any, invflags: 1 }, leaves: [ports(0, 0)] },
  ],
});
