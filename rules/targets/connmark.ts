import { defineStruct, u8, u32 } from '../../protocol/struct.ts';
import { cannotExpress, defineTarget, type NftTarget, OWN_CHAIN } from '../extension.ts';
import type { NftExpression, NftStatement } from '../nft/json.ts';

const fields = { ctmark: u32, ctmask: u32, nfmask: u32 } as const;
const header = 'linux/netfilter/xt_connmark.h';
const xt_connmark_tginfo1 = defineStruct('xt_connmark_tginfo1', header, { ...fields, mode: u8 });
const xt_connmark_tginfo2 = defineStruct('xt_connmark_tginfo2', header, {
  ...fields,
  shift_dir: u8,
  shift_bits: u8,
  mode: u8,
});

const ALL = 0xffffffff;
/** XT_CONNMARK_* */
const SET = 0;
const SAVE = 1;
const RESTORE = 2;
/** D_SHIFT_RIGHT; anything else shifts to the left. */
const RIGHT = 1;
/** iptables' names for shift_dir. */
const directions: readonly string[] = ['left-shift-mark', 'right-shift-mark'];
const WORD = 32;

export interface ConnmarkTargetInfo {
  /** 0 set, 1 packet's mark to connection, 2 connection's to packet; others do nothing. */
  readonly mode: number;
  readonly ctmark: number;
  readonly ctmask: number;
  readonly nfmask: number;
  /** Revision 2: 1 right, else left. */
  readonly shift_dir: number;
  readonly shift_bits: number;
}

/** CONNMARK, revisions 1 and 2 (net/netfilter/xt_connmark.c, connmark_tg_shift; libxt_CONNMARK.c): the connection's mark. */
export const connmarkTarget = defineTarget<ConnmarkTargetInfo>({
  name: 'CONNMARK',
  revisions: {
    1: {
      size: xt_connmark_tginfo1.size,
      decode: (data) => ({ ...xt_connmark_tginfo1.read(data), shift_dir: 0, shift_bits: 0 }),
      encode: (info) => xt_connmark_tginfo1.write(info),
    },
    2: {
      size: xt_connmark_tginfo2.size,
      decode: (data) => xt_connmark_tginfo2.read(data),
      encode: (info) => xt_connmark_tginfo2.write(info),
    },
  },
  coverage: {
    partly: [
      "a mark copied into a part of the packet's (--restore-mark with a mask): nft takes a rule for each bit",
      "a mark copied into a part of the connection's (--save-mark with a mask): nft combines no two marks",
      'table raw, where a rule may meet a template of CT',
    ],
  },
  examples: [
    '-j CONNMARK --set-mark {mark}',
    '-j CONNMARK --set-xmark {mark}/{mark}',
    '-j CONNMARK --and-mark {mark}',
    '-j CONNMARK --or-mark {mark}',
    '-j CONNMARK --xor-mark {mark}',
    '-j CONNMARK --save-mark',
    '-j CONNMARK --save-mark --mask {mark}',
    '-j CONNMARK --save-mark --nfmask {mark} --ctmask 0xffffffff',
    '-j CONNMARK --restore-mark',
    '-j CONNMARK --restore-mark --mask {mark}',
    '-j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask {mark}',
    '-j CONNMARK --set-xmark {mark}/{mark} --left-shift-mark {1-31}',
    '-j CONNMARK --restore-mark --right-shift-mark {1-31}',
  ],
  placement: {},
  check() {},
  print: (info) => (info.mode > RESTORE ? UNKNOWN : ` CONNMARK ${words(info)}${shiftText(info, '')}`),
  save: (info) => (info.mode > RESTORE ? UNKNOWN : ` --${options(info)}${shiftText(info, '--')}`),
  nft(info, { table }) {
    if (table === 'raw') cannotExpress('CONNMARK: in table raw nft leaves templates of CT alone');
    return info.mode === RESTORE && info.nfmask !== ALL ? restoredBits(info) : { statements: [statement(info)] };
  },
});

const UNKNOWN = ' ERROR: UNKNOWN CONNMARK MODE';

function words({ mode, ctmark, ctmask, nfmask }: ConnmarkTargetInfo): string {
  if (mode === SET) {
    if (ctmark === 0) return `and ${hex(~ctmask >>> 0)}`;
    if (ctmark === ctmask) return `or ${hex(ctmark)}`;
    if (ctmask === 0) return `xor ${hex(ctmark)}`;
    return ctmask === ALL ? `set ${hex(ctmark)}` : `xset ${hex(ctmark)}/${hex(ctmask)}`;
  }
  const [word, from, to] = mode === SAVE ? ['save', 'nfmask', 'ctmask'] : ['restore', 'ctmask', 'nfmask'];
  const [read, written] = mode === SAVE ? [nfmask, ctmask] : [ctmask, nfmask];
  if (read === ALL && written === ALL) return word;
  return read === written ? `${word} mask ${hex(read)}` : `${word} ${from} ${hex(read)} ${to} ~${hex(written)}`;
}

