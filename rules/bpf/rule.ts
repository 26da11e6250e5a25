import {
  IPT_F_FRAG,
  IPT_INV_DSTIP,
  IPT_INV_FRAG,
  IPT_INV_PROTO,
  IPT_INV_SRCIP,
  IPT_INV_VIA_IN,
  IPT_INV_VIA_OUT,
} from '../../protocol/ip-tables.ts';
import { bpfOf, cannotExpress } from '../extension.ts';
import type { HeaderMatch, InterfaceMatch, Rule, TargetUse } from '../ir.ts';
import type { ExtensionLookup } from '../nft/context.ts';
import { type Field, HEADER_TRAITS, traits } from './record.ts';
import { type Compare, type CompiledRule, everything, type Step, type Verdict, writeRule } from './rule-records.ts';
import { type BpfTest, equals, type FieldTest, isLook, masked } from './test.ts';

/** Traits that a test of a field can be compared as: where they begin, and how wide; whether its bytes are swapped. */
const comparable: Partial<Readonly<Record<Field, readonly [at: bigint, bytes: 1 | 2]>>> = {
  protocol: [traits.protocol, 1],
  tcpFlags: [traits.tcpFlags, 1],
  tos: [traits.tos, 1],
  sourcePort: [traits.transport, 2],
  destinationPort: [traits.transport + 16n, 2],
  icmpType: [traits.transport, 2],
};

/** A test that never holds. */
const never: readonly FieldTest[] = [];

/**
 * What the machine does for a rule. Throws `not-expressible` for what it can't, and what extensions throw.
 */
export function compileRule({ header, matches, target }: Rule, lookup: ExtensionLookup): CompiledRule {
  const first = headerCompare(header);
  const steps: Step[] = [{ kind: 'compare', compare: first }, ...headerSteps(header)];
  let looks = false;
  for (const use of matches) {
    const { definition, revision } = lookup.findMatch(use.name, use.revision);
    const { groups, program, transport, inverted = false } = bpfOf(definition, revision.decode(use.data), { header });
    const asCompare = { ...everything, need: transport?.need ?? 0, dropsOffsetOne: transport?.dropsOffsetOne === true };
    const rest = inverted ? groups : groups.filter((tests) => !addTo(asCompare, tests));
    add(steps, asCompare, { beforehand: looks ? undefined : first });
    looks ||= groups.some((tests) => tests.some(isLook));
    if (program !== undefined) {
      steps.push({ kind: 'program', steps: program });
      looks = true;
    } else if (inverted) steps.push(groups.length === 0 ? { kind: 'group', tests: never } : { kind: 'unless', groups });
    else for (const tests of rest) steps.push({ kind: 'group', tests });
  }
  return writeRule(steps, verdictOf(target));
}

function verdictOf(target: TargetUse): Verdict {
  switch (target.kind) {
    case 'accept':
    case 'drop':
    case 'return':
      return { action: target.kind };
    case 'continue':
      return { action: 'next' };
    case 'jump':
    case 'goto':
      return { action: target.kind, chain: target.chain };
    case 'queue':
      return cannotExpress('a BPF program can not queue packets');
    case 'extension':
      return cannotExpress(`target ${target.name}: a BPF program can only let pass or drop`);
    default:
      return target satisfies never;
  }
}

/** Host-order numbers of addresses as they stand in the packet. */
function inPacket(address: number): bigint {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(address >>> 0);
  return BigInt(bytes.readUInt32LE());
}

/** What ip_packet_match (net/ipv4/netfilter/ip_tables.c) compares without an inversion. */
function headerCompare(header: HeaderMatch): Compare {
  const compare = { ...everything };
  const { inverted, protocol, flags } = header;
  if ((inverted & IPT_INV_SRCIP) === 0) {
    compare.addresses |= inPacket(header.source & header.sourceMask);
    compare.addressMask |= inPacket(header.sourceMask);
  }
  if ((inverted & IPT_INV_DSTIP) === 0) {
    compare.addresses |= inPacket(header.destination & header.destinationMask) << 32n;
    compare.addressMask |= inPacket(header.destinationMask) << 32n;
  }
  if (protocol !== 0 && protocol <= 0xff && (inverted & IPT_INV_PROTO) === 0) {
    compare.traits |= BigInt(protocol) << traits.protocol;
    compare.traitMask |= 0xffn << traits.protocol;
  }
  if ((flags & IPT_F_FRAG) !== 0) {
    if ((inverted & IPT_INV_FRAG) === 0) compare.traits |= 1n << traits.fragment;
    compare.traitMask |= 1n << traits.fragment;
  }
  return compare;
}

