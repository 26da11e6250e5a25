import { defineStruct, u8 } from '../../protocol/struct.ts';
import { cannotExpress, defineTarget, refuse } from '../extension.ts';
import { setIpField } from '../nft/ip-field.ts';
import { structRevision } from '../struct-revision.ts';

/** `tcp` is two bits of C: ece 1, cwr 2; nothing looks at the others. */
const ipt_ECN_info = defineStruct('ipt_ECN_info', 'linux/netfilter_ipv4/ipt_ECN.h', {
  operation: u8,
  ip_ect: u8,
  tcp: u8,
});

/** IPT_ECN_OP_*. */
const SET_IP = 0x01;
const SET_ECE = 0x10;
const SET_CWR = 0x20;
const KNOWN = SET_IP | SET_ECE | SET_CWR;
/** IPT_ECN_IP_MASK */
const CODEPOINT = 0x03;
const ECE = 1;
const CWR = 2;
const IPPROTO_TCP = 6;
/** IPT_INV_PROTO */
const NOT_PROTOCOL = 0x40;

export interface EcnTargetInfo {
  /** Bits of IPT_ECN_OP_*. */
  readonly operation: number;
  /** The codepoint for the IPv4 header. */
  readonly ip_ect: number;
  readonly tcp: number;
}

/** ECN, revision 0 (net/ipv4/netfilter/ipt_ECN.c; libipt_ECN.c): congestion bits of the IPv4 and the TCP header. */
export const ecnTarget = defineTarget<EcnTargetInfo>({
  name: 'ECN',
  revisions: { 0: structRevision(ipt_ECN_info) },
  coverage: {
    partly: [
      '--ecn-tcp-remove, --ecn-tcp-cwr, --ecn-tcp-ece: nft writes single bits of the TCP header only as constants',
    ],
  },
  examples: [
    '-p tcp -j ECN --ecn-tcp-remove',
    '-p tcp -j ECN --ecn-tcp-cwr {0-1} --ecn-tcp-ece {0-1}',
    '-j ECN --ecn-ip-ect {0-3}',
    '-p tcp -j ECN --ecn-ip-ect {0-3} --ecn-tcp-ece {0-1}',
  ],
  placement: { table: 'mangle' },
  check({ operation, ip_ect }, { header }) {
    if ((operation & ~KNOWN) !== 0) refuse(`ECN: unknown operation 0x${operation.toString(16)}`);
    if ((ip_ect & ~CODEPOINT) !== 0) refuse(`ECN: wanted a codepoint up to ${CODEPOINT}, found ${ip_ect}`);
    const isTcp = header.protocol === IPPROTO_TCP && (header.inverted & NOT_PROTOCOL) === 0;
    if ((operation & (SET_ECE | SET_CWR)) !== 0 && !isTcp) refuse('ECN: operations on the TCP header want -p tcp');
  },
  print(info) {
    if (isRemoval(info)) return ' ECN TCP remove';
    return ` ECN${texts(info, { ece: ' ECE=', cwr: ' CWR=', ip: ' ECT codepoint=' })}`;
  },
  save(info) {
    if (isRemoval(info)) return ' --ecn-tcp-remove';
    return texts(info, { ece: ' --ecn-tcp-ece ', cwr: ' --ecn-tcp-cwr ', ip: ' --ecn-ip-ect ' });
  },
  nft({ operation, ip_ect }) {
    if ((operation & (SET_ECE | SET_CWR)) !== 0)
      cannotExpress('ECN: nft sets bits of the TCP header only to constants');
    return { statements: (operation & SET_IP) === 0 ? [] : setIpField('ecn', ip_ect) };
  },
});

function isRemoval({ operation, tcp }: EcnTargetInfo): boolean {
  return operation === (SET_ECE | SET_CWR) && (tcp & (ECE | CWR)) === 0;
}

function texts(
  { operation, ip_ect, tcp }: EcnTargetInfo,
  before: { readonly ece: string; readonly cwr: string; readonly ip: string },
): string {
  const ece = (operation & SET_ECE) === 0 ? '' : `${before.ece}${(tcp & ECE) === 0 ? 0 : 1}`;
  const cwr = (operation & SET_CWR) === 0 ? '' : `${before.cwr}${(tcp & CWR) === 0 ? 0 : 1}`;
  const ip = (operation & SET_IP) === 0 ? '' : `${before.ip}${ip_ect}`;
  return ece + cwr + ip;
}