function options({ mode, ctmark, ctmask, nfmask }: ConnmarkTargetInfo): string {
  if (mode === SET) return `set-xmark ${hex(ctmark)}/${hex(ctmask)}`;
  return `${mode === SAVE ? 'save' : 'restore'}-mark --nfmask ${hex(nfmask)} --ctmask ${hex(ctmask)}`;
}

function shiftText({ shift_dir, shift_bits }: ConnmarkTargetInfo, before: string): string {
  return shift_bits === 0 ? '' : ` ${before}${directions[shift_dir] ?? ''} ${shift_bits}`;
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

const connection: NftExpression = { ct: { key: 'mark' } };
const packet: NftExpression = { meta: { key: 'mark' } };

/**
 * new = (written & ~its mask) ^ ((read & its mask) shifted), and to set: ((written & ~mask) ^ mark) shifted. A
 * packet without a connection ends the rule at `ct mark`, nothing done, as in the kernel.
 */
function statement(info: ConnmarkTargetInfo): NftStatement {
  const { mode, ctmark, ctmask, nfmask } = info;
  switch (mode) {
    case SET:
      return set(
        connection,
        ctmask === ALL ? shiftedNumber(info) : shifted(masked(connection, ~ctmask >>> 0, ctmark), info),
      );
    case SAVE:
      return copy(connection, ctmask, packet, nfmask, info);
    case RESTORE:
      return copy(packet, nfmask, connection, ctmask, info);
    default:
      return cannotExpress(`CONNMARK: mode ${mode}`);
  }
}

/**
 * nft combines no two marks, so the bits go over one by one: first those of the mask are cleared in the packet's
 * mark, then a rule for each of the connection's bits inverts the one where it belongs. A connection's mark could
 * change in between.
 */
function restoredBits({ ctmask, nfmask, shift_dir, shift_bits }: ConnmarkTargetInfo): NftTarget {
  if (shift_bits >= WORD) cannotExpress(`CONNMARK: a shift by ${shift_bits}`);
  const by = shift_dir === RIGHT ? -shift_bits : shift_bits;
  const moves = Array.from({ length: WORD }, (_, from) => ({ from, to: from + by })).filter(
    ({ from, to }) => (ctmask & (1 << from)) !== 0 && to >= 0 && to < WORD,
  );
  const copies = moves.map(({ from, to }): readonly NftStatement[] => [
    { match: { op: '!=', left: { '&': [connection, (1 << from) >>> 0] }, right: 0 } },
    set(packet, masked(packet, ALL, (1 << to) >>> 0)),
  ]);
  return {
    // a packet without a connection ends the rule here
    statements: [{ match: { op: '>=', left: connection, right: 0 } }, { jump: { target: OWN_CHAIN } }],
    chain: [...(nfmask === 0 ? [] : [[set(packet, masked(packet, ~nfmask >>> 0, 0))]]), ...copies],
    secondBest: true,
  };
}

function copy(
  to: NftExpression,
  toMask: number,
  from: NftExpression,
  fromMask: number,
  info: ConnmarkTargetInfo,
): NftStatement {
  if (toMask !== ALL) cannotExpress('CONNMARK: nft copies a mark whole, not into a part of the other one');
  return set(to, shifted(masked(from, fromMask, 0), info));
}

function set(key: NftExpression, value: NftExpression): NftStatement {
  return { mangle: { key, value } };
}

function masked(mark: NftExpression, mask: number, xor: number): NftExpression {
  const kept: NftExpression = mask === ALL ? mark : { '&': [mark, mask] };
  return xor === 0 ? kept : { '^': [kept, xor] };
}

function shiftedNumber({ ctmark, shift_dir, shift_bits }: ConnmarkTargetInfo): number {
  if (shift_bits >= WORD) cannotExpress(`CONNMARK: a shift by ${shift_bits}`);
  return shift_dir === RIGHT ? ctmark >>> shift_bits : (ctmark << shift_bits) >>> 0;
}

function shifted(mark: NftExpression, { shift_dir, shift_bits }: ConnmarkTargetInfo): NftExpression {
  if (shift_bits === 0) return mark;
  if (shift_bits >= WORD) cannotExpress(`CONNMARK: a shift by ${shift_bits}`);
  return shift_dir === RIGHT ? { '>>': [mark, shift_bits] } : { '<<': [mark, shift_bits] };
}
