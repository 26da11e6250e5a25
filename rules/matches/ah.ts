import { array, defineStruct, u8, u32, type ValueOf } from '../../protocol/struct.ts';
import { twelveBytes } from '../bpf/record.ts';
import { defineMatch } from '../extension.ts';
import { isFirst } from '../nft/fragment.ts';
import { allOf } from '../ports/number-range.ts';
import { checkSpis, printSpis, printUnknownSpiFlags, saveSpis, spiGroups, spiTest } from '../ports/spi-range.ts';
import { structRevision } from '../struct-revision.ts';

const ipt_ah = defineStruct('ipt_ah', 'linux/netfilter_ipv4/ipt_ah.h', {
  spis: array(u32, 2),
  invflags: u8,
});

export type AhInfo = ValueOf<typeof ipt_ah>;

/** `-m ah`: the SPI of an authentication header (net/ipv4/netfilter/ipt_ah.c, extensions/libipt_ah.c). */
export const ah = defineMatch<AhInfo>({
  name: 'ah',
  revisions: { 0: structRevision(ipt_ah) },
  coverage: 'all',
  examples: ['-p ah -m ah {|!} --ahspi {spi}', '-p ah -m ah {|!} --ahspi {spirange}'],
  placement: { protocol: 51 },
  check: (info) => checkSpis('ah', info),
  print: (info) => ` ah ${printSpis(info)}${printUnknownSpiFlags(info)}`,
  save: (info) => saveSpis('--ahspi', info),
  nft(info) {
    const condition = allOf([spiTest({ protocol: 'ah', field: 'spi', limit: 0xffffffff }, info), [isFirst]]);
    return { alternatives: condition === 'never' ? [] : [condition], transport: { bytes: 12 } };
  },
  bpf: (info) => ({ groups: spiGroups('ahSpi', 0xffffffff, info), transport: { need: twelveBytes } }),
});
