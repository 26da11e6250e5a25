import { errno } from '../../protocol/errno.ts';
import { describeTarget } from '../testing/describe-target.ts';
import { room } from '../testing/extension.ts';
import { type RateestTargetInfo, rateestTarget } from './rateest.ts';

const rate = (name: string, interval: number, ewma_log: number): RateestTargetInfo => ({
  name: room(16, name),
  interval,
  ewma_log,
});

describeTarget(rateestTarget, {
  sizes: { 0: 32 },
  structs: [{ revision: 0, hex: `616263${'00'.repeat(13)}fe05`, info: rate('abc', -2, 5) }],
  texts: [
    {
      info: rate('a', -2, 1),
      numeric: ' name a interval 250.0ms ewmalog 500.0ms',
      saved: ' --rateest-name a --rateest-interval 250.0ms --rateest-ewmalog 500.0ms',
    },
    {
      info: rate('b', 3, 3),
      numeric: ' name b interval 8.0s ewmalog 64.0s',
      saved: ' --rateest-name b --rateest-interval 8.0s --rateest-ewmalog 64.0s',
    },
    {
      // 2 ** 13 s are more microseconds than an unsigned int holds
      info: rate('c', 0, 13),
      numeric: ' name c interval 1.0s ewmalog 3897.0s',
      saved: ' --rateest-name c --rateest-interval 1.0s --rateest-ewmalog 3897.0s',
    },
  ],
  checks: [
    { title: 'the shortest', info: rate('a', -2, 1), code: undefined },
    { title: 'the longest', info: rate('a'.repeat(15), 3, 30), code: undefined },
    { title: 'shorter', info: rate('a', -3, 1), code: errno.EINVAL },
    { title: 'longer', info: rate('a', 4, 1), code: errno.EINVAL },
    { title: 'no weight', info: rate('a', 0, 0), code: errno.EINVAL },
    { title: 'too much of it', info: rate('a', 0, 31), code: errno.EINVAL },
    { title: '16 bytes of name', info: rate('a'.repeat(16), 0, 1), code: errno.ENAMETOOLONG },
  ],
  nft: [{ info: rate('a', 0, 1), lists: 'no rate estimators' }],
});
