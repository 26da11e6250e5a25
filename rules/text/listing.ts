import type { ChainView } from '../blob/chains.ts';
import type { BlobView } from '../blob/view.ts';
import type { Names } from '../extension.ts';
import type { Counters } from '../ir.ts';
import { listedChains, mapRules, referenceCounts } from './chains.ts';
import { counterWord } from './counters.ts';
import type { ListingOptions } from './listing-options.ts';
import { row } from './row.ts';
import { targetName } from './target-text.ts';

/**
 * What `iptables -L` prints of a table, byte for byte as iptables-legacy 1.8.9 does (iptables.c,
 * list_entries). One char per byte (latin1). An unknown chain gives "".
 */
export function listing(view: BlobView, options: ListingOptions, names: Names): string {
  const headings = options.ruleNumber === undefined;
  const references = headings ? referenceCounts(view) : new Map<string, number>();
  return listedChains(view, options)
    .map((chain) => {
      const heading = headings ? headingText(aboutChain(view, chain, references, options), options, chain.name) : '';
      return heading + mapRules(view, chain, options, (rule, number) => row(rule, number, options, names));
    })
    .join('\n');
}

/** What stands in a heading's brackets: the policy of a built-in chain, the references to a user chain. */
function aboutChain(
  view: BlobView,
  chain: ChainView,
  references: ReadonlyMap<string, number>,
  { verbose = false, exact = false }: ListingOptions,
): string {
  if (chain.kind === 'user') return `${references.get(chain.name) ?? 0} references`;
  const { target, counters } = view.rule(chain.last);
  return `policy ${targetName(target)}${verbose ? policyCounters(counters, exact) : ''}`;
}

function policyCounters({ packets, bytes }: Counters, exact: boolean): string {
  return ` ${counterWord(packets, exact)} packets, ${counterWord(bytes, exact)} bytes`;
}

/** `Chain INPUT (policy ACCEPT 0 packets, 0 bytes)` and the names of the columns (xshared.c, print_header). */
function headingText(
  about: string,
  { verbose = false, exact = false, lineNumbers = false }: ListingOptions,
  name: string,
): string {
  return [
    `Chain ${name} (${about})\n`,
    lineNumbers ? 'num  ' : '',
    verbose ? `${'pkts'.padStart(exact ? 8 : 5)} ${'bytes'.padStart(exact ? 10 : 5)} ` : '',
    `${'target'.padEnd(9)}  prot opt`,
    verbose ? ` ${'in'.padEnd(6)} ${'out'.padEnd(6)} ` : '',
    ` ${'source'.padEnd(19)}  ${'destination'.padEnd(19)} \n`,
  ].join('');
}
