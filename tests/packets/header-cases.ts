import type { PacketCase } from './case.ts';
import { chunkCases } from './chunk-cases.ts';
import { headerRawCases } from './header-raw-cases.ts';
import { ipFieldCases } from './ip-field-cases.ts';
import { ipsecCases } from './ipsec-cases.ts';
import type { MatchCase } from './matching.ts';
import { routeCases } from './route-cases.ts';
import { tcpmssCases } from './tcpmss-cases.ts';

/** Each says which of its packets its rule takes. */
export const headerMatchCases: Readonly<Record<string, readonly MatchCase[]>> = {
  ...ipsecCases,
  ...ipFieldCases,
  ...chunkCases,
  tcpmss: tcpmssCases,
};

export const headerCases: Readonly<Record<string, readonly PacketCase[]>> = {
  ...routeCases,
  'what iptables has no words for': headerRawCases,
};
