import { errno } from '../../protocol/errno.ts';
import { bytes, defineStruct, u8, u64 } from '../../protocol/struct.ts';
import { cannotExpress, defineTarget, refuse } from '../extension.ts';
import { cText, isUnterminated } from '../names/c-string.ts';

const NAME_ROOM = 16;
/** `interval` is signed; `est` is the kernel's own. */
const xt_rateest_target_info = defineStruct('xt_rateest_target_info', 'linux/netfilter/xt_RATEEST.h', {
  name: bytes(NAME_ROOM),
  interval: u8,
  ewma_log: u8,
  est: u64,
});

const SECOND = 1_000_000;
const MILLISECOND = 1000;
/** Of net/core/gen_estimator.c: exponents of the interval, in quarters of seconds, and of the average's weight. */
const SHORTEST = -2;
const LONGEST = 3;
const HIGHEST_WEIGHT = 30;
const WHY = 'RATEEST: nft has no rate estimators';

export interface RateestTargetInfo {
  /** Its text ends at the first NUL. */
  readonly name: Uint8Array;
  /** An update every 2 ** interval seconds. */
  readonly interval: number;
  /** An average over 2 ** ewma_log updates. */
  readonly ewma_log: number;
}

/** RATEEST, revision 0 (net/netfilter/xt_RATEEST.c; libxt_RATEEST.c): counts into an estimator of the rate, by name. */
export const rateestTarget = defineTarget<RateestTargetInfo>({
  name: 'RATEEST',
  revisions: {
    0: {
      size: xt_rateest_target_info.size,
      decode(data) {
        const { name, interval, ewma_log } = xt_rateest_target_info.read(data);
        return { name, interval: (interval << 24) >> 24, ewma_log };
      },
      encode: ({ name, interval, ewma_log }) =>
        xt_rateest_target_info.write({ name, interval: interval & 0xff, ewma_log, est: 0n }),
    },
  },
  coverage: { none: WHY },
  // rules of one name must agree
  examples: [
    '-j RATEEST --rateest-name rate-1 --rateest-interval 250ms --rateest-ewmalog 500ms',
    '-j RATEEST --rateest-name rate-2 --rateest-interval 1s --rateest-ewmalog 16s',
    '-j RATEEST --rateest-name rate-3 --rateest-interval 8s --rateest-ewmalog 100s',
  ],
  placement: {},
  check({ name, interval, ewma_log }) {
    if (isUnterminated(name))
      refuse(`RATEEST: the name isn't NUL-terminated within ${NAME_ROOM} bytes`, errno.ENAMETOOLONG);
    if (interval < SHORTEST || interval > LONGEST)
      refuse(`RATEEST: wanted an interval from ${SHORTEST} to ${LONGEST}, found ${interval}`);
    if (ewma_log === 0 || ewma_log > HIGHEST_WEIGHT)
      refuse(`RATEEST: wanted a weight from 1 to ${HIGHEST_WEIGHT}, found ${ewma_log}`);
  },
  print: (info) => texts(info, ''),
  save: (info) => texts(info, '--rateest-'),
  nft: () => cannotExpress(WHY),
});

function texts({ name, interval, ewma_log }: RateestTargetInfo, before: string): string {
  const step = Math.trunc(SECOND * 2 ** interval);
  // an unsigned int of C
  const average = Math.imul(step, 2 ** ewma_log) >>> 0;
  return ` ${before}name ${cText(name)} ${before}interval ${time(step)} ${before}ewmalog ${time(average)}`;
}

function time(microseconds: number): string {
  if (microseconds >= SECOND) return `${(microseconds / SECOND).toFixed(1)}s`;
  if (microseconds >= MILLISECOND) return `${(microseconds / MILLISECOND).toFixed(1)}ms`;
  return `${microseconds}us`;
}
