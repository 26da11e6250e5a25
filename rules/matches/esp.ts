import { array, defineStruct, u8, u32, type ValueOf } from '../../protocol/struct.ts';
import { defineMatch } from '../extension.ts';
import { isFirst } from '../nft/fragment.ts';
import { allOf } from '../ports/number-range.ts';
import { checkSpis, printSpis, printUnknownSpiFlags, saveSpis, spiGroups, spiTest } from '../ports/spi-range.ts';
import { structRevision } from '../struct-revision.ts';

const xt_esp = defineStruct('xt_esp', 'linux/netfilter/xt_esp.h', {
  spis: array(u32, 2),
  invflags: u8,
});

export type EspInfo = ValueOf<typeof xt_esp>;

/** `-m esp`: the SPI of an encapsulated payload (net/netfilter/xt_esp.c, extensions/libxt_esp.c). */
export const esp = defineMatch<EspInfo>({
  name: 'esp',
  revisions: { 0: structRevision(xt_esp) },
  coverage: 'all',
  examples: ['-p esp -m esp {|!} --espspi {spi}', '-p esp -m esp {|!} --espspi {spirange}'],
  placement: { protocol: 50 },
  check: (info) => checkSpis('esp', info),
  print(info) {
    const spis = printSpis(info);
    return ` esp${spis === '' ? '' : ` ${spis}`}${printUnknownSpiFlags(info)}`;
  },
  save: (info) => saveSpis('--espspi', info),
  nft(info) {
    const condition = allOf([spiTest({ protocol: 'esp', field: 'spi', limit: 0xffffffff }, info), [isFirst]]);
    return { alternatives: condition === 'never' ? [] : [condition], transport: { bytes: 8 } };
  },
  bpf: (info) => ({ groups: spiGroups('spi', 0xffffffff, info), transport: { need: 2 } }),
});
