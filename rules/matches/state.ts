import { defineStruct, u32 } from '../../protocol/struct.ts';
import { anyBit } from '../bpf/test.ts';
import { type CtState, conntrackState, stateIn, statesText } from '../conntrack/state.ts';
import { defineMatch } from '../extension.ts';

const xt_state_info = defineStruct('xt_state_info', 'linux/netfilter/xt_state.h', { statemask: u32 });

/** XT_STATE_*: as conntrack's, but for UNTRACKED. */
const bits: readonly (readonly [number, CtState])[] = [
  [0x01, 'invalid'],
  [0x02, 'established'],
  [0x04, 'related'],
  [0x08, 'new'],
  [0x40, 'untracked'],
];

export interface StateInfo {
  /** XT_STATE_*; an inverted match is the complement, with all higher bits set. */
  readonly mask: number;
}

/**
 * state, revision 0 (net/netfilter/xt_state.c; libxt_conntrack.c). iptables 1.8.9 writes it only for
 * kernels without conntrack, and prints it with conntrack's bits: the kernel's UNTRACKED shows as SNAT.
 */
export const state = defineMatch<StateInfo>({
  name: 'state',
  revisions: {
    0: {
      size: xt_state_info.size,
      decode: (data) => ({ mask: xt_state_info.read(data).statemask }),
      encode: ({ mask }) => xt_state_info.write({ statemask: mask }),
    },
  },
  coverage: 'all',
  examples: ['-m state {|!} --state {states}'],
  placement: { anyFamily: true },
  check() {}, // the kernel only switches connection tracking on
  print: ({ mask }) => ` state${statesText(mask)}`,
  save: ({ mask }) => ` --state${statesText(mask)}`,
  nft: ({ mask }) => ({
    alternatives: [[stateIn(bits.filter(([bit]) => (mask & bit) !== 0).map(([, name]) => name))]],
  }),
  // always a test of the state, which says that connection tracking is wanted
  bpf: ({ mask }) => ({
    groups: [
      [
        anyBit(
          'conntrackState',
          bits.reduce((all, [bit, name]) => ((mask & bit) === 0 ? all : all | conntrackState[name]), 0),
        ),
      ],
    ],
  }),
});
