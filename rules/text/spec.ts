import {
  IPT_F_FRAG,
  IPT_INV_DSTIP,
  IPT_INV_FRAG,
  IPT_INV_PROTO,
  IPT_INV_SRCIP,
  IPT_INV_VIA_IN,
  IPT_INV_VIA_OUT,
} from '../../protocol/ip-tables.ts';
import type { Names } from '../extension.ts';
import type { Counters, HeaderMatch, Rule, TableName } from '../ir.ts';
import { savedAddress } from './address.ts';
import { savedMatch } from './extension-text.ts';
import { savedInterface } from './interface.ts';
import { noNames } from './no-names.ts';
import { protocolName } from './protocol-name.ts';
import { savedTargetText } from './target-text.ts';

export interface SpecOptions {
  /** Gives protocols their names; without it only those that iptables knows by itself have one. */
  readonly names?: Names;
  /** Adds ` -c PACKETS BYTES` before the target, as `iptables -S -v` does. */
  readonly counters?: boolean;
}

/**
 * A rule as one types it, and as `iptables -S` prints it: `-A INPUT -p tcp -m tcp --dport 80 -j DROP`,
 * with `-t TABLE` in front when a table is given. No newline. Text is one char per byte (latin1).
 * Never throws for a rule that was decoded, whatever its extensions.
 */
export function ruleText(rule: Rule, chainName: string, tableName?: TableName, options: SpecOptions = {}): string {
  const table = tableName === undefined ? '' : `-t ${tableName} `;
  return `${table}-A ${chainName}${specText(rule, options)}`;
}

/** The rule behind `-A CHAIN`, with its leading space; "" for a rule that says nothing (iptables.c, print_rule4). */
export function specText(rule: Rule, options: SpecOptions = {}): string {
  const { header, matches, target, counters } = rule;
  return [
    headerText(header, options.names ?? noNames),
    ...matches.map((match) => savedMatch(match, header)),
    options.counters === true ? countersText(counters) : '',
    savedTargetText(target, header),
  ].join('');
}

/** ` -c PACKETS BYTES`. */
export function countersText({ packets, bytes }: Counters): string {
  return ` -c ${packets} ${bytes}`;
}

function headerText(header: HeaderMatch, names: Names): string {
  const inverted = (bit: number): boolean => (header.inverted & bit) !== 0;
  return [
    savedAddress('-s', header.source, header.sourceMask, inverted(IPT_INV_SRCIP)),
    savedAddress('-d', header.destination, header.destinationMask, inverted(IPT_INV_DSTIP)),
    savedInterface('-i', header.inInterface, inverted(IPT_INV_VIA_IN)),
    savedInterface('-o', header.outInterface, inverted(IPT_INV_VIA_OUT)),
    header.protocol === 0
      ? ''
      : `${inverted(IPT_INV_PROTO) ? ' !' : ''} -p ${protocolName(header.protocol, names) ?? header.protocol}`,
    (header.flags & IPT_F_FRAG) === 0 ? '' : `${inverted(IPT_INV_FRAG) ? ' !' : ''} -f`,
  ].join('');
}
