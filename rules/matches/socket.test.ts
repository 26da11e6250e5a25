import { describeMatch } from '../testing/describe-match.ts';
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
  checks: [
    { hex: '', revision: 0, errno: 0 },
    { hex: '02', revision: 1, errno: 22 },
    { hex: '01', revision: 1, errno: 0 },
    { hex: '04', revision: 2, errno: 22 },
    { hex: '03', revision: 2, errno: 0 },
    { hex: '08', revision: 3, errno: 22 },
    { hex: '07', revision: 3, errno: 0 },
  ],
});
