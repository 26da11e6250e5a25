import {
  IPT_F_FRAG,
  IPT_INV_DSTIP,
  IPT_INV_FRAG,
  IPT_INV_PROTO,
  IPT_INV_SRCIP,
  IPT_INV_VIA_IN,
  IPT_INV_VIA_OUT,
} from '../../protocol/ip-tables.ts';
import { NOTICES_THERE, needSizes } from '../../rules/bpf/record.ts';
import { holds, type PacketFields } from '../../rules/bpf/testing/holds.ts';
import { bpfOf } from '../../rules/extension.ts';
import type { Chain, HeaderMatch, HookNumber, InterfaceMatch, MatchUse, Rule, Table } from '../../rules/ir.ts';
import type { StringInfo } from '../../rules/matches/string.ts';
import type { U32Info } from '../../rules/matches/u32.ts';
import { findMatch } from '../../rules/registry.ts';
import { withEthernet } from './ethernet.ts';
import { lookAt, type State } from './judge-looks.ts';
import { runClassic } from './run-classic.ts';

/** A packet as a hook sees it; names of interfaces are empty where there is none. */
export interface Seen {
  /** From the IP header on. */
  readonly bytes: Buffer;
  readonly mark: number;
  readonly packetType: number;
  readonly inName: string;
  readonly outName: string;
}

export interface Judgement {
  readonly accepted: boolean;
  /** Indices of the rules that counted it, in order. */
  readonly counted: readonly number[];
}

/** What ip_tables does with a packet (ipt_do_table, net/ipv4/netfilter/ip_tables.c), rule by rule. */
export function judge(table: Table, hook: HookNumber, packet: Seen): Judgement {
  const counted: number[] = [];
  const builtin = table.chains.find((chain) => chain.kind === 'builtin' && chain.hook === hook);
  if (builtin?.kind !== 'builtin') throw new TypeError(`table ${table.name} has no hook ${hook}`);
  const stack: { readonly chain: Chain; readonly next: number }[] = [];
  let [chain, next]: [Chain, number] = [builtin, 0];
  for (;;) {
    const rule: Rule | undefined = entriesOf(chain)[next];
    if (rule === undefined) throw new RangeError(`chain ${chain.name} ends without a verdict`);
    next += 1;
    const outcome = meets(rule, packet);
    if (outcome === 'drop') return { accepted: false, counted };
    if (outcome === 'no') continue;
    counted.push(rule.index);
    const { target }: Rule = rule;
    switch (target.kind) {
      case 'accept':
      case 'drop':
        return { accepted: target.kind === 'accept', counted };
      case 'continue':
        break;
      case 'return': {
        const back = stack.pop();
        [chain, next] = back === undefined ? [builtin, builtin.rules.length] : [back.chain, back.next];
        break;
      }
      case 'jump':
        stack.push({ chain, next });
        [chain, next] = [userChain(table, target.chain), 0];
        break;
      case 'goto':
        [chain, next] = [userChain(table, target.chain), 0];
        break;
      default:
        throw new TypeError(`target ${target.kind} is no matter of BPF`);
    }
  }
}

function entriesOf(chain: Chain): readonly Rule[] {
  return [...chain.rules, chain.kind === 'builtin' ? chain.policy : chain.tail];
}

function userChain({ chains }: Table, name: string): Chain {
  const found = chains.find((chain) => chain.kind === 'user' && chain.name === name);
  if (found === undefined) throw new TypeError(`no chain ${name}`);
  return found;
}

/** `drop`: a match found the packet broken. */
function meets(rule: Rule, packet: Seen): 'yes' | 'no' | 'drop' {
  const { header, matches } = rule;
  if (!headerMeets(header, packet)) return 'no';
  for (const match of matches) {
    const outcome = matchMeets(match, header, packet, stateOf(match, rule));
    if (outcome !== 'yes') return outcome;
  }
  return 'yes';
}

/** ip_packet_match. */
function headerMeets(header: HeaderMatch, { bytes, inName, outName }: Seen): boolean {
  const { inverted, protocol, flags } = header;
  const test = (differs: boolean, inversion: number) => differs === ((inverted & inversion) !== 0);
  const differs = (at: number, address: number, mask: number) =>
    (bytes.readUInt32BE(at) & mask) >>> 0 !== address >>> 0;
  return (
    test(differs(12, header.source, header.sourceMask), IPT_INV_SRCIP) &&
    test(differs(16, header.destination, header.destinationMask), IPT_INV_DSTIP) &&
    test(otherName(inName, header.inInterface), IPT_INV_VIA_IN) &&
    test(otherName(outName, header.outInterface), IPT_INV_VIA_OUT) &&
    (protocol === 0 || test(bytes.readUInt8(9) !== protocol, IPT_INV_PROTO)) &&
    test((flags & IPT_F_FRAG) !== 0 && fragmentOffset(bytes) === 0, IPT_INV_FRAG)
  );
}

function otherName(name: string, { name: wanted, mask }: InterfaceMatch): boolean {
  const found = Buffer.alloc(16);
  found.write(name, 'latin1');
  return found.some((byte, at) => ((byte ^ (wanted[at] ?? 0)) & (mask[at] ?? 0)) !== 0);
}

function fragmentOffset(bytes: Buffer): number {
  return bytes.readUInt16BE(6) & 0x1fff;
}

