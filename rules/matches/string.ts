import { errno } from '../../protocol/errno.ts';
import { bytes, defineStruct, u8, u16, u64, type ValueOf } from '../../protocol/struct.ts';
import { textLook } from '../bpf/text-look.ts';
import { cannotExpress, defineMatch, refuse } from '../extension.ts';
import { bytesText, cText, isUnterminated } from '../names/c-string.ts';
import { checkFlags } from '../ports/unknown-flags.ts';
import { structRevision } from '../struct-revision.ts';

/** XT_STRING_MAX_PATTERN_SIZE. */
const PATTERN_ROOM = 128;

const xt_string_info = defineStruct('xt_string_info', 'linux/netfilter/xt_string.h', {
  from_offset: u16,
  to_offset: u16,
  algo: bytes(16),
  pattern: bytes(PATTERN_ROOM),
  patlen: u8,
  flags: u8,
  pad: bytes(2),
  config: u64,
});

/** `config` is the kernel's own. */
export type StringInfo = ValueOf<typeof xt_string_info>;

const INVERT = 1;
const IGNORECASE = 2;

/** The textsearch algorithms there are (lib/ts_*.c). */
const algorithms = ['bm', 'kmp', 'fsm'];

const WHOLE_PACKET = 0xffff;
const reason = 'nft has no search for a text within a packet';

/**
 * `-m string`, revision 1 (net/netfilter/xt_string.c, libxt_string.c): bytes anywhere in the packet, from its
 * IP header on. Revision 0 is in no kernel any more.
 */
export const stringMatch = defineMatch<StringInfo>({
  name: 'string',
  revisions: { 1: structRevision(xt_string_info) },
  coverage: { none: reason },
  examples: [
    '-m string {|!} --string {E|EE|HTTP} --algo {bm|kmp}',
    '-m string {|!} --hex-string "|{00|01|0a}|" --algo {bm|kmp}',
    '-m string {|!} --hex-string "|a4a5{a6|a7}|" --algo {bm|kmp}',
    '-m string --string {e|ee|http} --algo {bm|kmp} --icase',
    '-m string {|!} --string {E|EE} --algo {bm|kmp} --from {0-60} --to {60-200}',
  ],
  placement: { anyFamily: true },
  check,
  print: (info) => ` STRING match ${info.flags & INVERT ? '!' : ''} ${quoted(info)}${options(info, listed)}`,
  save(info) {
    const option = isHex(info) ? 'hex-string' : 'string';
    return `${info.flags & INVERT ? ' !' : ''} --${option} ${quoted(info)}${options(info, saved)}`;
  },
  nft: () => cannotExpress(`string: ${reason}`),
  bpfLacks: ['bm with --icase and the bytes 0xbf, 0xdf or 0xff', 'fsm'],

  bpf(info) {
    const { algo, from_offset: from, to_offset: to, flags } = info;
    const pattern = patternOf(info);
    const algorithm = cText(algo);
    if (algorithm === 'fsm') cannotExpress("string: what fsm makes of a pattern is left to the kernel's own match");
    const inPiece = algorithm === 'bm' && pattern.length > 1;
    const fold = (byte: number) => ((flags & IGNORECASE) === 0 ? byte : upper(byte));
    if (inPiece && (flags & IGNORECASE) !== 0 && pattern.some((byte) => foldsTwice.includes(upper(byte))))
      cannotExpress("string: with --icase the kernel's bm passes by some of what has the bytes 0xbf, 0xdf or 0xff");
    const look = textLook(pattern, { from, to, inPiece, isSame: (byte, wanted) => fold(byte) === fold(wanted) });
    return { groups: [[{ ...look, negated: (flags & INVERT) !== 0 }]] };
  },
});

/** The kernel's toupper: Latin-1, but for 0xdf and 0xff, of which it makes 0xbf and 0xdf, as if they had a capital there. */
function upper(byte: number): number {
  const isLower = (byte >= 0x61 && byte <= 0x7a) || (byte >= 0xdf && byte !== 0xf7);
  return isLower ? byte - 0x20 : byte;
}

/**
 * Capitals that the kernel's tolower doesn't lead back from: bm (lib/ts_bm.c) skips as far for their small letter as for a
 * byte that isn't in the pattern, past a match if need be.
 */
const foldsTwice = [0xbf, 0xdf];

/** What fsm makes of its pattern, a program, is left to the kernel: iptables can't write one. */
function check({ from_offset, to_offset, algo, patlen, flags }: StringInfo): void {
  if (from_offset > to_offset) refuse(`string: --from ${from_offset} lies behind --to ${to_offset}`);
  if (isUnterminated(algo.subarray(algo.length - 1))) refuse("string: the algorithm's name is too long");
  if (patlen > PATTERN_ROOM) refuse(`string: a pattern of ${patlen} bytes, at most ${PATTERN_ROOM} fit`);
  checkFlags('string', flags, INVERT | IGNORECASE);
  if (patlen === 0) refuse('string: an empty pattern');
  const name = cText(algo);
  if (!algorithms.includes(name)) refuse(`string: no algorithm "${name}"`, errno.ENOENT);
}

interface OptionWords {
  readonly algorithm: string;
  readonly from: string;
  readonly to: string;
  readonly ignoreCase: string;
}
const listed: OptionWords = { algorithm: 'ALGO name', from: 'FROM', to: 'TO', ignoreCase: 'ICASE' };
const saved: OptionWords = { algorithm: '--algo', from: '--from', to: '--to', ignoreCase: '--icase' };

function options({ algo, from_offset, to_offset, flags }: StringInfo, words: OptionWords): string {
  const parts = [`${words.algorithm} ${cText(algo)}`];
  if (from_offset !== 0) parts.push(`${words.from} ${from_offset}`);
  if (to_offset !== WHOLE_PACKET) parts.push(`${words.to} ${to_offset}`);
  if (flags & IGNORECASE) parts.push(words.ignoreCase);
  return parts.map((part) => ` ${part}`).join('');
}

function patternOf({ pattern, patlen }: StringInfo): Uint8Array {
  return pattern.subarray(0, patlen);
}

/** Shown in hexadecimal: what isn't plain ASCII, or would end in a backslash that escapes the quote. */
function isHex(info: StringInfo): boolean {
  const pattern = patternOf(info);
  return pattern.some((byte) => byte < 0x20 || byte > 0x7e) || pattern.at(-1) === 0x5c;
}

function quoted(info: StringInfo): string {
  const pattern = patternOf(info);
  if (isHex(info)) return `"|${Buffer.from(pattern).toString('hex')}|"`;
  return `"${bytesText(pattern).replace(/["\\]/g, '\\$&')}"`;
}
