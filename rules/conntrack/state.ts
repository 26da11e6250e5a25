import type { NftStatement } from '../nft/json.ts';

/** What nft calls the state of a packet: exactly one holds for each packet. */
export type CtState = 'invalid' | 'established' | 'related' | 'new' | 'untracked';

/** States of packets without a conntrack entry. */
export const absentStates = ['invalid', 'untracked'] as const satisfies readonly CtState[];
/** States of packets that have one. */
export const presentStates = ['established', 'related', 'new'] as const satisfies readonly CtState[];

/** XT_CONNTRACK_STATE_* (linux/netfilter/xt_conntrack.h). */
export const conntrackState = {
  invalid: 0x01,
  established: 0x02,
  related: 0x04,
  new: 0x08,
  snat: 0x40,
  dnat: 0x80,
  untracked: 0x100,
} as const;

const printed = [
  [conntrackState.invalid, 'INVALID'],
  [conntrackState.new, 'NEW'],
  [conntrackState.related, 'RELATED'],
  [conntrackState.established, 'ESTABLISHED'],
  [conntrackState.untracked, 'UNTRACKED'],
  [conntrackState.snat, 'SNAT'],
  [conntrackState.dnat, 'DNAT'],
] as const;

/** The states of a mask as iptables lists them, with a leading space; "" for none (libxt_conntrack.c, print_state). */
export function statesText(mask: number): string {
  const names = printed.filter(([bit]) => (mask & bit) !== 0).map(([, name]) => name);
  return names.length === 0 ? '' : ` ${names.join(',')}`;
}

/** The packet is in one of these states. Without any, no packet is: the test is there all the same. */
export function stateIn(states: readonly CtState[]): NftStatement {
  const left = { ct: { key: 'state' } };
  const [first, ...more] = states;
  // A rule that looks at the state switches connection tracking on, even where it can't match.
  if (first === undefined) return { match: { op: '==', left, right: 0 } };
  return { match: { op: 'in', left, right: more.length === 0 ? first : states } };
}
