import { testMatch } from '../testing/match-table.ts';
import { rpfilter } from './rpfilter.ts';

const nft = 'knows the packet';

testMatch(rpfilter, {
  layouts: { 0: { size: 1, bytes: '05', info: { flags: 5 } } },
  cases: [
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
  refused: [{ name: 'unknown flags', info: { flags: 0x10 } }],
});
