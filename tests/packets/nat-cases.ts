import { rawTargetCases } from './ct-cases.ts';
import { dnatCases } from './dnat-cases.ts';
import { ownAddressCases } from './masquerade-cases.ts';
import type { NatCase } from './nat-case.ts';
import { netmapCases } from './netmap-cases.ts';
import { oddCases } from './odd-nat-cases.ts';
import { snatCases } from './snat-cases.ts';
import { synproxyCases } from './synproxy-cases.ts';
import { teeCases } from './tee-cases.ts';
import { tproxyCases } from './tproxy-cases.ts';

export const natCases: Readonly<Record<string, readonly NatCase[]>> = {
  DNAT: dnatCases,
  SNAT: snatCases,
  'MASQUERADE and REDIRECT': ownAddressCases,
  NETMAP: netmapCases,
  'CT, NOTRACK and TRACE': rawTargetCases,
  TEE: teeCases,
  TPROXY: tproxyCases,
  'odd packets': oddCases,
  SYNPROXY: synproxyCases,
};
