import { errno } from '../../protocol/errno.ts';
import { bytes, defineStruct, u8, u32, u64 } from '../../protocol/struct.ts';
import { cannotExpress, defineMatch, type NftContext, type NftMatch, ownName, refuse } from '../extension.ts';
import { cText } from '../names/c-string.ts';
import { checkProcName } from '../names/proc-name.ts';
import type { NftExpression, NftLimit } from '../nft/json.ts';
import {
  burstInBytes,
  bytesPerSecond,
  creditsOf,
  creditsOfBytes,
  type HashlimitScale,
  packetBucket,
  shownBytes,
  shownPackets,
} from '../rate/hashlimit-rate.ts';
import { nftRate } from '../rate/nft-rate.ts';
import { rateUnits } from '../rate/units.ts';
import { dottedQuad } from '../text/address.ts';

const header = 'linux/netfilter/xt_hashlimit.h';
const table = { size: u32, max: u32, gc_interval: u32, expire: u32 };
const masks = { srcmask: u8, dstmask: u8 };

const xt_hashlimit_mtinfo1 = defineStruct('xt_hashlimit_mtinfo1', header, {
  name: bytes(16),
  mode: u32,
  avg: u32,
  burst: u32,
  ...table,
  ...masks,
  pad2: bytes(2),
  hinfo: u64,
});
const rates = { avg: u64, burst: u64, mode: u32 };
const xt_hashlimit_mtinfo2 = defineStruct('xt_hashlimit_mtinfo2', header, {
  name: bytes(255),
  pad: bytes(1),
  ...rates,
  ...table,
  ...masks,
  pad2: bytes(2),
  hinfo: u64,
});
const xt_hashlimit_mtinfo3 = defineStruct('xt_hashlimit_mtinfo3', header, {
  name: bytes(255),
  pad: bytes(1),
  ...rates,
  ...table,
  interval: u32,
  ...masks,
  pad2: bytes(6),
  hinfo: u64,
});

/** `hinfo` is the kernel's own. */
export interface HashlimitInfo {
  readonly revision: 1 | 2 | 3;
  readonly name: Uint8Array;
  /** XT_HASHLIMIT_*. */
  readonly mode: number;
  /** Time between packets in 1/10,000 s (revision 1) or µs; or the cost of 16 bytes, a share of 2^32. */
  readonly avg: bigint;
  readonly burst: bigint;
  readonly size: number;
  readonly max: number;
  /** Milliseconds, as `expire`. */
  readonly gc_interval: number;
  readonly expire: number;
  /** Seconds; revision 3. */
  readonly interval: number;
  readonly srcmask: number;
  readonly dstmask: number;
  readonly pad: Uint8Array;
  readonly pad2: Uint8Array;
  readonly hinfo: bigint;
}

const HASH_DIP = 1;
const HASH_DPT = 2;
const HASH_SIP = 4;
const HASH_SPT = 8;
const HASHES = HASH_DIP | HASH_DPT | HASH_SIP | HASH_SPT;
const INVERT = 0x10;
const BYTES = 0x20;
const RATE_MATCH = 0x40;
const MODES = HASHES | INVERT | BYTES | RATE_MATCH;

const WHOLE_ADDRESS = 32;
/** IPT_F_FRAG, IPT_INV_FRAG, IPT_INV_PROTO. */
const FRAGMENTS = 1;
const INVERTED_FRAGMENTS = 0x20;
const INVERTED_PROTOCOL = 0x40;
/** Matches that no later fragment meets. */
const wantsFirst = new Set(['tcp', 'udp', 'udplite', 'sctp', 'dccp', 'multiport']);
/** XT_HASHLIMIT_GCINTERVAL of iptables, milliseconds. */
const USUAL_INTERVAL = 1_000;

/** What the kernel lets a table have, where neither its size nor its most is given, with 1 GiB of memory or more. */
const USUAL_SIZE = 8_192;
const ENTRIES_PER_BUCKET = 8;
/** HASHLIMIT_MAX_SIZE: more buckets no table has. Nor do we ask nft for more entries: it makes room at once. */
const MOST = 1_048_576;

/**
 * `-m hashlimit`, revisions 1 to 3 (net/netfilter/xt_hashlimit.c, libxt_hashlimit.c): a token bucket for each
 * address or port, in tables that rules share by name (/proc/net/ipt_hashlimit). The kernel makes a table with the
 * first rule that names it, and cuts sizes past 1,048,576.
 */
