import { describeMatch } from '../testing/describe-match.ts';
import { connlimit } from './connlimit.ts';

describeMatch(connlimit, {
  sizes: { 1: 32 },
  examples: [
    {
      hex: 'ffffff000000000000000000000000000400000002',
      list: ' #conn dst/24 > 4',
      save: ' --connlimit-above 4 --connlimit-mask 24 --connlimit-daddr',
      nft: "nft's counts are per address only, the k",
    },
    {
      hex: 'ffffffffffffffffffffffffffffffff0000000001',
      list: ' #conn src/32 <= 0',
      save: ' --connlimit-upto 0 --connlimit-mask 32 --connlimit-saddr',
      nft: "nft's counts are per address only, the k",
    },
    {
      hex: '000000000000000000000000000000000000000001',
      list: ' #conn src/0 <= 0',
      save: ' --connlimit-upto 0 --connlimit-mask 0 --connlimit-saddr',
      nft: "nft's counts are per address only, the k",
    },
    // raw: a mask that is no prefix
    {
      hex: 'ff00ff00',
      list: ' #conn src/8 > 0',
      save: ' --connlimit-above 0 --connlimit-mask 8 --connlimit-saddr',
      nft: 'largest size',
    },
  ],
  checks: [{ hex: '0000000000000000000000000000000000000000ffffffff', errno: 0 }],
});
