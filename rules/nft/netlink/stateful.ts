import type { NftLimit, NftQuota, NftStatement } from '../json.ts';
import { type Attribute, type Expression, u32, u64 } from './expression.ts';
import type { Loose } from './loose.ts';
import { unsupported } from './unsupported.ts';

const seconds: Readonly<Record<NftLimit['per'], number>> = {
  second: 1,
  minute: 60,
  hour: 3_600,
  day: 86_400,
  week: 604_800,
};
/** NFT_LIMIT_* */
const PACKETS = 0;
const BYTES = 1;

/** What a limit and a limit object have in common (NFTA_LIMIT_*). */
export function limitAttributes(limit: NftLimit): readonly Attribute[] {
  const { rate, per, burst, inv = false, rate_unit, burst_unit } = limit;
  const type = rate_unit === 'bytes' ? BYTES : PACKETS;
  if (type === PACKETS && burst_unit !== undefined) unsupported('a limit of packets with a burst of bytes');
  if (type === BYTES && burst_unit === undefined && burst !== 0)
    unsupported('a limit of bytes with a burst of packets');
  return [
    u64(1, rate),
    u64(2, seconds[per]),
    ...(burst > 0 ? [u32(3, burst)] : []),
    u32(4, type),
    u32(5, inv ? 1 : 0), // NFT_LIMIT_F_INV
  ];
}

/** Likewise a quota (NFTA_QUOTA_*). */
export function quotaAttributes(bytes: number, used: number, inverted: boolean): readonly Attribute[] {
  return [u64(1, bytes), u32(2, inverted ? 1 : 0), u64(4, used)]; // NFT_QUOTA_F_INV
}

/** A statement that keeps a state of its own: in a rule, or with each element of a set. */
export function statefulExpression(
  statement: Loose<NftStatement | { readonly counter: null }>,
): Expression | undefined {
  const { counter, limit, quota, 'ct count': count } = statement;
  if (counter === null) return { name: 'counter', attributes: [] };
  if (limit !== undefined && typeof limit !== 'string') return { name: 'limit', attributes: limitAttributes(limit) };
  if (quota !== undefined && typeof quota !== 'string') return quotaExpression(quota);
  if (count !== undefined) {
    return { name: 'connlimit', attributes: [u32(1, count.val), u32(2, count.inv === true ? 1 : 0)] }; // NFT_CONNLIMIT_F_INV
  }
  return undefined;
}

function quotaExpression({ val, inv = false, used = 0 }: NftQuota): Expression {
  return { name: 'quota', attributes: quotaAttributes(val, used, inv) };
}
