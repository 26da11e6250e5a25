import type { ChainView } from '../blob/chains.ts';
import type { BlobView } from '../blob/view.ts';
import type { Names } from '../extension.ts';
import { listedChains, mapRules } from './chains.ts';
import type { ListingOptions } from './listing-options.ts';
import { countersText, ruleText } from './spec.ts';
import { targetName } from './target-text.ts';

/**
 * What `iptables -S` prints of a table: policies and user chains first, then the rules (iptables.c,
 * list_rules). Of the options it knows the chain, the rule number and verbose (counters). One char per
 * byte (latin1). An unknown chain gives "".
 */
export function savedListing(
  view: BlobView,
  options: Pick<ListingOptions, 'chain' | 'ruleNumber' | 'verbose'>,
  names: Names,
): string {
  const counters = options.verbose === true;
  const chains = listedChains(view, options);
  const heads = options.ruleNumber === undefined ? chains.map((chain) => headText(view, chain, counters)) : [];
  const rules = chains.map((chain) =>
    mapRules(view, chain, options, (rule) => `${ruleText(rule, chain.name, undefined, { names, counters })}\n`),
  );
  return [...heads, ...rules].join('');
}

/** `-P INPUT ACCEPT` or `-N CHAIN`. */
function headText(view: BlobView, chain: ChainView, counters: boolean): string {
  if (chain.kind === 'user') return `-N ${chain.name}\n`;
  const policy = view.rule(chain.last);
  return `-P ${chain.name} ${targetName(policy.target)}${counters ? countersText(policy.counters) : ''}\n`;
}
