/**
 * The arithmetic of hashlimit, in the u64 of kernel and iptables (net/netfilter/xt_hashlimit.c,
 * extensions/libxt_hashlimit.c).
 */

/** What a period counts: 1/10,000 s (revision 1) or 1/1,000,000 s. */
export type HashlimitScale = 'coarse' | 'fine';

/** XT_HASHLIMIT_SCALE and XT_HASHLIMIT_SCALE_v2: parts of a second. */
const scales: Readonly<Record<HashlimitScale, bigint>> = { coarse: 10_000n, fine: 1_000_000n };

/** The kernel's CONFIG_HZ; at others the largest product of period and burst is another. */
const TICKS_PER_SECOND = 250n;
const DAY = 86_400n;

const U32_MAX = 0xffff_ffffn;
const U64_MAX = 0xffff_ffff_ffff_ffffn;
/** Bytes are paid for in chunks of 16. */
const CHUNK_BITS = 4n;

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);

/** The power of two below, as POW2_BELOW32 and 64 cut it. */
function powerBelow(value: bigint): bigint {
  return 1n << BigInt(value.toString(2).length - 1);
}

/** CREDITS_PER_JIFFY_v1 and CREDITS_PER_JIFFY: a day of them must fit u32, and u64. */
const creditsPerSecond: Readonly<Record<HashlimitScale, bigint>> = {
  coarse: TICKS_PER_SECOND * powerBelow(U32_MAX / (TICKS_PER_SECOND * DAY)),
  fine: TICKS_PER_SECOND * powerBelow(U64_MAX / (TICKS_PER_SECOND * DAY)),
};
/** HZ × CREDITS_PER_JIFFY_BYTES: a second of them must fit u32. */
const byteCreditsPerSecond = TICKS_PER_SECOND * powerBelow(U32_MAX / TICKS_PER_SECOND);

/** A period as credits (user2credits); wraps. */
export function creditsOf(period: bigint, scale: HashlimitScale): bigint {
  const second = creditsPerSecond[scale];
  const parts = scales[scale];
  const user = u64(period);
  return parts >= second ? user / (parts / second) : u64(user * (second / parts));
}

/** The cost of 16 bytes as credits (user2credits_byte): of its lower 32 bits. */
export function creditsOfBytes(cost: bigint): bigint {
  return ((cost & U32_MAX) * byteCreditsPerSecond) >> 32n;
}

/** So many packets at the longest, and the time between two in seconds as a quotient. */
export interface PacketBucket {
  readonly atOnce: bigint;
  /** Credits that a packet costs; 0: nothing is ever above the limit. */
  readonly cost: bigint;
  /** Credits that a second brings. */
  readonly second: bigint;
}

/** A token bucket that counts packets (rateinfo_init). */
export function packetBucket(period: bigint, burst: bigint, scale: HashlimitScale): PacketBucket {
  const cost = creditsOf(period, scale);
  return { atOnce: cost === 0n ? 0n : creditsOf(period * burst, scale) / cost, cost, second: creditsPerSecond[scale] };
}

const units = [
  { name: 'day', seconds: 86_400 },
  { name: 'hour', seconds: 3_600 },
  { name: 'min', seconds: 60 },
  { name: 'sec', seconds: 1 },
] as const;

/**
 * A period as packets a day, hour, minute or second: the smallest unit that doesn't lose more than it shows
 * (print_rate). `unitSeconds` is 0 for no limit at all.
 */
export function shownPackets(
  period: bigint,
  scale: HashlimitScale,
): { readonly rate: string; readonly unitSeconds: number } {
  if (period === 0n) return { rate: 'inf', unitSeconds: 0 };
  const spanOf = (seconds: number): bigint => BigInt(seconds) * scales[scale];
  const stop = units.findIndex(({ seconds }, index) => {
    const span = spanOf(seconds);
    return index > 0 && (period > span || span / period < span % period);
  });
  const { name, seconds } = units[(stop < 0 ? units.length : stop) - 1] ?? units[0];
  return { rate: `${spanOf(seconds) / period}/${name}`, unitSeconds: seconds };
}

/** Bytes a second that a cost of 16 bytes lets through (cost_to_bytes). */
export function bytesPerSecond(cost: bigint): bigint {
  return u64(((cost === 0n ? U32_MAX : U32_MAX / cost) - 1n) << CHUNK_BITS);
}

/** bytes_to_cost. */
function costOf(rate: bigint): bigint {
  return U32_MAX / (((rate >> CHUNK_BITS) & U32_MAX) + 1n);
}

const byteUnits = [
  { name: 'm', size: 1n << 20n },
  { name: 'k', size: 1n << 10n },
  { name: '', size: 1n },
] as const;
const smallest = byteUnits[2];

/** In the largest unit whose whole multiples cost the same (print_bytes): "4kb" for a cost that 4 kb has too. */
export function shownBytes(rate: bigint, cost: bigint): string {
  // iptables masks with 32 bits
  const isExact = (size: bigint): boolean => costOf(rate & (U32_MAX - (size - 1n))) === cost;
  const { name, size } =
    byteUnits.find((unit) => unit.size > 1n && rate >= unit.size && isExact(unit.size)) ?? smallest;
  return `${rate / size}${name}b`;
}

/** A burst, so many times the bytes of a second, in the largest unit that isn't above it. */
export function burstInBytes(rate: bigint, burst: bigint): string {
  const all = u64(rate * burst);
  const { name, size } = byteUnits.find((unit) => all >= unit.size) ?? smallest;
  return `${all / size}${name}b`;
}
