import { describeMatch } from '../testing/describe-match.ts';
import { rpfilter } from './rpfilter.ts';

const nft = 'knows the packet';

describeMatch(rpfilter, {
  layouts: { 0: { size: 1, bytes: '05', info: { flags: 5 } } },
  examples: [
    { name: 'strict', info: { flags: 0 }, list: ' rpfilter', save: '', nft },
    { name: 'loose', info: { flags: 1 }, list: ' rpfilter loose', save: ' --loose', nft },
    {
      name: 'all',
      info: { flags: 15 },
      list: ' rpfilter loose validmark accept-local invert',
      save: ' --loose --validmark --accept-local --invert',
      nft,
    },
  ],
  checks: [{ name: 'unknown flags', info: { flags: 0x10 } }],
});
