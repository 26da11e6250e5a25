import { type AddressFamily, ipv4 } from '../../protocol/family.ts';
import {
  xt_counters,
  xt_entry_match,
  xt_entry_target,
  xt_error_target,
  xt_standard_target,
  xtAlign,
} from '../../protocol/x-tables.ts';
import type { HeaderMatch } from '../ir.ts';
import { decodeHeader, encodeHeader, headerProblem } from './header.ts';

/** Offsets and sizes inside a blob, bytes, as plain numbers for loops that touch every entry. */
export interface BlobLayout {
  readonly family: AddressFamily;
  /** sizeof(struct ipt_entry): where an entry's matches start. */
  readonly entry: number;
  /** sizeof(struct ipt_ip), which stands first in an entry. */
  readonly header: number;
  /** Addresses of the header and their masks, a word each; they stand first. */
  readonly addresses: readonly { readonly of: 'source' | 'destination'; readonly at: number; readonly mask: number }[];
  // Fields of an entry.
  readonly nfcache: number;
  readonly targetOffset: number;
  readonly nextOffset: number;
  readonly comefrom: number;
  readonly counters: number;
  /** Where in the header protocol, flags and inverted flags stand. */
  readonly protocol: number;
  readonly inverted: number;
  /** What is wrong with a header (ip_checkentry), or undefined. */
  headerProblem(bytes: Uint8Array, entry: number): string | undefined;
  decodeHeader(bytes: Uint8Array, entry: number): HeaderMatch;
  encodeHeader(header: HeaderMatch): Uint8Array;
}

const { offsets } = ipv4.entry;
const header = ipv4.header.offsets;

export const ipv4Layout: BlobLayout = {
  family: ipv4,
  entry: ipv4.entry.size,
  header: ipv4.header.size,
  addresses: [
    { of: 'source', at: header.src, mask: header.smsk },
    { of: 'destination', at: header.dst, mask: header.dmsk },
  ],
  nfcache: offsets.nfcache,
  targetOffset: offsets.target_offset,
  nextOffset: offsets.next_offset,
  comefrom: offsets.comefrom,
  counters: offsets.counters,
  protocol: header.proto,
  inverted: header.invflags,
  headerProblem,
  decodeHeader,
  encodeHeader,
};

/** Every family shares what stands behind the header. */
export const extensionHeader = xt_entry_match.size;
export const extensionName = xt_entry_match.offsets.name;
export const extensionRevision = xt_entry_match.offsets.revision;
export const targetData = xt_entry_target.size;
export const standardTargetSize = xt_standard_target.size;
export const errorTargetSize = xt_error_target.size;
export const verdictOffset = xt_standard_target.offsets.verdict;
export const errorNameOffset = xt_error_target.offsets.errorname;
export const counterSize = xt_counters.size;

/** The smallest entry there can be: no matches, a target without data. */
export function smallestEntry(layout: BlobLayout): number {
  return xtAlign(layout.entry + targetData);
}
