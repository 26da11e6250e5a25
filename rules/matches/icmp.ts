import { array, defineStruct, u8, type ValueOf } from '../../protocol/struct.ts';
import { never, rangeGroups } from '../bpf/groups.ts';
import { type BpfMatch, masked } from '../bpf/test.ts';
import { defineMatch, type NftAlternatives } from '../extension.ts';
import { isFirst } from '../nft/fragment.ts';
import { icmpTypeName } from '../ports/icmp-type-names.ts';
import { allOf, type Condition, numberTest } from '../ports/number-range.ts';
import { checkInvertFlags, printUnknownFlags } from '../ports/unknown-flags.ts';
import { structRevision } from '../struct-revision.ts';

const ipt_icmp = defineStruct('ipt_icmp', 'linux/netfilter_ipv4/ip_tables.h', {
  type: u8,
  code: array(u8, 2),
  invflags: u8,
});

export type IcmpInfo = ValueOf<typeof ipt_icmp>;

const INV = 0x01; // IPT_ICMP_INV
const ANY = 0xff;

/** `-m icmp`: type and codes of ICMP (net/netfilter/xt_tcpudp.c, extensions/libipt_icmp.c). */
export const icmp = defineMatch<IcmpInfo>({
  name: 'icmp',
  revisions: { 0: structRevision(ipt_icmp) },
  coverage: 'all',
  examples: ['-p icmp -m icmp {|!} --icmp-type {icmptype}'],
  placement: { protocol: 1 },
  check: ({ invflags }) => checkInvertFlags('icmp', invflags, INV),
  print: (info, { numeric }) => ` icmp${printType(info, numeric)}${printUnknownFlags(info.invflags, INV)}`,

  // iptables writes the first code only, even of a range
  save({ type, code: [min, max], invflags }) {
    const code = min === 0 && max === 0xff ? '' : `/${min}`;
    return `${(invflags & INV) !== 0 ? ' !' : ''} --icmp-type ${type === ANY ? 'any' : `${type}${code}`}`;
  },

  nft: (info) => ({ alternatives: alternatives(info), transport: { bytes: 8 } }),
  bpf: (info) => ({ groups: groups(info), transport: { need: 2 } }),
});

/** Without a space before "type" unless inverted: "icmptype 8 code 0", as iptables really prints it. */
function printType({ type, code: [min, max], invflags }: IcmpInfo, numeric: boolean): string {
  const inverted = (invflags & INV) !== 0;
  const name = numeric ? undefined : icmpTypeName(type, min, max);
  if (name !== undefined) return ` ${inverted ? '!' : ''}${name}`;
  const codes = min === max ? ` code ${min}` : min !== 0 || max !== 0xff ? ` codes ${min}-${max}` : '';
  return `${inverted ? ' !' : ''}type ${type}${codes}`;
}

/** Type 255 is any type with any code. Inverted: another type, or this type with another code. */
function alternatives({ type, code: [min, max], invflags }: IcmpInfo): NftAlternatives {
  const inverted = (invflags & INV) !== 0;
  if (type === ANY) return inverted ? [] : [[isFirst]];
  const typeIs = (not: boolean) => test('type', type, type, not);
  const codeIs = (not: boolean) => test('code', min, max, not);
  const wanted = inverted
    ? [typeIs(true), allOf([typeIs(false), codeIs(true)])]
    : [allOf([typeIs(false), codeIs(false)])];
  return wanted.filter((condition) => condition !== 'never').map((condition) => [...condition, isFirst]);
}

function test(field: string, min: number, max: number, inverted: boolean): Condition {
  return numberTest({ protocol: 'icmp', field, limit: 0xff }, [{ min, max }], inverted);
}

/** Type and code are one field there, the type in its upper half. */
function groups({ type, code: [min, max], invflags }: IcmpInfo): BpfMatch['groups'] {
  const inverted = (invflags & INV) !== 0;
  if (type === ANY) return inverted ? never : [];
  if (min === 0 && max === 0xff) return [[masked('icmpType', type << 8, 0xff00, inverted)]];
  return rangeGroups(['icmpType'], 0xffff, [{ min: (type << 8) | min, max: (type << 8) | max }], inverted);
}
