import { array, defineStruct, u8, u32, type ValueOf } from '../../protocol/struct.ts';
import { defineMatch } from '../extension.ts';
import { isFirst } from '../nft/fragment.ts';
import { allOf } from '../ports/number-range.ts';
import { checkSpis, printSpis, printUnknownSpiFlags, saveSpis, spiGroups, spiTest } from '../ports/spi-range.ts';
import { structRevision } from '../struct-revision.ts';

const xt_ipcomp = defineStruct('xt_ipcomp', 'linux/netfilter/xt_ipcomp.h', {
  spis: array(u32, 2),
  invflags: u8,
  hdrres: u8,
});

export type IpcompInfo = ValueOf<typeof xt_ipcomp>;

/**
 * `-m ipcomp`: the compression parameter index, 16 bits in the packet and 32 in the rule
 * (net/netfilter/xt_ipcomp.c, extensions/libxt_ipcomp.c). The kernel doesn't look at `--compres`.
 */
export const ipcomp = defineMatch<IpcompInfo>({
  name: 'ipcomp',
  revisions: { 0: structRevision(xt_ipcomp) },
  coverage: 'all',
  examples: [
    '-p ipcomp -m ipcomp {|!} --ipcompspi {u16}',
    '-p ipcomp -m ipcomp {|!} --ipcompspi {spirange}',
    '-p ipcomp -m ipcomp --compres',
  ],
  placement: { protocol: 108 },
  check: (info) => checkSpis('ipcomp', info),
  print: (info) => ` comp ${printSpis(info)}${info.hdrres === 0 ? '' : ' reserved'}${printUnknownSpiFlags(info)}`,
  save: (info) => `${saveSpis('--ipcompspi', info)}${info.hdrres === 0 ? '' : ' --compres'}`,
  nft(info) {
    const condition = allOf([spiTest({ protocol: 'comp', field: 'cpi', limit: 0xffff }, info), [isFirst]]);
    return { alternatives: condition === 'never' ? [] : [condition], transport: { bytes: 4 } };
  },
  bpf: (info) => ({ groups: spiGroups('destinationPort', 0xffff, info), transport: { need: 1 } }),
});
