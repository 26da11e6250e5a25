import type { BlobView } from '../blob/view.ts';
import type { Names } from '../extension.ts';
import { listedChains } from './chains.ts';
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
  const chains = listedChains(view).filter(({ name }) => options.chain === undefined || name === options.chain);
  const heads = chains.map(({ name, policy }) =>
    policy === undefined
      ? `-N ${name}\n`
      : `-P ${name} ${targetName(policy.target)}${counters ? countersText(policy.counters) : ''}\n`,
  );
  const rules = chains.flatMap((chain) =>
    chain.rules
      .filter((_, index) => options.ruleNumber === undefined || index + 1 === options.ruleNumber)
      .map((rule) => `${ruleText(rule, chain.name, undefined, { names, counters })}\n`),
  );
  return [...(options.ruleNumber === undefined ? heads : []), ...rules].join('');
}
