import type { TransportHeader } from '../extension.ts';
import { isFirst, isFragment, isOffsetOne } from './fragment.ts';
import type { NftStatement } from './json.ts';
import { guardChainName } from './names.ts';

/** What a guard asks of a packet. */
export interface GuardSpec {
  readonly bytes: number;
  readonly dropsOffsetOne: boolean;
}

/** The guard that a match on such a transport header needs. */
export function guardSpec({ bytes, dropsOffsetOne = false }: TransportHeader): GuardSpec {
  return { bytes, dropsOffsetOne };
}

/** The name of the chain that drops what isn't there whole: `guard_8`, with `_1` where offset 1 is dropped too. */
export function guardName({ bytes, dropsOffsetOne }: GuardSpec): string {
  return guardChainName(bytes, dropsOffsetOne);
}

/**
 * The rules of a guard chain: what ip_tables' `hotdrop` drops, uncounted; any other packet returns.
 * Kernel: skb_header_pointer fails, or (tcp) the fragment offset is 1 (tcp_mt, net/netfilter/xt_tcpudp.c).
 */
export function guardRules({ bytes, dropsOffsetOne }: GuardSpec): readonly (readonly NftStatement[])[] {
  const offsetOne: readonly NftStatement[] = [isOffsetOne, { drop: null }];
  return [
    ...(dropsOffsetOne ? [offsetOne] : []),
    [isFragment, { return: null }],
    [loads(bytes), { return: null }],
    [{ drop: null }],
  ];
}

/** Holds for what the guard lets through with a header: no later fragment, and all of the bytes there. */
export function isWhole({ bytes }: GuardSpec): readonly NftStatement[] {
  return [isFirst, loads(bytes)];
}

/**
 * True whenever the last of the bytes can be read; a load that fails ends the rule. One bit is never 2,
 * and no nft works that out.
 */
function loads(bytes: number): NftStatement {
  const lastByte = { payload: { base: 'th', offset: (bytes - 1) * 8, len: 8 } } as const;
  return { match: { op: '!=', left: { '&': [lastByte, 1] }, right: 2 } };
}
