import type { BlobView } from '../blob/view.ts';
import type { Names } from '../extension.ts';
import { type ListedChain, listedChains } from './chains.ts';
import { counterWord } from './counters.ts';
import type { ListingOptions } from './listing-options.ts';
import { row } from './row.ts';
import { targetName } from './target-text.ts';

/**
 * What `iptables -L` prints of a table, byte for byte as iptables-legacy 1.8.9 does (iptables.c,
 * list_entries). One char per byte (latin1). An unknown chain gives "".
 */
export function listing(view: BlobView, options: ListingOptions, names: Names): string {
  return listedChains(view)
    .filter(({ name }) => options.chain === undefined || name === options.chain)
    .map((chain) => chainText(chain, options, names))
    .join('\n');
}

function chainText(chain: ListedChain, options: ListingOptions, names: Names): string {
  const { ruleNumber } = options;
  const rows = chain.rules
    .map((rule, index) => ({ rule, number: index + 1 }))
    .filter(({ number }) => ruleNumber === undefined || number === ruleNumber)
    .map(({ rule, number }) => row(rule, number, options, names));
  return (ruleNumber === undefined ? headingText(chain, options) : '') + rows.join('');
}

/** `Chain INPUT (policy ACCEPT 0 packets, 0 bytes)` and the names of the columns (xshared.c, print_header). */
function headingText({ name, policy, references }: ListedChain, options: ListingOptions): string {
  const { verbose = false, exact = false, lineNumbers = false } = options;
  const about =
    policy === undefined
      ? `${references} references`
      : `policy ${targetName(policy.target)}${verbose ? policyCounters(policy.counters, exact) : ''}`;
  const counters = `${'pkts'.padStart(exact ? 8 : 5)} ${'bytes'.padStart(exact ? 10 : 5)} `;
  return [
    `Chain ${name} (${about})\n`,
    lineNumbers ? 'num  ' : '',
    verbose ? counters : '',
    `${'target'.padEnd(9)}  prot opt`,
    verbose ? ` ${'in'.padEnd(6)} ${'out'.padEnd(6)} ` : '',
    ` ${'source'.padEnd(19)}  ${'destination'.padEnd(19)} \n`,
  ].join('');
}

function policyCounters({ packets, bytes }: { readonly packets: bigint; readonly bytes: bigint }, exact: boolean): string {
  return ` ${counterWord(packets, exact)} packets, ${counterWord(bytes, exact)} bytes`;
}
