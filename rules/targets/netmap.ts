import { hooks } from '../../protocol/x-tables.ts';
import { cannotExpress, defineTarget, refuse } from '../extension.ts';
import { checkOneRange } from '../nat/nat-check.ts';
import { compatRange, type NatRange, natFlag } from '../nat/nat-range.ts';
import { dottedQuad, prefixLength } from '../text/address.ts';

const natHooks = (1 << hooks.PREROUTING) | (1 << hooks.INPUT) | (1 << hooks.OUTPUT) | (1 << hooks.POSTROUTING);

const reason = 'nft must be told whether source or destination, which NETMAP takes from the hook';

/**
 * NETMAP, revision 0 (net/netfilter/xt_NETMAP.c; libipt_NETMAP.c): puts the network part of one address in
 * place of another's: the destination's in PREROUTING and OUTPUT, the source's in INPUT and POSTROUTING.
 */
export const netmap = defineTarget<NatRange>({
  name: 'NETMAP',
  revisions: { 0: compatRange },
  coverage: { none: reason },
  examples: [
    '-j NETMAP --to {network}',
    '-s {network} -j NETMAP --to {network}',
    '-d {network} -j NETMAP --to {network}',
  ],
  placement: { table: 'nat', hooks: natHooks },
  check(info) {
    if ((info.flags & natFlag.MAP_IPS) === 0) refuse('NETMAP: wants addresses');
    checkOneRange('NETMAP', info);
  },
  print: (info) => ` to:${networkText(info)}`,
  save: (info) => ` --to ${networkText(info)}`,
  nft: () => cannotExpress(`NETMAP: ${reason}`),
});

/** The mask is what the first and the last address have in common. */
function networkText({ minAddress: [min], maxAddress: [max] }: NatRange): string {
  const mask = ~(min ^ max) >>> 0;
  return `${dottedQuad(min)}/${prefixLength(mask) ?? dottedQuad(mask)}`;
}
