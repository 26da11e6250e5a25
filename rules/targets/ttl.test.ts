import { errno } from '../../protocol/errno.ts';
import { describeTarget } from '../testing/describe-target.ts';
import { ttlTarget } from './ttl.ts';

const fixed = 'ip checksum 65535 ip checksum set 0';

const lifetimes = Array.from({ length: 255 }, (_, at) => at + 1);
const stepped = (from: number, to: number): string =>
  `ip ttl ${from}-${from} ip ttl != ${to} ip ttl set ${to} ${fixed}`;

describeTarget(ttlTarget, {
  sizes: { 0: 2 },
  structs: [
    { revision: 0, hex: '0040', info: { mode: 0, ttl: 64 } },
    { revision: 0, hex: '02ff', info: { mode: 2, ttl: 255 } },
  ],
  texts: [
    { info: { mode: 0, ttl: 0 }, numeric: ' TTL set to 0', saved: ' --ttl-set 0' },
    { info: { mode: 1, ttl: 1 }, numeric: ' TTL increment by 1', saved: ' --ttl-inc 1' },
    { info: { mode: 2, ttl: 255 }, numeric: ' TTL decrement by 255', saved: ' --ttl-dec 255' },
    { info: { mode: 3, ttl: 9 }, numeric: ' TTL  9', saved: ' 9' },
  ],
  checks: [
    { title: 'set to 0', info: { mode: 0, ttl: 0 }, code: undefined },
    { title: 'decrement by 255', info: { mode: 2, ttl: 255 }, code: undefined },
    { title: 'increment by 0', info: { mode: 1, ttl: 0 }, code: errno.EINVAL },
    { title: 'decrement by 0', info: { mode: 2, ttl: 0 }, code: errno.EINVAL },
    { title: 'mode 3', info: { mode: 3, ttl: 1 }, code: errno.EINVAL },
  ],
  nft: [
    { info: { mode: 0, ttl: 5 }, lists: [`ip ttl != 5 ip ttl set 5 ${fixed}`] },
    {
      info: { mode: 1, ttl: 5 },
      lists: lifetimes.map((at) => stepped(255 - at, Math.min(260 - at, 255))),
    },
    { info: { mode: 2, ttl: 5 }, lists: lifetimes.map((at) => stepped(at, Math.max(at - 5, 0))) },
  ],
});
