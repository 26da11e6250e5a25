import { cannotExpress } from '../extension.ts';
import { type Rate, rateUnits } from './units.ts';

/** How far, as a part of it, a rate may be from the kernel's: 0.1 %. */
const TOLERANCE = 0.001;

/**
 * The rate for nft of one packet each `cost / second` seconds. That is the one iptables shows when it is
 * close enough; else it is counted in the smallest unit that gives whole numbers close enough. (iptables
 * shows 60/sec for what the kernel, counting 531 credits a packet, lets through 60.26 times a second:
 * 3616/minute.) Throws `not-expressible` for less than some 500 packets a week where the week doesn't fit.
 */
export function nftRate(shown: Rate, cost: number, second: number): Rate {
  const error = ({ count, unit }: Rate) => Math.abs((count * cost) / (unit.seconds * second) - 1);
  const counted = rateUnits.map((unit) => ({ unit, count: Math.round((unit.seconds * second) / cost) }));
  const found = [shown, ...counted].find((rate) => rate.count > 0 && error(rate) < TOLERANCE);
  return found ?? cannotExpress(`limit: one packet each ${cost / second} seconds is no rate of nft's within 0.1 %`);
}