export const hashlimit = defineMatch<HashlimitInfo>({
  name: 'hashlimit',
  revisions: {
    1: {
      size: xt_hashlimit_mtinfo1.size,
      decode(data) {
        const { avg, burst, ...info } = xt_hashlimit_mtinfo1.read(data);
        return { ...info, avg: BigInt(avg), burst: BigInt(burst), revision: 1, interval: 0, pad: new Uint8Array(1) };
      },
      encode: ({ avg, burst, ...info }) =>
        xt_hashlimit_mtinfo1.write({ ...info, avg: Number(avg), burst: Number(burst) }),
    },
    2: {
      size: xt_hashlimit_mtinfo2.size,
      decode: (data) => ({ ...xt_hashlimit_mtinfo2.read(data), revision: 2, interval: 0 }),
      encode: (info) => xt_hashlimit_mtinfo2.write(info),
    },
    3: {
      size: xt_hashlimit_mtinfo3.size,
      decode: (data) => ({ ...xt_hashlimit_mtinfo3.read(data), revision: 3 }),
      encode: (info) => xt_hashlimit_mtinfo3.write(info),
    },
  },
  coverage: {
    partly: [
      "/proc/net/ipt_hashlimit: the kernel's own is used where it can be, which alone has it",
      'a name that two rules have in common (in two tables, each gets a set of its own; in one table it is refused)',
      'rates in bytes: the kernel counts by 16 bytes, and never gives the burst back',
      '--hashlimit-rate-match',
      "modes with ports, but with `-p tcp`, `udp`, `udplite`, `sctp` or `dccp` and where later fragments can't come",
      "a full table (--hashlimit-htable-max): the kernel drops what it has no room for, in nft the match doesn't hold",
      `tables with room for more than ${MOST} entries, or whose times are parts of a second`,
    ],
  },
  examples: [
    '-m hashlimit --hashlimit-{upto|above} {1-100}/{sec|min|hour|day} --hashlimit-burst {1-20} --hashlimit-name {one|two}',
    '-p {tcp|udp} -m hashlimit --hashlimit-upto {1-20}/hour --hashlimit-mode {srcip|srcip,dstport|dstip,srcport} --hashlimit-name three',
    '-m hashlimit --hashlimit-above {1-20}/hour --hashlimit-mode srcip --hashlimit-srcmask {0-32} --hashlimit-name four',
    '-m hashlimit --hashlimit-upto {1-64}kb/s --hashlimit-burst {1-4}mb --hashlimit-name five',
    '-m hashlimit --hashlimit-upto {1-20}/hour --hashlimit-name six --hashlimit-htable-size {16-64} --hashlimit-htable-max {64-128} --hashlimit-htable-gcinterval 60000 --hashlimit-htable-expire 3600000',
    '-m hashlimit --hashlimit-upto {1-20}/sec --hashlimit-name seven --hashlimit-rate-match --hashlimit-rate-interval {1-9}',
  ],
  unpredictable: 'fills with time',
  placement: {},
  stateful: true,
  check,
  print: (info) => ` limit: ${info.mode & INVERT ? 'above' : 'up to'}${text(info, listed)}`,
  save: (info) => ` --hashlimit-${info.mode & INVERT ? 'above' : 'upto'}${text(info, saved)}`,
  nft,
});

function scaleOf({ revision }: HashlimitInfo): HashlimitScale {
  return revision === 1 ? 'coarse' : 'fine';
}

function check(info: HashlimitInfo): void {
  const { revision, name, mode, avg, burst, gc_interval, expire, interval, srcmask, dstmask } = info;
  checkProcName('hashlimit', name);
  if (gc_interval === 0 || expire === 0) refuse('hashlimit: an interval of 0 ms');
  if (srcmask > WHOLE_ADDRESS || dstmask > WHOLE_ADDRESS) refuse(`hashlimit: masks of ${srcmask} and ${dstmask} bits`);
  if ((mode & ~MODES) !== 0 || ((mode & RATE_MATCH) !== 0 && revision < 3))
    refuse(`hashlimit: unknown mode 0x${mode.toString(16)}`);
  if ((mode & RATE_MATCH) !== 0) {
    if (avg === 0n || avg > 0xffff_ffffn) refuse(`hashlimit: a rate of ${avg}`, errno.ERANGE);
    if (interval === 0) refuse('hashlimit: a rate interval of 0 s');
  } else if ((mode & BYTES) !== 0) {
    if (creditsOfBytes(avg) === 0n) refuse(`hashlimit: overflow, the rate is too high: ${avg}`);
  } else if (burst === 0n || creditsOf(avg * burst, scaleOf(info)) < creditsOf(avg, scaleOf(info))) {
    refuse(`hashlimit: overflow, try lower: ${avg}/${burst}`, errno.ERANGE);
  }
}

