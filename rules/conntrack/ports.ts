import { askedProtocol } from '../asked-protocol.ts';
import type { HeaderMatch } from '../ir.ts';
import type { NftExpression, NftStatement } from '../nft/json.ts';
import { type ConntrackInfo, conntrackFlag, type Endpoint, endpoints } from './info.ts';

/** Protocols whose headers nft knows: icmp, igmp, tcp, udp, dccp, esp, ah, ipv6-icmp, comp, sctp, udplite. */
const known: ReadonlySet<number> = new Set([1, 2, 6, 17, 33, 50, 51, 58, 108, 132, 136]);

const protocolKey = { ct: { key: 'protocol' } };
const keys: Readonly<Record<Endpoint, NftExpression>> = {
  origsrc: { ct: { key: 'proto-src', dir: 'original' } },
  origdst: { ct: { key: 'proto-dst', dir: 'original' } },
  replsrc: { ct: { key: 'proto-src', dir: 'reply' } },
  repldst: { ct: { key: 'proto-dst', dir: 'reply' } },
};

/** Tests of an entry's protocol and ports. */
export interface ProtocolTests {
  readonly tests: readonly (NftStatement | boolean)[];
  /** nft shows the ports as raw numbers. */
  readonly unreadable: boolean;
}

/**
 * The protocol and the ports of an entry (ct_proto_port_check_v3). nft takes a port only behind a
 * test that names a protocol whose headers it knows, though the kernel compares the 16 bits of any
 * protocol. So the ports stand behind the rule's own protocol, the entry's, or, where the rule names
 * none, a set of all protocols: nft takes its word for the `tcp` in it.
 */
export function protocolTests(info: ConntrackInfo, header: HeaderMatch): ProtocolTests {
  const ports = endpoints.map((end) => portTest(info, end)).filter((test) => test !== true);
  const needsContext = ports.some((test) => test !== false);
  const ruleProtocol = askedProtocol(header);
  const protocol = protocolTest(info, ruleProtocol);
  const context = needsContext ? contextFor(info, ruleProtocol) : 'given';
  return {
    tests: [protocol, ...(context === 'given' ? [] : [context.statement]), ...ports],
    unreadable: context !== 'given' && context.unreadable,
  };
}

function protocolTest(
  { matchFlags, invertFlags, protocol }: ConntrackInfo,
  ruleProtocol: number,
): NftStatement | boolean {
  if ((matchFlags & conntrackFlag.protocol) === 0) return true;
  const inverted = (invertFlags & conntrackFlag.protocol) !== 0;
  if (protocol > 0xff) return inverted;
  // Of a rule for another protocol (an ICMP error about a TCP connection) nft would refuse `ct protocol tcp`
  // as a contradiction to what follows. It doesn't draw that conclusion from a range.
  const contradicts = !inverted && ruleProtocol !== 0 && ruleProtocol !== protocol;
  return {
    match: {
      op: inverted ? '!=' : '==',
      left: protocolKey,
      right: contradicts ? { range: [protocol, protocol] } : protocol,
    },
  };
}

function contextFor(
  { matchFlags, invertFlags, protocol }: ConntrackInfo,
  ruleProtocol: number,
): 'given' | { readonly statement: NftStatement; readonly unreadable: boolean } {
  if (known.has(ruleProtocol)) {
    return {
      statement: { match: { op: '==', left: { meta: { key: 'l4proto' } }, right: ruleProtocol } },
      unreadable: false,
    };
  }
  const named = (matchFlags & ~invertFlags & conntrackFlag.protocol) !== 0;
  if (named && known.has(protocol) && ruleProtocol === 0) return 'given';
  const all = { set: [{ range: [0, 5] }, 6, { range: [7, 255] }] } as const;
  return { statement: { match: { op: '==', left: protocolKey, right: all } }, unreadable: true };
}

function portTest(info: ConntrackInfo, end: Endpoint): NftStatement | boolean {
  const flag = conntrackFlag[`${end}Port`];
  if ((info.matchFlags & flag) === 0) return true;
  const inverted = (info.invertFlags & flag) !== 0;
  const { low, high } = info.ports[end];
  if (low > high) return inverted;
  if (low === 0 && high === 0xffff) return !inverted;
  return { match: { op: inverted ? '!=' : '==', left: keys[end], right: low === high ? low : { range: [low, high] } } };
}
