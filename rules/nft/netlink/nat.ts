import type { NftExpression, NftNat, NftStatement, NftValue } from '../json.ts';
import { bytesOf, datumOfBytes } from './datum.ts';
import type { Evaluation } from './evaluation.ts';
import { type Attribute, type Expression, type ExpressionName, u32 } from './expression.ts';
import type { Operand } from './load.ts';
import { immediate } from './load-expressions.ts';
import { mapOf, saysIntervals } from './map.ts';
import { registerOf, WORDS_OF_VALUE } from './registers.ts';
import { sourceExpressions } from './source.ts';
import { datatype } from './types.ts';
import { unsupported } from './unsupported.ts';
import { datumOf, prefixMask } from './value.ts';

/** What is written into packets; the load is never read. */
const nowhere = { kind: 'meta', key: 0 } as const;
export const ADDRESS: Operand = { load: nowhere, size: 4, notation: 'address', key: { type: datatype.ipv4 } };
export const PORT: Operand = { load: nowhere, size: 2, notation: 'number', key: { type: datatype.port } };

/** How the kernel's expressions name their attributes (NFTA_NAT_*, NFTA_MASQ_*, NFTA_REDIR_*). */
interface NatForm {
  readonly name: ExpressionName;
  readonly fixed: readonly Attribute[];
  readonly flags: number;
  readonly addresses?: readonly [number, number];
  readonly ports: readonly [number, number];
}

const IPV4 = 2; // NFPROTO_IPV4

function translation(type: number): NatForm {
  return { name: 'nat', fixed: [u32(1, type), u32(2, IPV4)], flags: 7, addresses: [3, 4], ports: [5, 6] };
}

const forms = {
  snat: translation(0), // NFT_NAT_SNAT
  dnat: translation(1),
  masquerade: { name: 'masq', fixed: [], flags: 1, ports: [2, 3] },
  redirect: { name: 'redir', fixed: [], flags: 3, ports: [1, 2] },
} as const satisfies Readonly<Record<string, NatForm>>;

export type NatKind = keyof typeof forms;
export const natKinds = Object.keys(forms) as readonly NatKind[];

/** NF_NAT_RANGE_* (linux/netfilter/nf_nat.h) that nft sets; that there is an address the kernel adds itself. */
const WITH_PORT = 2;
const flagBits = { random: 4, persistent: 8, 'fully-random': 16, netmap: 64 } as const;

export function addNat(kind: NatKind, nat: NftNat | null, evaluation: Evaluation): void {
  const form: NatForm = forms[kind];
  const { addr, port, flags = [], family } = nat ?? {};
  if (family !== undefined && family !== 'ip') unsupported(`${kind} of family ${family}`);
  if (addr !== undefined && form.addresses === undefined) unsupported(`${kind} to an address`);
  if (port !== undefined) evaluation.protocols.needsTransport();
  const bits = [flags]
    .flat()
    .reduce(
      (sum, flag) => sum | (flagBits[flag] ?? unsupported(`${kind} ${flag}`)),
      port === undefined ? 0 : WITH_PORT,
    );
  const expressions: Expression[] = [];
  const attributes: Attribute[] = [...form.fixed, ...(bits === 0 ? [] : [u32(form.flags, bits)])];
  let slot = 0;
  const put = (value: NftExpression, target: Operand, [first, last]: readonly [number, number]) => {
    const bounds = boundsOf(value);
    const registers = [first, last].slice(0, bounds.length);
    for (const [at, type] of registers.entries()) {
      expressions.push(...sourceOf(bounds[at] ?? value, target, evaluation, slot));
      attributes.push(u32(type, registerOf(slot)));
      slot += WORDS_OF_VALUE;
    }
    // a map of prefixes says both ends at once, one behind the other
    const map = mapOf(value);
    if (map !== undefined && saysIntervals(map)) attributes.push(u32(last, registerOf(slot - WORDS_OF_VALUE + 1)));
  };
  if (addr !== undefined && form.addresses !== undefined) put(addr, ADDRESS, form.addresses);
  if (port !== undefined) put(port, PORT, form.ports);
  evaluation.steps.push({ kind: 'plain', expressions: [...expressions, { name: form.name, attributes }] });
}

interface LastOf {
  readonly lastOf: { readonly addr: string; readonly len: number };
}
type Bound = NftExpression | LastOf;

/** Both ends of a range or a prefix, else the one value. */
function boundsOf(value: NftExpression): readonly Bound[] {
  if (typeof value !== 'object' || Array.isArray(value)) return [value];
  if ('range' in value) return value.range as readonly [NftValue, NftValue];
  if ('prefix' in value) return [value.prefix.addr, { lastOf: value.prefix }];
  return [value];
}

function sourceOf(bound: Bound, target: Operand, evaluation: Evaluation, slot: number): readonly Expression[] {
  if (typeof bound !== 'object' || !('lastOf' in bound)) return sourceExpressions(bound, target, evaluation, slot);
  const { addr, len } = bound.lastOf;
  const mask = bytesOf(prefixMask(len, target.size));
  const last = bytesOf(datumOf(addr, target)).map((byte, at) => byte | (~(mask[at] ?? 0) & 0xff));
  return [immediate(slot, datumOfBytes(last))];
}

type Statement<Key extends string> = Extract<NftStatement, Readonly<Record<Key, unknown>>>[Key];

const INTERFACE: Operand = { load: nowhere, size: 4, hostOrder: true, notation: 'number' };

/** A copy to another host, through a device by its number. */
export function addDup({ addr, dev }: Statement<'dup'>, evaluation: Evaluation): void {
  if (typeof dev === 'string') unsupported(`device "${dev}" by its name`);
  const out = dev === undefined ? [] : sourceExpressions(dev, INTERFACE, evaluation, WORDS_OF_VALUE);
  const attributes = [u32(1, registerOf(0)), ...(dev === undefined ? [] : [u32(2, registerOf(WORDS_OF_VALUE))])];
  const expressions = [...sourceExpressions(addr, ADDRESS, evaluation), ...out, { name: 'dup', attributes } as const];
  evaluation.steps.push({ kind: 'plain', expressions });
}

export function addTproxy({ addr, port, family }: Statement<'tproxy'>, evaluation: Evaluation): void {
  if (family !== undefined && family !== 'ip') unsupported(`tproxy of family ${family}`);
  evaluation.protocols.needsTransport();
  const expressions: Expression[] = [];
  const attributes: Attribute[] = [u32(1, IPV4)];
  let slot = 0;
  const put = (value: NftExpression | undefined, target: Operand, type: number) => {
    if (value === undefined) return;
    expressions.push(...sourceExpressions(value, target, evaluation, slot));
    attributes.push(u32(type, registerOf(slot)));
    slot += WORDS_OF_VALUE;
  };
  put(addr, ADDRESS, 2);
  put(port, PORT, 3);
  evaluation.steps.push({ kind: 'plain', expressions: [...expressions, { name: 'tproxy', attributes }] });
}
