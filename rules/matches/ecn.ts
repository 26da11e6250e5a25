import { defineStruct, u8, type ValueOf } from '../../protocol/struct.ts';
import { askedProtocol } from '../asked-protocol.ts';
import { bitsGroups } from '../bpf/groups.ts';
import { NOTICES_THERE } from '../bpf/record.ts';
import { anyBit } from '../bpf/test.ts';
import { defineMatch, type NftAlternatives, refuse } from '../extension.ts';
import type { NftPayload, NftStatement } from '../nft/json.ts';
import type { Condition } from '../ports/number-range.ts';
import { serviceBits } from '../ports/type-of-service.ts';
import { structRevision } from '../struct-revision.ts';

const xt_ecn_info = defineStruct('xt_ecn_info', 'linux/netfilter/xt_ecn.h', {
  operation: u8,
  invert: u8,
  ip_ect: u8,
  /** Nobody looks at it. */
  ect: u8,
});

export type EcnInfo = ValueOf<typeof xt_ecn_info>;

/** XT_ECN_OP_MATCH_*; XT_ECN_OP_MATCH_MASK are the bits it must not have. */
const IP = 0x01;
const ECE = 0x10;
const CWR = 0x20;
const UNKNOWN = 0xce;

/** Both bits in TCP's flags, byte 13. */
const FLAGS_AT = 13;
const TCP_ECE = 0x40;
const TCP_CWR = 0x80;

const TCP = 6;
const XT_ECN_IP_MASK = 0x03;

/** `-m ecn`: congestion notification in the headers of IP and TCP (net/netfilter/xt_ecn.c, extensions/libxt_ecn.c). */
export const ecn = defineMatch<EcnInfo>({
  name: 'ecn',
  revisions: { 0: structRevision(xt_ecn_info) },
  coverage: 'all',
  examples: [
    '-m ecn {|!} --ecn-ip-ect {0-3}',
    '-p tcp -m ecn {|!} --ecn-tcp-ece',
    '-p tcp -m ecn {|!} --ecn-tcp-cwr',
    '-p tcp -m ecn {|!} --ecn-tcp-ece {|!} --ecn-tcp-cwr {|!} --ecn-ip-ect {0-3}',
  ],
  placement: {},

  check({ operation, invert }, { header }) {
    if ((operation & UNKNOWN) !== 0) refuse(`ecn: unknown bits in operation 0x${operation.toString(16)}`);
    if ((invert & UNKNOWN) !== 0) refuse(`ecn: unknown bits in invert 0x${invert.toString(16)}`);
    const isTcp = askedProtocol(header) === TCP;
    if ((operation & (ECE | CWR)) !== 0 && !isTcp) refuse('ecn: ECE and CWR need -p tcp, not inverted');
  },

  print(info) {
    const asked = (bit: number, text: string) =>
      (info.operation & bit) === 0 ? '' : ` ${(info.invert & bit) === 0 ? '' : '!'}${text}`;
    return ` ECN match${asked(ECE, 'ECE')}${asked(CWR, 'CWR')}${asked(IP, `ECT=${info.ip_ect}`)}`;
  },

  save(info) {
    const asked = (bit: number, option: string) =>
      (info.operation & bit) === 0 ? '' : `${(info.invert & bit) === 0 ? '' : ' !'} ${option}`;
    return `${asked(ECE, '--ecn-tcp-ece')}${asked(CWR, '--ecn-tcp-cwr')}${asked(IP, `--ecn-ip-ect ${info.ip_ect}`)}`;
  },

  nft: (info) => ({ alternatives: alternatives(info) }),

  bpf({ operation, invert, ip_ect }) {
    const service = (operation & IP) === 0 ? [] : bitsGroups('tos', XT_ECN_IP_MASK, ip_ect, (invert & IP) !== 0);
    if ((operation & (ECE | CWR)) === 0) return { groups: service };
    const asked = (bit: number, flag: number) =>
      (operation & bit) === 0 ? [] : [[anyBit('tcpNotices', flag, (invert & bit) !== 0)]];
    const isThere = [anyBit('tcpNotices', NOTICES_THERE)];
    return { groups: [...service, isThere, ...asked(ECE, TCP_ECE), ...asked(CWR, TCP_CWR)] };
  },
});

function alternatives({ operation, invert, ip_ect }: EcnInfo): NftAlternatives {
  const ip: Condition = (operation & IP) === 0 ? [] : serviceBits(XT_ECN_IP_MASK, ip_ect, (invert & IP) !== 0);
  if (ip === 'never') return [];
  if ((operation & (ECE | CWR)) === 0) return [ip];
  const asked = (bit: number, flag: number) => ((operation & bit) === 0 ? 0 : flag);
  const wanted = (bit: number, flag: number) => ((invert & bit) === 0 ? asked(bit, flag) : 0);
  const mask = asked(ECE, TCP_ECE) | asked(CWR, TCP_CWR);
  const value = wanted(ECE, TCP_ECE) | wanted(CWR, TCP_CWR);
  return headerLengths.map((words) => [...ip, hasLength(words), ...tcpFlags(words * 4, mask, value)]);
}

/** Words of an IPv4 header. */
const headerLengths: readonly number[] = Array.from({ length: 11 }, (_, more) => 5 + more);

function hasLength(words: number): NftStatement {
  return { match: { op: '==', left: { '&': [byteAt(0), 0x0f] }, right: words } };
}

/**
 * The kernel takes what stands behind the IP header for TCP's, later fragments too, which nft's own loads of
 * the transport header can't be relied on to read: so they are counted from the IP header, a rule for each
 * length of it. Where there aren't 20 bytes it doesn't match, nor does it drop the packet; a load that fails
 * ends the rule, and one bit is never 2.
 */
function tcpFlags(header: number, mask: number, value: number): readonly NftStatement[] {
  return [
    { match: { op: '!=', left: { '&': [byteAt(header + 19), 1] }, right: 2 } },
    { match: { op: '==', left: { '&': [byteAt(header + FLAGS_AT), mask] }, right: value } },
  ];
}

function byteAt(byte: number): { readonly payload: NftPayload } {
  return { payload: { base: 'nh', offset: byte * 8, len: 8 } };
}
