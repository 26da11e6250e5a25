import { mayMeetUntrackedAnswer } from '../conntrack/untracked-answer.ts';
import { defineTarget } from '../extension.ts';

/** NOTRACK, revision 0 (net/netfilter/xt_CT.c, notrack_tg): the packet isn't tracked. iptables 1.8 sends CT for it. */
export const notrack = defineTarget<Readonly<Record<string, never>>>({
  name: 'NOTRACK',
  revisions: { 0: { size: 0, decode: () => ({}), encode: () => new Uint8Array(0) } },
  coverage: {
    partly: [
      'what the kernel sends about an untracked packet (a reset of REJECT, an ICMP error): it leaves its state alone',
    ],
  },
  examples: ['-j NOTRACK'],
  placement: { table: 'raw' },
  check() {},
  print: () => '',
  save: () => '',
  nft: (_, { header }) => ({ statements: [{ notrack: null }], secondBest: mayMeetUntrackedAnswer(header) }),
});
