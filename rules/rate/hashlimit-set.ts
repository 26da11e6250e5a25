import { cannotExpress, type NftContext, type NftMatch, ownName } from '../extension.ts';
import { cText } from '../names/c-string.ts';
import type { NftExpression, NftLimit } from '../nft/json.ts';
import { dottedQuad } from '../text/address.ts';
import { type HashlimitInfo, hashMode, scaleOf, WHOLE_ADDRESS } from './hashlimit-info.ts';
import { packetBucket, shownPackets } from './hashlimit-rate.ts';
import { nftRate } from './nft-rate.ts';
import { rateUnits } from './units.ts';

/** IPT_F_FRAG, IPT_INV_FRAG, IPT_INV_PROTO. */
const FRAGMENTS = 1;
const INVERTED_FRAGMENTS = 0x20;
const INVERTED_PROTOCOL = 0x40;
/** Matches that no later fragment meets. */
const wantsFirst = new Set(['tcp', 'udp', 'udplite', 'sctp', 'dccp', 'multiport']);
/** What the kernel lets a table have, where neither its size nor its most is given, with 1 GiB of memory or more. */
const USUAL_SIZE = 8_192;
const ENTRIES_PER_BUCKET = 8;
/** HASHLIMIT_MAX_SIZE: more buckets no table has. Nor do we ask nft for more entries: it makes room at once. */
export const MOST_ENTRIES = 1_048_576;

/** A set of the rule's own with a token bucket for each element. */
export function hashlimitSet(info: HashlimitInfo, context: NftContext): NftMatch {
  const { mode } = info;
  if ((mode & hashMode.RATE_MATCH) !== 0) return cannotExpress("hashlimit: nft doesn't measure rates, it limits them");
  if ((mode & hashMode.BYTES) !== 0)
    return cannotExpress('hashlimit: the kernel counts bytes by 16 and never gives a burst back, nft does neither');
  const parts = keyParts(info, context);
  const transport = parts.some(({ type }) => type === 'inet_service') ? { transport: { bytes: PORTS } } : {};
  const exclusive = `hashlimit ${cText(info.name)}`;
  const limit = limitOf(info);
  if (limit === undefined)
    return { alternatives: mode & hashMode.INVERT ? [] : [[]], ...transport, secondBest: true, exclusive };
  const elements = parts.map(({ value }) => value);
  const [only = everywhere.value] = elements;
  return {
    alternatives: [
      [
        {
          set: {
            op: 'update',
            elem: elements.length > 1 ? { concat: elements } : only,
            set: `@${ownName('seen')}`,
            stmt: [{ limit }],
          },
        },
      ],
    ],
    objects: [
      {
        tag: 'seen',
        body: {
          set: {
            type: parts.length > 1 ? parts.map(({ type }) => type) : (parts[0] ?? everywhere).type,
            flags: ['timeout'],
            size: entriesOf(info),
            timeout: secondsOf(info),
          },
        },
      },
    ],
    ...transport,
    stateful: true,
    secondBest: true,
    exclusive,
  };
}

/** The bucket of one element; undefined where nothing is ever above the limit. */
function limitOf(info: HashlimitInfo): NftLimit | undefined {
  const { avg, burst, mode } = info;
  const { atOnce, cost, second } = packetBucket(avg, burst, scaleOf(info));
  if (cost === 0n) return undefined;
  if (atOnce > 0xffff_ffffn) return cannotExpress(`hashlimit: a burst of ${atOnce} packets`);
  const { unitSeconds } = shownPackets(avg, scaleOf(info));
  const [price, income] = [Number(cost), Number(second)];
  const unit = rateUnits.find(({ seconds }) => seconds === unitSeconds) ?? rateUnits[0];
  if (unit === undefined) return undefined;
  const shown = { count: Math.floor((unit.seconds * income) / price), unit };
  const rate = nftRate(shown, price, income);
  return {
    rate: rate.count,
    per: rate.unit.nft,
    burst: Number(atOnce),
    ...(mode & hashMode.INVERT ? { inv: true } : {}),
  };
}

/** htable_create. */
function entriesOf({ size, max }: HashlimitInfo): number {
  const buckets = Math.min(size === 0 ? USUAL_SIZE : size, MOST_ENTRIES);
  const entries = max === 0 ? ENTRIES_PER_BUCKET * buckets : Math.max(max, buckets);
  return entries > MOST_ENTRIES ? cannotExpress(`hashlimit: a table of ${entries} entries`) : entries;
}

/**
 * The life of an element, for nft in whole seconds: what has expired the kernel keeps until it next looks through the
 * table, so any time up to that is the kernel's own.
 */
function secondsOf({ expire, gc_interval }: HashlimitInfo): number {
  const seconds = Math.ceil(expire / 1_000);
  return seconds * 1_000 <= expire + gc_interval
    ? seconds
    : cannotExpress(`hashlimit: ${expire} ms, looked after every ${gc_interval} ms, is no whole second`);
}

interface KeyPart {
  readonly type: 'ipv4_addr' | 'inet_service';
  readonly value: NftExpression;
}

const everywhere = addressPart('saddr', 0);
/** Bytes of the two ports. */
const PORTS = 4;
const portProtocols = new Set([6, 17, 33, 132, 136]);

/** What tells the buckets of a table apart (hashlimit_init_dst). */
function keyParts({ mode, srcmask, dstmask }: HashlimitInfo, context: NftContext): readonly KeyPart[] {
  const ports = [...(mode & hashMode.SPT ? ['sport'] : []), ...(mode & hashMode.DPT ? ['dport'] : [])];
  return [
    ...(mode & hashMode.SIP ? [addressPart('saddr', srcmask)] : []),
    ...(mode & hashMode.DIP ? [addressPart('daddr', dstmask)] : []),
    ...(ports.length === 0 || havePorts(context) ? ports.map(portPart) : []),
  ];
}

function addressPart(field: 'saddr' | 'daddr', length: number): KeyPart {
  const whole = { payload: { protocol: 'ip', field } };
  return {
    type: 'ipv4_addr',
    value: length === WHOLE_ADDRESS ? whole : { '&': [whole, dottedQuad(prefixMask(length))] },
  };
}

/** maskl. */
function prefixMask(length: number): number {
  return length === 0 ? 0 : (-1 << (WHOLE_ADDRESS - length)) >>> 0;
}

function portPart(field: string): KeyPart {
  return { type: 'inet_service', value: { payload: { protocol: 'th', field } } };
}

/**
 * Whether the packets have ports. The kernel takes the octets in a later fragment's place for them, which nft can't:
 * so none may come.
 */
function havePorts({ header, before = [] }: NftContext): boolean {
  if ((header.inverted & INVERTED_PROTOCOL) !== 0 || !portProtocols.has(header.protocol))
    return cannotExpress('hashlimit: ports, and a protocol that may have none');
  const first = (header.flags & FRAGMENTS) !== 0 && (header.inverted & INVERTED_FRAGMENTS) !== 0;
  return first || before.some(({ name }) => wantsFirst.has(name))
    ? true
    : cannotExpress('hashlimit: ports, and fragments that have none');
}
