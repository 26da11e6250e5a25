import type { ChainGraph } from './chains.ts';

/**
 * Which hooks each entry can be reached from as nf_tables sees it (nft_chain_validate, net/netfilter/nf_tables_api.c):
 * 1 << hook, by entry. It follows every jump of a chain that is reached, where ip_tables (`markSourceChains`) looks at
 * none behind a rule that ends the chain for all packets. Entries of no chain have none.
 */
export function hooksByJumps({ chains, jumps }: ChainGraph, count: number): Uint8Array {
  const masks = chains.map(({ hook }) => (hook === undefined ? 0 : 1 << hook));
  const changed = [...masks.keys()].filter((at) => masks[at] !== 0);
  for (let at = changed.pop(); at !== undefined; at = changed.pop()) {
    const chain = chains[at];
    const mask = masks[at] ?? 0;
    if (chain === undefined) continue;
    for (let index = chain.first; index <= chain.last; index += 1) {
      const to = jumps[index] ?? -1;
      if (to < 0 || ((masks[to] ?? 0) | mask) === masks[to]) continue;
      masks[to] = (masks[to] ?? 0) | mask;
      changed.push(to);
    }
  }
  const hooks = new Uint8Array(count);
  for (const [at, { first, last }] of chains.entries()) hooks.fill(masks[at] ?? 0, first, last + 1);
  return hooks;
}
