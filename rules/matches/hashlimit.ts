import { errno } from '../../protocol/errno.ts';
import { bytes, defineStruct, u8, u32, u64 } from '../../protocol/struct.ts';
import { cannotExpress, defineMatch, refuse } from '../extension.ts';
import { cText } from '../names/c-string.ts';
import { checkProcName } from '../names/proc-name.ts';
import {
  burstInBytes,
  bytesPerSecond,
  creditsOf,
  creditsOfBytes,
  type HashlimitScale,
  shownBytes,
  shownPackets,
} from '../rate/hashlimit-rate.ts';

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
/** XT_HASHLIMIT_GCINTERVAL of iptables, milliseconds. */
const USUAL_INTERVAL = 1_000;

const reason = "nft's meters count by another arithmetic and don't stand in /proc/net/ipt_hashlimit";

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
  coverage: { none: reason },
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
  nft: () => cannotExpress(`hashlimit: ${reason}`),
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
