import { cText } from '../names/c-string.ts';
import { HASHES, type HashlimitInfo, hashMode, scaleOf, WHOLE_ADDRESS } from './hashlimit-info.ts';
import { burstInBytes, bytesPerSecond, shownBytes, shownPackets } from './hashlimit-rate.ts';

/** XT_HASHLIMIT_GCINTERVAL of iptables, milliseconds. */
const USUAL_INTERVAL = 1_000;

/** How options are written. */
interface Words {
  readonly prefix: string;
  readonly separator: string;
  /** The table's name is shown. */
  readonly named: boolean;
  /** Rates are those of the whole --hashlimit-rate-interval. */
  readonly wholeInterval: boolean;
}
/** As `-L` writes them. */
export const listed: Words = { prefix: '', separator: '-', named: false, wholeInterval: true };
/** As `-S` writes them. */
export const saved: Words = { prefix: '--hashlimit-', separator: ',', named: true, wholeInterval: false };

/** All that stands behind `above` or `upto`. */
export function hashlimitText(info: HashlimitInfo, { prefix, separator, named, wholeInterval }: Words): string {
  const { revision, mode, interval } = info;
  const { rate, burst, expire } = mode & hashMode.BYTES ? byteRate(info) : packetRate(info, wholeInterval);
  const option = (name: string, value: number | string | undefined): string =>
    value === undefined ? '' : ` ${prefix}${name} ${value}`;
  const unless = (usual: number, value: number): number | undefined => (value === usual ? undefined : value);
  const rateMatch = revision === 3 && (mode & hashMode.RATE_MATCH) !== 0;
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
    [hashMode.SIP, 'srcip'],
    [hashMode.SPT, 'srcport'],
    [hashMode.DIP, 'dstip'],
    [hashMode.DPT, 'dstport'],
  ];
  return hashes
    .filter(([flag]) => (mode & flag) !== 0)
    .map(([, word]) => word)
    .join(separator);
}
