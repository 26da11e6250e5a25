import { defineStruct, u32, type ValueOf } from '../../protocol/struct.ts';
import { equals } from '../bpf/test.ts';
import { defineMatch, refuse } from '../extension.ts';
import { structRevision } from '../struct-revision.ts';

const xt_cpu_info = defineStruct('xt_cpu_info', 'linux/netfilter/xt_cpu.h', { cpu: u32, invert: u32 });

export type CpuInfo = ValueOf<typeof xt_cpu_info>;

/** `-m cpu`: the processor that handles the packet (net/netfilter/xt_cpu.c, extensions/libxt_cpu.c). */
export const cpu = defineMatch<CpuInfo>({
  name: 'cpu',
  revisions: { 0: structRevision(xt_cpu_info) },
  coverage: 'all',
  examples: ['-m cpu {|!} --cpu {0-3}'],
  unpredictable: 'any processor may handle a packet',
  placement: { anyFamily: true },

  check({ invert }) {
    if (invert > 1) refuse(`cpu: unknown inversion ${invert}`);
  },

  print: ({ cpu, invert }) => ` cpu ${invert === 0 ? '' : '! '}${cpu}`,
  save: ({ cpu, invert }) => `${invert === 0 ? '' : ' !'} --cpu ${cpu}`,
  nft: ({ cpu, invert }) => ({
    alternatives: [[{ match: { op: invert === 0 ? '==' : '!=', left: { meta: { key: 'cpu' } }, right: cpu } }]],
  }),
  bpf: ({ cpu, invert }) => ({ groups: [[equals('processor', cpu, invert !== 0)]] }),
});
