import { defineStruct, u8, type ValueOf } from '../../protocol/struct.ts';
import { cannotExpress, defineMatch, refuse } from '../extension.ts';
import { structRevision } from '../struct-revision.ts';

const xt_rpfilter_info = defineStruct('xt_rpfilter_info', 'linux/netfilter/xt_rpfilter.h', { flags: u8 });

export type RpfilterInfo = ValueOf<typeof xt_rpfilter_info>;

/** XT_RPFILTER_LOOSE to XT_RPFILTER_INVERT, by bit. */
const options: readonly string[] = ['loose', 'validmark', 'accept-local', 'invert'];
const OPTION_MASK = 0x0f;

const PREROUTING = 1 << 0;

/**
 * nft's `fib saddr … oif` is another question (nft_fib4_eval): it gives the routing rules the packet's
 * protocol (`ip rule … ipproto`), takes broadcast, anycast and other such routes for a way back, and has none to
 * a local address.
 */
const REASON = "nft's fib knows the packet's protocol to the routing rules and takes routes that lead to no host";

/** `-m rpfilter`: whether an answer would go out where the packet came in (net/ipv4/netfilter/ipt_rpfilter.c, extensions/libxt_rpfilter.c). */
export const rpfilter = defineMatch<RpfilterInfo>({
  name: 'rpfilter',
  revisions: { 0: structRevision(xt_rpfilter_info) },
  coverage: { none: REASON },
  examples: ['-m rpfilter {|--loose} {|--validmark} {|--accept-local} {|--invert}'],
  placement: { table: ['raw', 'mangle'], hooks: PREROUTING },
  check({ flags }) {
    if ((flags & ~OPTION_MASK) !== 0) refuse(`rpfilter: unknown options 0x${flags.toString(16)}`);
  },
  print: (info) => ` rpfilter${optionText(info, ' ')}`,
  save: (info) => optionText(info, ' --'),
  nft: () => cannotExpress(`rpfilter: ${REASON}`),
  bpf: { none: 'routing tables decide, which a program has no way to ask' },
});

function optionText({ flags }: RpfilterInfo, start: string): string {
  return options.map((name, bit) => ((flags & (1 << bit)) === 0 ? '' : `${start}${name}`)).join('');
}