/** A set of the rule's own with a token bucket for each element. */
function nft(info: HashlimitInfo, context: NftContext): NftMatch {
  const { mode } = info;
  if ((mode & RATE_MATCH) !== 0) return cannotExpress("hashlimit: nft doesn't measure rates, it limits them");
  if ((mode & BYTES) !== 0)
    return cannotExpress('hashlimit: the kernel counts bytes by 16 and never gives a burst back, nft does neither');
  const parts = keyParts(info, context);
  const transport = parts.some(({ type }) => type === 'inet_service') ? { transport: { bytes: PORTS } } : {};
  const exclusive = `hashlimit ${cText(info.name)}`;
  const limit = limitOf(info);
  if (limit === undefined)
    return { alternatives: mode & INVERT ? [] : [[]], ...transport, secondBest: true, exclusive };
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
  return { rate: rate.count, per: rate.unit.nft, burst: Number(atOnce), ...(mode & INVERT ? { inv: true } : {}) };
}

/** htable_create. */
function entriesOf({ size, max }: HashlimitInfo): number {
  const buckets = Math.min(size === 0 ? USUAL_SIZE : size, MOST);
  const entries = max === 0 ? ENTRIES_PER_BUCKET * buckets : Math.max(max, buckets);
  return entries > MOST ? cannotExpress(`hashlimit: a table of ${entries} entries`) : entries;
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
  const ports = [...(mode & HASH_SPT ? ['sport'] : []), ...(mode & HASH_DPT ? ['dport'] : [])];
  return [
    ...(mode & HASH_SIP ? [addressPart('saddr', srcmask)] : []),
    ...(mode & HASH_DIP ? [addressPart('daddr', dstmask)] : []),
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

interface Words {
  readonly prefix: string;
  readonly separator: string;
  /** The table's name is shown. */
  readonly named: boolean;
  /** Rates are those of the whole --hashlimit-rate-interval. */
  readonly wholeInterval: boolean;
}
const listed: Words = { prefix: '', separator: '-', named: false, wholeInterval: true };
const saved: Words = { prefix: '--hashlimit-', separator: ',', named: true, wholeInterval: false };

function text(info: HashlimitInfo, { prefix, separator, named, wholeInterval }: Words): string {
  const { revision, mode, interval } = info;
  const { rate, burst, expire } = mode & BYTES ? byteRate(info) : packetRate(info, wholeInterval);
  const option = (name: string, value: number | string | undefined): string =>
    value === undefined ? '' : ` ${prefix}${name} ${value}`;
  const unless = (usual: number, value: number): number | undefined => (value === usual ? undefined : value);
  const rateMatch = revision === 3 && (mode & RATE_MATCH) !== 0;
  return [
    ` ${rate}`,
    option('burst', burst),
    option('mode', mode & HASHES ? hashesText(mode, separator) : undefined),
    option('name', named ? cText(info.name) : undefined),
    option('htable-size', unless(0, info.size)),
    option('htable-max', unless(0, info.max)),
    option('htable-gcinterval', unless(USUAL_INTERVAL, info.gc_interval)),
    option('htable-expire', unless(expire, info.expire)),
    option('srcmask', unless(WHOLE_ADDRESS, info.srcmask)),
    option('dstmask', unless(WHOLE_ADDRESS, info.dstmask)),
    rateMatch ? ` ${prefix}rate-match` : '',
    rateMatch ? option('rate-interval', unless(1, interval)) : '',
  ].join('');
}

interface ShownLimit {
  readonly rate: string;
  /** Undefined: isn't shown. */
  readonly burst: string | undefined;
  /** What --hashlimit-htable-expire is when it isn't given, milliseconds. */
  readonly expire: number;
}

function packetRate(info: HashlimitInfo, wholeInterval: boolean): ShownLimit {
  const { revision, avg, burst, interval } = info;
  const factor = revision === 3 && wholeInterval && interval !== 0 ? BigInt(interval) : 1n;
  const { rate, unitSeconds } = shownPackets(BigInt.asUintN(64, avg * factor), scaleOf(info));
  return { rate, burst: String(burst), expire: unitSeconds * 1_000 };
}

function byteRate({ avg, burst }: HashlimitInfo): ShownLimit {
  const most = bytesPerSecond(avg);
  const rate = `${shownBytes(most, avg)}/s`;
  // seconds, as iptables has them
  return burst === 0n
    ? { rate, burst: undefined, expire: 15_000 }
    : { rate, burst: burstInBytes(most, burst), expire: 60_000 };
}

function hashesText(mode: number, separator: string): string {
  const hashes: readonly (readonly [flag: number, word: string])[] = [
    [HASH_SIP, 'srcip'],
    [HASH_SPT, 'srcport'],
    [HASH_DIP, 'dstip'],
    [HASH_DPT, 'dstport'],
  ];
  return hashes
    .filter(([flag]) => (mode & flag) !== 0)
    .map(([, word]) => word)
    .join(separator);
}
