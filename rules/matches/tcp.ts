import { array, defineStruct, u8, u16, type ValueOf } from '../../protocol/struct.ts';
import { bitsGroups } from '../bpf/groups.ts';
import { wholeTcp } from '../bpf/record.ts';
import type { BpfMatch } from '../bpf/test.ts';
import { cannotExpress, defineMatch } from '../extension.ts';
import { isFirst } from '../nft/fragment.ts';
import { allOf, type Condition } from '../ports/number-range.ts';
import { portPairGroups, portPairTest, printPortPair, savePortPair } from '../ports/port-pair.ts';
import { flagNames } from '../ports/tcp-flag-names.ts';
import { checkInvertFlags, printUnknownFlags } from '../ports/unknown-flags.ts';
import { structRevision } from '../struct-revision.ts';

const xt_tcp = defineStruct('xt_tcp', 'linux/netfilter/xt_tcpudp.h', {
  spts: array(u16, 2),
  dpts: array(u16, 2),
  option: u8,
  flg_mask: u8,
  flg_cmp: u8,
  invflags: u8,
});

export type TcpInfo = ValueOf<typeof xt_tcp>;

/** XT_TCP_INV_*, beside the ports' two. */
const INV_FLAGS = 0x04;
const INV_OPTION = 0x08;
const INV_MASK = 0x0f;

/** One byte of no operation: the only option kind without a length that can be asked for. */
const TCPOPT_NOP = 1;

/** `-m tcp`: ports, flags and options of TCP (net/netfilter/xt_tcpudp.c, extensions/libxt_tcp.c). */
export const tcp = defineMatch<TcpInfo>({
  name: 'tcp',
  revisions: { 0: structRevision(xt_tcp) },
  coverage: { partly: ['--tcp-option 1'] },
  examples: [
    '-p tcp -m tcp {|!} --sport {portrange}',
    '-p tcp -m tcp {|!} --dport {portrange}',
    '-p tcp -m tcp {|!} --tcp-flags {tcpflags} {tcpflags}',
    '-p tcp -m tcp {|!} --syn',
    '-p tcp -m tcp {|!} --tcp-option {2|3|4|8}',
  ],
  placement: { protocol: 6 },
  portRanges: [xt_tcp.offsets.spts, xt_tcp.offsets.dpts],
  check: ({ invflags }) => checkInvertFlags('tcp', invflags, INV_MASK),

  print(info, context) {
    const { option, flg_mask, flg_cmp, invflags } = info;
    const not = (flag: number) => ((invflags & flag) !== 0 ? '!' : '');
    const options = option !== 0 || not(INV_OPTION) ? ` option=${not(INV_OPTION)}${option}` : '';
    const bits = context.numeric ? `${hex(flg_mask)}/${hex(flg_cmp)}` : `${flagNames(flg_mask)}/${flagNames(flg_cmp)}`;
    const flags = flg_mask !== 0 || not(INV_FLAGS) ? ` flags:${not(INV_FLAGS)}${bits}` : '';
    return ` tcp${printPortPair('tcp', info, context)}${options}${flags}${printUnknownFlags(invflags, INV_MASK)}`;
  },

  save(info) {
    const { option, flg_mask, flg_cmp, invflags } = info;
    const not = (flag: number) => ((invflags & flag) !== 0 ? ' !' : '');
    const options = option !== 0 || not(INV_OPTION) ? `${not(INV_OPTION)} --tcp-option ${option}` : '';
    const flags =
      flg_mask !== 0 || not(INV_FLAGS)
        ? `${not(INV_FLAGS)} --tcp-flags ${flagNames(flg_mask)} ${flagNames(flg_cmp)}`
        : '';
    return `${savePortPair(info)}${options}${flags}`;
  },

  nft(info) {
    const condition = allOf([portPairTest('tcp', info), flagsTest(info), optionTest(info), [isFirst]]);
    return {
      alternatives: condition === 'never' ? [] : [condition],
      transport: { bytes: 20, dropsOffsetOne: true },
    };
  },

  bpf(info) {
    const { option, flg_mask, flg_cmp, invflags } = info;
    const flags = bitsGroups('tcpFlags', flg_mask, flg_cmp, (invflags & INV_FLAGS) !== 0);
    const options: BpfMatch['groups'] =
      option === 0 ? [] : [[{ kind: 'tcpOption', first: option, negated: (invflags & INV_OPTION) !== 0 }]];
    return {
      groups: [...portPairGroups(info), ...flags, ...options],
      transport: { need: wholeTcp, dropsOffsetOne: true },
    };
  },
});

function hex(byte: number): string {
  return `0x${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}

/** Byte 13 of the header under the mask; all eight bits, so ECE and CWR count when asked for. */
function flagsTest({ flg_mask, flg_cmp, invflags }: TcpInfo): Condition {
  const inverted = (invflags & INV_FLAGS) !== 0;
  if (flg_mask === 0 || (flg_cmp & ~flg_mask) !== 0) {
    const holds = flg_mask === 0 && flg_cmp === 0;
    return holds !== inverted ? [] : 'never';
  }
  const left = { '&': [{ payload: { protocol: 'tcp', field: 'flags' } }, flg_mask] } as const;
  return [{ match: { op: inverted ? '!=' : '==', left, right: flg_cmp } }];
}

/**
 * Whether the option is there. The kernel tests none for kind 0, inverted or not. nft reads options as
 * the kernel's match does but for broken ones: an option whose kind stands in the header's very last
 * byte, or whose length passes the header's end, is there for ip_tables and isn't for nft. A header
 * shorter than 20 bytes by its own data offset is dropped by ip_tables and matches nothing here.
 */
function optionTest({ option, invflags }: TcpInfo): Condition {
  if (option === 0) return [];
  if (option === TCPOPT_NOP) {
    cannotExpress(
      'tcp: --tcp-option 1 (no operation) may stand in the last byte of the header, where nft does not look',
    );
  }
  const inverted = (invflags & INV_OPTION) !== 0;
  const left = { 'tcp option': { base: option, offset: 0, len: 8 } } as const;
  const test = { match: { op: '==', left, right: !inverted } } as const;
  // "missing" holds for nft too where there is no whole header to look at
  const whole = { match: { op: '>=', left: { payload: { protocol: 'tcp', field: 'doff' } }, right: 5 } } as const;
  return inverted ? [whole, test] : [test];
}
