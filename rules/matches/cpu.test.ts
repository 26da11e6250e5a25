import { describeBpf } from '../testing/describe-bpf.ts';
import { describeMatch } from '../testing/describe-match.ts';
import { cpu } from './cpu.ts';

describeMatch(cpu, {
  sizes: { 0: 8 },
  examples: [
    {
      hex: '',
      list: ' cpu 0',
      save: ' --cpu 0',
      nft: { alternatives: [[{ match: { op: '==', left: { meta: { key: 'cpu' } }, right: 0 } }]] },
    },
    {
      hex: 'ffffffff01',
      list: ' cpu ! 4294967295',
      save: ' ! --cpu 4294967295',
      nft: { alternatives: [[{ match: { op: '!=', left: { meta: { key: 'cpu' } }, right: 4294967295 } }]] },
    },
  ],
  checks: [
    { hex: '0000000002', errno: 22 },
    { hex: '0000000001', errno: 0 },
  ],
});

const on = (processor: number) => ({ processor });

describeBpf(cpu, {
  examples: [
    { name: 'one', info: { cpu: 1, invert: 0 }, takes: [on(1)], leaves: [on(0), on(2), on(257)] },
    { name: 'another', info: { cpu: 1, invert: 1 }, takes: [on(0), on(2)], leaves: [on(1)] },
  ],
});
