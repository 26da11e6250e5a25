import { hooks } from '../../protocol/x-tables.ts';
import { cannotExpress, defineTarget, type NftContext, type NftTarget, refuse } from '../extension.ts';
import { checkOneRange } from '../nat/nat-check.ts';
import { compatRange, type NatRange, natFlag } from '../nat/nat-range.ts';
import { natOf } from '../nat/nft-nat.ts';
import type { NftExpression, NftNat } from '../nft/json.ts';
import { dottedQuad, prefixLength } from '../text/address.ts';

const ALL = 0xffffffff;
const ofSource = (1 << hooks.INPUT) | (1 << hooks.POSTROUTING);
const ofDestination = (1 << hooks.PREROUTING) | (1 << hooks.OUTPUT);

/**
 * NETMAP, revision 0 (net/netfilter/xt_NETMAP.c; libipt_NETMAP.c): puts the network part of one address in
 * place of another's: the destination's in PREROUTING and OUTPUT, the source's in INPUT and POSTROUTING.
 */
export const netmap = defineTarget<NatRange>({
  name: 'NETMAP',
  revisions: { 0: compatRange },
  coverage: {
    partly: [
      'a rule in a user chain that is reached from PREROUTING or OUTPUT as well as from INPUT or POSTROUTING: nft must be told whether source or destination',
      'what iptables never sends: ports without a protocol, other flags',
    ],
  },
  examples: [
    '-j NETMAP --to {network}',
    '-s {network} -j NETMAP --to {network}',
    '-d {network} -j NETMAP --to {network}',
  ],
  placement: { table: 'nat', hooks: ofSource | ofDestination },
  check(info) {
    if ((info.flags & natFlag.MAP_IPS) === 0) refuse('NETMAP: wants addresses');
    checkOneRange('NETMAP', info);
  },
  print: (info) => ` to:${networkText(info)}`,
  save: (info) => ` --to ${networkText(info)}`,
  nft: translation,
});

/** Where no packet comes by there is nothing to be told. */
function translation(info: NatRange, { header, hooks: from }: NftContext): NftTarget {
  const isSource = (from & ofSource) !== 0;
  if (isSource && (from & ofDestination) !== 0)
    cannotExpress('NETMAP: reached from hooks of the source and of the destination; nft must be told which');
  if (from === 0) return { statements: [] };
  const ordered = inOrder(info);
  const addr = mappedAddress(ordered, isSource ? 'saddr' : 'daddr');
  const mapped: NftNat = { ...natOf('NETMAP', ordered, header), addr };
  return { statements: [isSource ? { snat: mapped } : { dnat: mapped }] };
}

/**
 * The host's part of the packet's address in the network. nft has a flag for this, but with it the kernel leaves
 * bytes behind the new address as they come (nft_nat.c, nft_nat_setup_netmap): where it is the old one, the
 * connection is taken for a translated one.
 */
function mappedAddress({ minAddress: [min], maxAddress: [max] }: NatRange, field: 'saddr' | 'daddr'): NftExpression {
  const hosts = (min ^ max) >>> 0;
  if (hosts === 0) return dottedQuad(min);
  const address: NftExpression = { payload: { protocol: 'ip', field } };
  return hosts === ALL ? address : { '|': [{ '&': [address, dottedQuad(hosts)] }, dottedQuad(min)] };
}

/** The same network from its lowest address to its highest. */
function inOrder({ minAddress, maxAddress, ...rest }: NatRange): NatRange {
  const [min, max] = [minAddress[0], maxAddress[0]];
  return { ...rest, minAddress: [(min & max) >>> 0, 0, 0, 0], maxAddress: [(min | max) >>> 0, 0, 0, 0] };
}

/** The mask is what the first and the last address have in common. */
function networkText({ minAddress: [min], maxAddress: [max] }: NatRange): string {
  const mask = ~(min ^ max) >>> 0;
  return `${dottedQuad(min)}/${prefixLength(mask) ?? dottedQuad(mask)}`;
}
