import { BpfilterError } from '../../protocol/error.ts';
import type { Counters } from '../ir.ts';
import { counterId } from './names.ts';

/** A counter object; its own braces hold no others. nft prints the fields in this order and spacing. */
const usual = /\{"counter": \{"family": "\w+", "name": "r(\d+)", "table": "\w+", "handle": \d+, "packets": (-?\d+), "bytes": (-?\d+)\}\}/g;

/** Any other order or spacing, further fields included. */
const anyCounter = /\{\s*"counter"\s*:\s*\{([^{}]*)\}\s*\}/g;

/**
 * Packets and bytes of each counter `r<ID>` in what `nft -j list counters` printed. Read from the text,
 * since numbers past 2^53 don't survive JSON.parse; past 2^63 nft prints them negative. Throws
 * `dataplane` for text that is no listing.
 */
export function countersById(listing: string): ReadonlyMap<number, Counters> {
  if (!/^\s*\{\s*"nftables"\s*:\s*\[/.test(listing) || !/\]\s*\}\s*$/.test(listing)) {
    throw new BpfilterError('dataplane', `nft's listing of counters: not whole (${listing.length} characters)`);
  }
  const found = new Map<number, Counters>();
  for (const [, id, packets, bytes] of listing.matchAll(usual)) {
    found.set(Number(id), { packets: u64(packets), bytes: u64(bytes) });
  }
  if (found.size < occurrences(listing)) readAnyOrder(listing, found);
  return found;
}

function readAnyOrder(listing: string, found: Map<number, Counters>): void {
  for (const [, body = ''] of listing.matchAll(anyCounter)) {
    const id = counterId(/"name"\s*:\s*"([^"]*)"/.exec(body)?.[1] ?? '');
    if (id === undefined) continue;
    found.set(id, {
      packets: u64(/"packets"\s*:\s*(-?\d+)/.exec(body)?.[1]),
      bytes: u64(/"bytes"\s*:\s*(-?\d+)/.exec(body)?.[1]),
    });
  }
}

function occurrences(listing: string): number {
  let count = 0;
  for (let at = listing.indexOf('"counter"'); at >= 0; at = listing.indexOf('"counter"', at + 1)) count += 1;
  return count;
}

function u64(digits: string | undefined): bigint {
  if (digits === undefined) throw new BpfilterError('dataplane', "nft's listing of counters: one without packets or bytes");
  return digits.length < 16 ? BigInt(Number(digits)) : BigInt.asUintN(64, BigInt(digits));
}