function transportOf(bytes: Buffer): Buffer {
  return bytes.subarray((bytes.readUInt8(0) & 15) * 4);
}

const states = new WeakMap<Rule, Map<MatchUse, State>>();

function stateOf(match: MatchUse, rule: Rule): State {
  const ofRule = states.get(rule) ?? new Map<MatchUse, State>();
  states.set(rule, ofRule);
  const state = ofRule.get(match) ?? {};
  ofRule.set(match, state);
  return state;
}

function matchMeets(
  { name, revision, data }: MatchUse,
  header: HeaderMatch,
  packet: Seen,
  state: State,
): 'yes' | 'no' | 'drop' {
  const found = findMatch(name, revision);
  const info = found.revision.decode(data);
  if (name === 'u32') return u32Meets(info, packet.bytes) ? 'yes' : 'no';
  if (name === 'bpf') return runClassic(info.program, { ...packet, link: linkHeader(packet) }) === 0 ? 'no' : 'yes';
  if (name === 'string') return stringMeets(info, packet.bytes) ? 'yes' : 'no';
  const bpf = bpfOf(found.definition, info, { header });
  const { need = 0, dropsOffsetOne = false } = bpf.transport ?? {};
  if (need > 0) {
    const offset = fragmentOffset(packet.bytes);
    if (offset > 0) return offset === 1 && dropsOffsetOne ? 'drop' : 'no';
    if (transportOf(packet.bytes).length < needSizes[need]) return 'drop';
  }
  const outcome = holds(bpf, fieldsOf(packet), (look) =>
    lookAt(look, packet.bytes.length, transportOf(packet.bytes), state),
  );
  return outcome === 'drop' ? 'drop' : outcome ? 'yes' : 'no';
}

/** What a test run puts before a packet. */
function linkHeader({ packetType }: Seen): Buffer {
  return withEthernet(Buffer.alloc(0), packetType);
}

/** string_mt (net/netfilter/xt_string.c) of a packet in one piece: the first place counts, and must end in time. */
function stringMeets({ from_offset, to_offset, pattern, patlen, flags }: StringInfo, packet: Buffer): boolean {
  const fold = (bytes: Uint8Array) => ((flags & 2) === 0 ? bytes : bytes.map(upper));
  const wanted = fold(pattern.subarray(0, patlen));
  const found = Buffer.from(fold(packet)).indexOf(wanted, from_offset);
  const isThere = from_offset < packet.length && found >= 0 && found + patlen <= to_offset;
  return isThere !== ((flags & 1) !== 0);
}

/** The kernel's toupper (lib/ctype.c). */
function upper(byte: number): number {
  const isLower = (byte > 0x60 && byte < 0x7b) || (byte > 0xde && byte !== 0xf7);
  return isLower ? byte & ~0x20 : byte;
}

/** u32_mt (net/netfilter/xt_u32.c). */
function u32Meets({ tests, ntests, invert }: U32Info, packet: Buffer): boolean {
  const all = tests.slice(0, ntests).every(({ location, nnums, value, nvalues }) => {
    let [at, read] = [0, u32At(packet, location[0]?.number ?? 0)];
    for (const { number, nextop } of location.slice(1, nnums)) {
      if (read === undefined) return false;
      if (nextop === 0) read = (read & number) >>> 0;
      if (nextop === 1) read = (read << number) >>> 0;
      if (nextop === 2) read >>>= number;
      if (nextop !== 3) continue;
      at += read;
      read = at > 0xffffffff ? undefined : u32At(packet, at + number);
    }
    return read !== undefined && value.slice(0, nvalues).some(({ min, max }) => min <= read && read <= max);
  });
  return (Number(all) ^ invert) !== 0;
}

function u32At(packet: Buffer, at: number): number | undefined {
  return at + 4 > packet.length ? undefined : packet.readUInt32BE(at);
}

/** What a match may look at, as far as it is there. */
function fieldsOf({ bytes, mark, packetType }: Seen): PacketFields {
  const transport = transportOf(bytes);
  const has = (size: number) => fragmentOffset(bytes) === 0 && transport.length >= size;
  return {
    source: bytes.readUInt32BE(12),
    destination: bytes.readUInt32BE(16),
    protocol: bytes.readUInt8(9),
    length: bytes.readUInt16BE(2),
    ttl: bytes.readUInt8(8),
    tos: bytes.readUInt8(1),
    mark,
    packetType,
    // a packet that exists only for a test has no connection
    conntrackState: 1,
    conntrackStatus: 0,
    connmark: 0,
    // on the loopback device, which has no Ethernet address and is of no group
    macStart: 0,
    macRest: 0,
    inGroup: 0,
    // xt_ecn.c asks for no first fragment
    tcpNotices: transport.length >= 20 ? transport.readUInt8(13) | NOTICES_THERE : 0,
    ...(has(4) && {
      sourcePort: transport.readUInt16BE(0),
      destinationPort: transport.readUInt16BE(2),
      icmpType: transport.readUInt16BE(0),
      spi: transport.readUInt32BE(0),
    }),
    ...(has(12) && { ahSpi: transport.readUInt32BE(4), dccpType: 1 << ((transport.readUInt8(8) >> 1) & 15) }),
    ...(has(20) && { tcpFlags: transport.readUInt8(13) }),
  };
}
