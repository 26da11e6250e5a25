import { IPT_INV_PROTO } from '../../protocol/ip-tables.ts';
import { anyHeader as blankHeader } from '../blob/encode.ts';
import type { HeaderMatch } from '../ir.ts';

/** The header of a rule that takes every packet. */
export const anyHeader: HeaderMatch = blankHeader();

/** A header that tests the protocol only. */
export function headerOf(protocol: number, inverted = 0): HeaderMatch {
  return { ...anyHeader, protocol, inverted };
}

/** -p tcp, and ! -p tcp. */
export const tcp: HeaderMatch = headerOf(6);
export const notTcp: HeaderMatch = headerOf(6, IPT_INV_PROTO);
