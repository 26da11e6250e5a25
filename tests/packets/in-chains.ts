import type { TableName } from '../../rules/ir.ts';
import { type PacketCase, table } from './case.ts';
import { fragments, odd, truncated } from './odd-packets.ts';
import type { Sent } from './packet.ts';

export const oddOnes = [...fragments, ...truncated, ...odd];

/** A target in every chain where it may stand, with what it did shown by rules behind it. */
export function inChains(
  target: string,
  chains: readonly string[],
  packets: readonly Sent[],
  more: { readonly tests?: readonly string[]; readonly name?: TableName; readonly protocol?: string } = {},
): PacketCase {
  const { tests = [], name = 'mangle', protocol } = more;
  const p = protocol === undefined ? '' : ` ${protocol}`;
  const rules = chains.flatMap((chain) => [
    `-A ${chain}${p} -j ${target}`,
    ...tests.map((test) => `-A ${chain} ${test}`),
  ]);
  return { title: target, steps: [{ restore: table(name, rules) }, { send: packets }] };
}

export const everywhere = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'];
