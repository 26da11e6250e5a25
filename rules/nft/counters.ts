import { BpfilterError } from '../../protocol/error.ts';
import type { Counters } from '../ir.ts';
import { counterId } from './names.ts';

/** A counter object, whatever its fields' order and spacing; its braces hold no others. */
const counterObject = /"counter"\s*:\s*\{([^{}]*)\}/g;
const nameField = /"name"\s*:\s*"([^"]*)"/;
const packetsField = /"packets"\s*:\s*(-?\d+)/;
const bytesField = /"bytes"\s*:\s*(-?\d+)/;

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
  for (const [, body = ''] of listing.matchAll(counterObject)) {
    const id = counterId(nameField.exec(body)?.[1] ?? '');
    if (id !== undefined)
      found.set(id, { packets: u64(packetsField.exec(body)?.[1]), bytes: u64(bytesField.exec(body)?.[1]) });
  }
  return found;
}

function u64(digits: string | undefined): bigint {
  if (digits === undefined)
    throw new BpfilterError('dataplane', "nft's listing of counters: one without packets or bytes");
  return BigInt.asUintN(64, BigInt(digits));
}
