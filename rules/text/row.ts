import {
  IPT_F_FRAG,
  IPT_F_GOTO,
  IPT_INV_DSTIP,
  IPT_INV_FRAG,
  IPT_INV_PROTO,
  IPT_INV_SRCIP,
} from '../../protocol/ip-tables.ts';
import type { Names } from '../extension.ts';
import type { Rule } from '../ir.ts';
import { listedAddress } from './address.ts';
import { counterColumn } from './counters.ts';
import { listedMatch } from './extension-text.ts';
import { interfaceColumns } from './interface.ts';
import type { ListingOptions } from './listing-options.ts';
import { protocolName } from './protocol-name.ts';
import { targetDetails, targetName } from './target-text.ts';

/** One rule as a line of `iptables -L`, `number` being its place in its chain from 1 (iptables.c, print_firewall). */
export function row(rule: Rule, number: number, options: ListingOptions, names: Names): string {
  const { header, matches, target } = rule;
  const numeric = options.numeric === true;
  const context = { numeric, names, header };
  const inverted = (bit: number): string => ((header.inverted & bit) === 0 ? ' ' : '!');
  return [
    options.lineNumbers === true ? `${number.toString().padEnd(4)} ` : '',
    options.verbose === true ? countersColumns(rule, options.exact === true) : '',
    `${targetName(target).padEnd(9)} `,
    `${inverted(IPT_INV_PROTO)}${protocolColumn(header.protocol, numeric, names)} `,
    (header.inverted & IPT_INV_FRAG) === 0 ? '-' : '!',
    (header.flags & IPT_F_FRAG) === 0 ? '- ' : 'f ',
    options.verbose === true ? interfaceColumns(header, numeric) : '',
    `${inverted(IPT_INV_SRCIP)}${listedAddress(header.source, header.sourceMask, numeric, names).padEnd(19)} `,
    `${inverted(IPT_INV_DSTIP)}${listedAddress(header.destination, header.destinationMask, numeric, names).padEnd(19)} `,
    (header.flags & IPT_F_GOTO) === 0 ? '' : '[goto] ',
    ...matches.map((match) => listedMatch(match, context)),
    targetDetails(target, context),
    '\n',
  ].join('');
}

function countersColumns({ counters }: Rule, exact: boolean): string {
  return `${counterColumn(counters.packets, exact)} ${counterColumn(counters.bytes, exact)} `;
}

/** iptables keeps the protocol in 8 bits here, so that 262 shows as 6; and -n means the number, since 1.8.9. */
function protocolColumn(protocol: number, numeric: boolean, names: Names): string {
  const low = protocol & 0xff;
  return (numeric ? low.toString() : (protocolName(low, names) ?? low.toString())).padEnd(4);
}
