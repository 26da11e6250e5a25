import type { NftLimit } from '../nft/json.ts';

/** XT_LIMIT_SCALE: xt_rateinfo's avg counts the time between packets in 1/10,000 s. */
export const LIMIT_SCALE = 10_000;

/** A span of time as iptables and nft name it. */
export interface RateUnit {
  readonly seconds: number;
  /** In `iptables -L` and `-S`; it has no word for the week. */
  readonly iptables?: string;
  readonly nft: NftLimit['per'];
}

/** Ascending. */
export const rateUnits: readonly RateUnit[] = [
  { seconds: 1, iptables: 'sec', nft: 'second' },
  { seconds: 60, iptables: 'min', nft: 'minute' },
  { seconds: 3_600, iptables: 'hour', nft: 'hour' },
  { seconds: 86_400, iptables: 'day', nft: 'day' },
  { seconds: 604_800, nft: 'week' },
];

export interface Rate {
  readonly count: number;
  readonly unit: RateUnit;
}

/**
 * The rate iptables shows for an avg above 0: it starts at days and goes on to smaller units until one
 * would show less than one packet, or lose more than it shows (extensions/libxt_limit.c, print_rate).
 */
export function shownRate(avg: number): Rate {
  const named = rateUnits.filter(({ iptables }) => iptables !== undefined);
  const tooSmall = ({ seconds }: RateUnit): boolean => {
    const span = seconds * LIMIT_SCALE;
    return avg > span || Math.floor(span / avg) < span % avg;
  };
  // the largest unit is never asked: an avg above a day is shown as "0/day"
  const stop = named.findLastIndex((unit, index) => index < named.length - 1 && tooSmall(unit));
  const unit = named[stop + 1] as RateUnit;
  return { count: Math.floor((unit.seconds * LIMIT_SCALE) / avg), unit };
}
