import { checksOf, describeMatch } from '../testing/describe-match.ts';
import { socket } from './socket.ts';

describeMatch(socket, {
  sizes: { 0: 0, 1: 1, 2: 1, 3: 1 },
  examples: [
    { hex: '', revision: 3, list: ' socket', save: '', nft: "nft's socket doesn't have fragments put " },
    {
      hex: '07',
      revision: 3,
      list: ' socket --transparent --nowildcard --restore-skmark',
      save: ' --transparent --nowildcard --restore-skmark',
      nft: "nft's socket doesn't have fragments put ",
    },
    {
      hex: '01',
      revision: 3,
      list: ' socket --transparent',
      save: ' --transparent',
      nft: "nft's socket doesn't have fragments put ",
    },
    { hex: '', revision: 0, list: ' socket', save: '', nft: 'put together' },
    { hex: '01', revision: 1, list: ' socket --transparent', save: ' --transparent', nft: 'put together' },
    {
      hex: '03',
      revision: 2,
      list: ' socket --transparent --nowildcard',
      save: ' --transparent --nowildcard',
      nft: 'put together',
    },
  ],
  checks: checksOf({
    0: { '': 0 },
    1: { '02': 22, '01': 0 },
    2: { '04': 22, '03': 0 },
    3: { '08': 22, '07': 0 },
  }),
});
