import { expect, it } from 'vitest';
import { bpfOf } from '../extension.ts';
import { describeMatch } from '../testing/describe-match.ts';
import { headerOf } from '../testing/header.ts';
import { tcpmss } from './tcpmss.ts';

const nft = 'broken TCP options';

describeMatch(tcpmss, {
  header: headerOf(6),
  layouts: { 0: { size: 6, bytes: '1802 b405 01 00', info: { mss_min: 536, mss_max: 1460, invert: 1 } } },
  examples: [
    {
      name: 'one',
      info: { mss_min: 1460, mss_max: 1460, invert: 0 },
      list: ' tcpmss match 1460',
      save: ' --mss 1460',
      nft,
    },
    {
      name: 'outside of a range',
      info: { mss_min: 0, mss_max: 536, invert: 1 },
      list: ' tcpmss match !0:536',
      save: ' ! --mss 0:536',
      nft,
    },
  ],
});

it.each([
  { mss_min: 536, mss_max: 1460, invert: 0, look: { first: 536, second: 924, negated: false } },
  { mss_min: 536, mss_max: 536, invert: 1, look: { first: 536, second: 0, negated: true } },
  // no size has more than 16 bits
  { mss_min: 9, mss_max: 8, invert: 0, look: { first: 0x10000, negated: false } },
  { mss_min: 9, mss_max: 8, invert: 1, look: { first: 0x10000, negated: true } },
  { mss_min: 1, mss_max: 8, invert: 2, look: { first: 0x10000, negated: true } },
])('in BPF: $mss_min to $mss_max, inverted by $invert', ({ look, ...info }) => {
  const found = bpfOf(tcpmss, info, { header: headerOf(6) });
  // no more of the header than it looks at itself: later fragments too
  expect(found).toEqual({ groups: [[{ kind: 'segmentSize', ...look }]] });
});
