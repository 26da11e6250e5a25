/**
 * How nft moves tests about, and the form it leaves alone. Found with `nft --debug=netlink` of 1.0.6,
 * text and JSON alike; pin.test.ts asks the installed nft again.
 *
 * nft merges two tests of one rule into one wider load and compare when all of this holds:
 * - both read the packet as it is (`ip …`, `tcp …`, raw `@nh,…` and `@th,…` alike) from the same
 *   header, both compare with one plain value, and both with the same operator (`==`, or `!=`);
 * - their fields stand side by side in the header and fill at most 4 bytes together: sport and dport,
 *   icmp type and code, ttl and protocol, ip length and id (saddr and daddr don't: 8 bytes);
 * - whatever stands between them in the rule: ct, counter, limit.
 * Two things follow.
 * 1. `sport != 1` with `dport != 2` becomes `(sport, dport) != (1, 2)`, which is another test. So a
 *    `!=` on a packet field must always be pinned.
 * 2. A test moves across a limit, forwards or backwards, when its neighbour stands on the other side.
 *    So in a rule with a stateful statement every `==` on a packet field must be pinned too; the
 *    header's tests before it as well as the tests behind it.
 *
 * These stay where they are, pinned or not: any test of meta, ct, tcp option; masked fields; ranges;
 * prefixes; sets of two or more elements (a set of one becomes a plain value); <, >, <=, >=.
 *
 * The pinned form masks the field with all ones. nft lists it without the mask, so people don't see it;
 * the kernel pays one bitwise operation.
 */
import { BpfilterError } from '../../protocol/error.ts';
import type { NftExpression, NftPayload, NftStatement, NftValue } from './json.ts';

/** Widths, bits, of the packet fields that tests compare with plain values. */
const fieldBits: Readonly<Record<string, number>> = {
  'ip saddr': 32,
  'ip daddr': 32,
  'ip protocol': 8,
  'ip ttl': 8,
  'ip length': 16,
  'ip id': 16,
  'icmp type': 8,
  'icmp code': 8,
  'tcp flags': 8,
  'tcp window': 16,
  'udp length': 16,
  'ah spi': 32,
  'esp spi': 32,
  'comp cpi': 16,
};

const portProtocols: readonly string[] = ['tcp', 'udp', 'udplite', 'sctp', 'dccp', 'th'];

/**
 * The same test in a form that nft neither merges nor moves; what is safe already comes back as it is.
 * Throws `not-expressible` for a field whose width isn't known here.
 */
export function pinned(statement: NftStatement): NftStatement {
  if (!('match' in statement)) return statement;
  const { op, left, right } = statement.match;
  const value = plainValue(right);
  const payload = payloadOf(left);
  if ((op !== '==' && op !== '!=') || value === undefined || payload === undefined) return statement;
  return { match: { op, left: { '&': [left, 2 ** bitsOf(payload) - 1] }, right: value } };
}

function plainValue(right: NftExpression): NftValue | undefined {
  if (typeof right === 'number' || typeof right === 'string') return right;
  const only = typeof right === 'object' && 'set' in right && right.set.length === 1 ? right.set[0] : undefined;
  return only === undefined ? undefined : plainValue(only);
}

function payloadOf(left: NftExpression): NftPayload | undefined {
  return typeof left === 'object' && 'payload' in left ? left.payload : undefined;
}

function bitsOf(payload: NftPayload): number {
  if ('base' in payload) return payload.len;
  const { protocol, field } = payload;
  const isPort = portProtocols.includes(protocol) && (field === 'sport' || field === 'dport');
  const bits = isPort ? 16 : fieldBits[`${protocol} ${field}`];
  if (bits === undefined) throw new BpfilterError('not-expressible', `width of "${protocol} ${field}" unknown`);
  return bits;
}
