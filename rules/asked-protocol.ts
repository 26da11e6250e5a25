import { IPT_INV_PROTO } from '../protocol/ip-tables.ts';
import type { HeaderMatch } from './ir.ts';

/** The protocol that every packet of a rule has (`-p`); 0 where it asks for none, or for any but one. */
export function askedProtocol({ protocol, inverted }: Pick<HeaderMatch, 'protocol' | 'inverted'>): number {
  return (inverted & IPT_INV_PROTO) === 0 ? protocol : 0;
}
