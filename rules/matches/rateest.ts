import { errno } from '../../protocol/errno.ts';
import { bytes, defineStruct, u16, u32, u64, type ValueOf } from '../../protocol/struct.ts';
import { cannotExpress, defineMatch, refuse } from '../extension.ts';
import { cText, isUnterminated } from '../names/c-string.ts';
import { structRevision } from '../struct-revision.ts';

const xt_rateest_match_info = defineStruct('xt_rateest_match_info', 'linux/netfilter/xt_rateest.h', {
  name1: bytes(16),
  name2: bytes(16),
  flags: u16,
  mode: u16,
  bps1: u32,
  pps1: u32,
  bps2: u32,
  pps2: u32,
  pad: bytes(4),
  est1: u64,
  est2: u64,
});

/** Rates in bytes and packets a second; `est1` and `est2` are the kernel's own. */
export type RateestInfo = ValueOf<typeof xt_rateest_match_info>;

const INVERT = 1;
const ABSOLUTE = 2;
const RELATIVE = 4;
const DELTA = 8;
const BYTES = 0x10;
const PACKETS = 0x20;

/** enum xt_rateest_match_mode. */
const comparisons: readonly (string | undefined)[] = [undefined, 'eq', 'lt', 'gt'];
const reason = 'nft has no rate estimators';

/**
 * `-m rateest` (net/netfilter/xt_rateest.c, libxt_rateest.c): compares what RATEEST targets estimate. An estimator
 * that isn't there is ENOENT: the kernel's answer when the rule is loaded.
 */
export const rateest = defineMatch<RateestInfo>({
  name: 'rateest',
  revisions: { 0: structRevision(xt_rateest_match_info) },
  coverage: { none: reason },
  examples: [
    '-m rateest --rateest {rateest} {|!} --rateest-{lt|gt|eq} --rateest-bps {u32}',
    '-m rateest --rateest {rateest} {|!} --rateest-{lt|gt|eq} --rateest-pps {u32}',
    '-m rateest --rateest-delta --rateest {rateest} --rateest-bps1 {u32} {|!} --rateest-{lt|gt|eq} --rateest-bps2 {u32}',
    '-m rateest --rateest1 {rateest} {|!} --rateest-{lt|gt|eq} --rateest-{bps|pps} --rateest2 {rateest}',
    '-m rateest --rateest-delta --rateest1 {rateest} --rateest-pps1 {u32} --rateest-{lt|gt|eq} --rateest-pps2 {u32} --rateest2 {rateest}',
  ],
  unpredictable: 'rates are estimated over time',
  placement: { anyFamily: true },
  check,
  print: (info, { numeric }) => ` rateest match ${listed(info, numeric)}`,
  save,
  nft: () => cannotExpress(`rateest: ${reason}`),
  bpf: { none: 'the kernel has rate estimators of its own' },
});

function check({ flags, mode, name1, name2 }: RateestInfo): void {
  const ways = flags & (ABSOLUTE | RELATIVE);
  if (ways !== ABSOLUTE && ways !== RELATIVE)
    refuse('rateest: neither against a number nor against an estimator, or both');
  if ((flags & (BYTES | PACKETS)) === 0) refuse('rateest: neither bytes nor packets are compared');
  if (comparisons[mode] === undefined) refuse(`rateest: comparison ${mode}, known are 1 to ${comparisons.length - 1}`);
  for (const name of [name1, name2]) {
    if (isUnterminated(name)) refuse("rateest: an estimator's name without an end", errno.ENAMETOOLONG);
  }
}

function listed(info: RateestInfo, numeric: boolean): string {
  const { flags, bps1, pps1, bps2, pps2 } = info;
  const delta = (flags & DELTA) !== 0;
  const absolute = (flags & ABSOLUTE) !== 0;
  const parts = [cText(info.name1), delta ? ' delta' : ''];
  if (flags & BYTES) {
    parts.push(
      ' bps',
      delta ? rate(bps1, numeric) : '',
      absolute ? `${rate(bps2, numeric)}${comparison(info, '')}` : '',
    );
  }
  if (flags & PACKETS) {
    parts.push(' pps', delta ? ` ${pps1}` : '', absolute ? `${comparison(info, '')} ${pps2}` : '');
  }
  if (flags & RELATIVE) {
    parts.push(comparison(info, ''), ` ${cText(info.name2)}`);
    if (flags & BYTES) parts.push(' bps', delta ? rate(bps2, numeric) : '');
    if (flags & PACKETS) parts.push(' pps', delta ? ` ${pps2}` : '');
  }
  return parts.join('');
}

function save(info: RateestInfo): string {
  const { flags, name1, name2 } = info;
  const [first, second] = flags & RELATIVE ? ['rateest1', ` --rateest2 ${cText(name2)}`] : ['rateest', ''];
  const bytesPart = flags & BYTES ? savedRate(info, 'bps', info.bps1, info.bps2, false) : '';
  const packetsPart = flags & PACKETS ? savedRate(info, 'pps', info.pps1, info.pps2, true) : '';
  return `${flags & DELTA ? ' --rateest-delta' : ''} --${first} ${cText(name1)}${bytesPart}${packetsPart}${second}`;
}

function savedRate(info: RateestInfo, unit: string, first: number, second: number, numeric: boolean): string {
  const { flags } = info;
  const delta = (flags & DELTA) !== 0;
  const compared = comparison(info, '--rateest-');
  const number = flags & (ABSOLUTE | DELTA) ? rate(second, numeric) : '';
  return delta
    ? ` --rateest-${unit}1${rate(first, numeric)}${compared} --rateest-${unit}2${number}`
    : `${compared} --rateest-${unit}${number}`;
}

function comparison({ flags, mode }: RateestInfo, prefix: string): string {
  return `${flags & INVERT ? ' !' : ''} ${prefix}${comparisons[mode] ?? ''}`;
}

/** Bytes a second in bits, from a million on in thousands or millions of them, rounded as printf does. */
function rate(bytesPerSecond: number, numeric: boolean): string {
  if (numeric) return ` ${bytesPerSecond}`;
  const bits = bytesPerSecond * 8;
  if (bits >= 1e9) return ` ${roundHalfToEven(bits / 1e6)}Mbit`;
  if (bits >= 1e6) return ` ${roundHalfToEven(bits / 1e3)}Kbit`;
  return ` ${bits}bit`;
}

function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
