import { errno } from '../../protocol/errno.ts';
import { defineStruct, u32, u64, type ValueOf } from '../../protocol/struct.ts';
import { always } from '../bpf/test.ts';
import { cannotExpress, defineMatch, refuse } from '../extension.ts';
import { creditsPerSecond, multiplyU32, toCredits } from '../rate/credits.ts';
import { nftRate } from '../rate/nft-rate.ts';
import { shownRate } from '../rate/units.ts';
import { structRevision } from '../struct-revision.ts';

const xt_rateinfo = defineStruct('xt_rateinfo', 'linux/netfilter/xt_limit.h', {
  avg: u32,
  burst: u32,
  prev: u64,
  credit: u32,
  credit_cap: u32,
  cost: u32,
  master: u64,
});

/** `avg` in 1/10,000 s between packets; from `prev` on it is the kernel's own and zero in what iptables sends. */
export type LimitInfo = ValueOf<typeof xt_rateinfo>;

const DEFAULT_BURST = 5;
const PRESET = 'limit: a blob with a cost of its own (internal to the kernel, zero from iptables)';

/** `-m limit`: a token bucket (net/netfilter/xt_limit.c, extensions/libxt_limit.c). */
export const limit = defineMatch<LimitInfo>({
  name: 'limit',
  revisions: { 0: structRevision(xt_rateinfo) },
  coverage: {
    partly: [
      'a rate below some 500 packets a week that no rate of nft meets within 0.1 %',
      'a preset cost (never from iptables)',
    ],
  },
  examples: ['-m limit --limit {1-100}/{second|minute|hour}', '-m limit --limit {1-100}/second --limit-burst {1-20}'],
  unpredictable: 'fills with time',
  stateful: true,
  placement: { anyFamily: true },

  check({ avg, burst }) {
    if (burst === 0 || toCredits(multiplyU32(avg, burst)) < toCredits(avg)) {
      refuse(`limit: burst ${burst} at ${showRate(avg)} overflows, try lower`, errno.ERANGE);
    }
  },

  print: ({ avg, burst }) => ` limit: avg ${showRate(avg)} burst ${burst}`,
  save: ({ avg, burst }) => ` --limit ${showRate(avg)}${burst === DEFAULT_BURST ? '' : ` --limit-burst ${burst}`}`,

  // nft's bucket too begins full, fills with time and pays one packet's share for each that passes. The
  // kernel's own cut of fractions is kept: in the rate within 0.1 %, in the burst exactly.
  nft({ avg, burst, cost: preset }) {
    if (preset !== 0) cannotExpress(PRESET);
    const cost = toCredits(avg);
    if (cost === 0) return { alternatives: [[]] };
    const { count, unit } = nftRate(shownRate(avg), cost, creditsPerSecond());
    const atOnce = Math.floor(toCredits(multiplyU32(avg, burst)) / cost);
    return { alternatives: [[{ limit: { rate: count, per: unit.nft, burst: atOnce } }]], stateful: true };
  },

  bpf({ avg, burst, cost: preset }) {
    if (preset !== 0) cannotExpress(PRESET);
    const [cost, most] = [toCredits(avg), toCredits(multiplyU32(avg, burst))];
    return cost === 0 ? always : { groups: [[{ kind: 'limit', first: cost, second: most, credit: most }]] };
  },
  bpfLacks: ['a preset cost (never from iptables)'],
});

function showRate(avg: number): string {
  if (avg === 0) return 'inf';
  const { count, unit } = shownRate(avg);
  return `${count}/${unit.iptables}`;
}
