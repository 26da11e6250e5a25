import {
  IPT_F_FRAG,
  IPT_INV_DSTIP,
  IPT_INV_FRAG,
  IPT_INV_PROTO,
  IPT_INV_SRCIP,
  IPT_INV_VIA_IN,
  IPT_INV_VIA_OUT,
} from '../../protocol/ip-tables.ts';
import type { HeaderMatch, InterfaceMatch } from '../ir.ts';

/**
 * The tests of a header, one place for each kind: equal facets are equal tests, '' is no test. For
 * comparing headers cheaply; only of headers that can match.
 */
export type HeaderFacets = readonly string[];

/** The facets of a header that can match. */
export function headerFacets(header: HeaderMatch): HeaderFacets {
  const not = (flag: number) => ((header.inverted & flag) !== 0 ? '!' : '');
  return [
    header.sourceMask === 0 ? '' : `${not(IPT_INV_SRCIP)}${header.source}/${header.sourceMask}`,
    header.destinationMask === 0 ? '' : `${not(IPT_INV_DSTIP)}${header.destination}/${header.destinationMask}`,
    interfaceFacet(header.inInterface, not(IPT_INV_VIA_IN)),
    interfaceFacet(header.outInterface, not(IPT_INV_VIA_OUT)),
    header.protocol === 0 ? '' : `${not(IPT_INV_PROTO)}${header.protocol}`,
    (header.flags & IPT_F_FRAG) === 0 ? '' : `${not(IPT_INV_FRAG)}f`,
  ];
}

/** Whether a packet that passes `narrow` passes `wide` too, as far as equal tests can tell. */
export function includes(wide: HeaderFacets, narrow: HeaderFacets): boolean {
  for (let at = 0; at < wide.length; at += 1) if (wide[at] !== '' && wide[at] !== narrow[at]) return false;
  return true;
}

function interfaceFacet({ name, mask }: InterfaceMatch, not: string): string {
  const length = mask.indexOf(0);
  if (length === 0) return '';
  const compared = length < 0 ? name : name.subarray(0, length);
  return `${not}${compared.length}${Buffer.from(compared).toString('latin1')}`;
}