/** The rest of it: what is inverted, and interfaces. */
function headerSteps(header: HeaderMatch): readonly Step[] {
  const { inverted, protocol, flags } = header;
  const steps: Step[] = [];
  const group = (tests: readonly FieldTest[]) => steps.push({ kind: 'group', tests });
  const address = (field: 'source' | 'destination', value: number, mask: number, isInverted: boolean) => {
    // bits of the address that the mask hides never come out equal
    const isVain = (value & ~mask) >>> 0 !== 0;
    if (isVain && !isInverted) group(never);
    if (!isVain && isInverted) group([masked(field, value, mask, true)]);
  };
  address('source', header.source, header.sourceMask, (inverted & IPT_INV_SRCIP) !== 0);
  address('destination', header.destination, header.destinationMask, (inverted & IPT_INV_DSTIP) !== 0);
  const name = (action: 'inName' | 'outName', wanted: InterfaceMatch, negated: boolean) => {
    if (negated || wanted.mask.some((byte) => byte !== 0)) steps.push({ kind: 'name', action, name: wanted, negated });
  };
  name('inName', header.inInterface, (inverted & IPT_INV_VIA_IN) !== 0);
  name('outName', header.outInterface, (inverted & IPT_INV_VIA_OUT) !== 0);
  if (protocol > 0xff && (inverted & IPT_INV_PROTO) === 0) group(never);
  if (protocol !== 0 && protocol <= 0xff && (inverted & IPT_INV_PROTO) !== 0)
    group([equals('protocol', protocol, true)]);
  if ((inverted & IPT_INV_FRAG) !== 0 && (flags & IPT_F_FRAG) === 0) group(never);
  return steps;
}

/** Takes a group into a compare, where that can say it. */
function addTo(compare: Compare, tests: readonly BpfTest[]): boolean {
  const [test] = tests;
  if (test === undefined || tests.length > 1 || isLook(test) || test.kind !== 'masked' || test.negated === true)
    return false;
  const place = comparable[test.field];
  if (place === undefined) return false;
  const [at, bytes] = place;
  const limit = bytes === 1 ? 0xff : 0xffff;
  if ((test.first & test.second) >>> 0 > limit) return false;
  const raw = (value: number) =>
    BigInt(bytes === 1 ? value & 0xff : ((value & 0xff) << 8) | ((value >>> 8) & 0xff)) << at;
  return merge(compare, { ...everything, traits: raw(test.first & test.second), traitMask: raw(test.second) });
}

/** False where both ask for the same bits, and not for the same. */
function merge(compare: Compare, more: Compare): boolean {
  const common = compare.traitMask & more.traitMask;
  if (((compare.traits ^ more.traits) & common) !== 0n) return false;
  compare.traits |= more.traits;
  compare.traitMask |= more.traitMask;
  return true;
}

/**
 * Adds what a match compares. It goes into the compare before it, if nothing stands between; else it is one of its
 * own, and the first compare asks beforehand for what of it isn't looked at in a packet that isn't whole: such a
 * packet may have to be dropped by a match between the two. With a look between them nothing is asked beforehand: it must see every
 * packet that comes to it.
 */
function add(steps: Step[], more: Compare, { beforehand: first }: { readonly beforehand: Compare | undefined }): void {
  if (more.need === 0 && more.traitMask === 0n) return;
  const last = steps.at(-1);
  if (last?.kind === 'compare' && last.compare.need === 0 && merge(last.compare, more)) {
    last.compare.need = more.need;
    last.compare.dropsOffsetOne = more.dropsOffsetOne;
    return;
  }
  if (first?.need === 0)
    merge(first, { ...more, traits: more.traits & ~HEADER_TRAITS, traitMask: more.traitMask & ~HEADER_TRAITS });
  steps.push({ kind: 'compare', compare: { ...more } });
}
