import { array, be16, be32, defineStruct, u32 } from '../../protocol/struct.ts';
import { hooks } from '../../protocol/x-tables.ts';
import { askedProtocol } from '../asked-protocol.ts';
import {
  type CheckContext,
  cannotExpress,
  defineTarget,
  type NftContext,
  type NftTarget,
  OWN_CHAIN,
  refuse,
} from '../extension.ts';
import type { NftExpression, NftStatement } from '../nft/json.ts';
import { dottedQuad } from '../text/address.ts';

const xt_tproxy_target_info = defineStruct('xt_tproxy_target_info', 'linux/netfilter/xt_TPROXY.h', {
  mark_mask: u32,
  mark_value: u32,
  laddr: be32,
  lport: be16,
});
const xt_tproxy_target_info_v1 = defineStruct('xt_tproxy_target_info_v1', 'linux/netfilter/xt_TPROXY.h', {
  mark_mask: u32,
  mark_value: u32,
  laddr: array(be32, 4),
  lport: be16,
});

const TCP = 6;
const UDP = 17;

export interface TproxyInfo {
  readonly mask: number;
  readonly mark: number;
  /** Where the socket listens; 0: the interface's own. */
  readonly address: number;
  /** 0: the packet's own. */
  readonly port: number;
  /** What stands behind the address, in the room for IPv6; nothing looks at it. */
  readonly beyond: readonly [number, number, number];
}

/**
 * TPROXY, revisions 0 and 1 (net/netfilter/xt_TPROXY.c; libxt_TPROXY.c): hands the packet to a transparent
 * socket of this host, and marks it; without such a socket the packet is dropped.
 */
export const tproxy = defineTarget<TproxyInfo>({
  name: 'TPROXY',
  revisions: {
    0: {
      size: xt_tproxy_target_info.size,
      decode(data) {
        const { mark_mask, mark_value, laddr, lport } = xt_tproxy_target_info.read(data);
        return { mask: mark_mask, mark: mark_value, address: laddr, port: lport, beyond: [0, 0, 0] };
      },
      encode: ({ mask, mark, address, port }) =>
        xt_tproxy_target_info.write({ mark_mask: mask, mark_value: mark, laddr: address, lport: port }),
    },
    1: {
      size: xt_tproxy_target_info_v1.size,
      decode(data) {
        const { mark_mask, mark_value, laddr, lport } = xt_tproxy_target_info_v1.read(data);
        const [address, ...beyond] = laddr;
        return { mask: mark_mask, mark: mark_value, address, port: lport, beyond };
      },
      encode: ({ mask, mark, address, port, beyond }) =>
        xt_tproxy_target_info_v1.write({
          mark_mask: mask,
          mark_value: mark,
          laddr: [address, ...beyond],
          lport: port,
        }),
    },
  },
  coverage: { partly: ['--on-port 0 without --on-ip'] },
  examples: [
    '-p {tcp|udp} -j TPROXY --on-port {port}',
    '-p {tcp|udp} -j TPROXY --on-port {port} --on-ip {address}',
    '-p {tcp|udp} -j TPROXY --on-port 0 --on-ip {address} --tproxy-mark {mark}',
    '-p {tcp|udp} -j TPROXY --on-port {port} --tproxy-mark {mark}/{mark}',
    '-p {tcp|udp} -j TPROXY --on-port 0',
  ],
  placement: { table: 'mangle', hooks: 1 << hooks.PREROUTING },
  check,
  print: ({ address, port, mark, mask }) =>
    ` TPROXY redirect ${dottedQuad(address)}:${port} mark ${hex(mark)}/${hex(mask)}`,
  save: ({ address, port, mark, mask }) =>
    ` --on-port ${port} --on-ip ${dottedQuad(address)} --tproxy-mark ${hex(mark)}/${hex(mask)}`,
  nft,
});

function check(_: TproxyInfo, { header }: CheckContext): void {
  if (![TCP, UDP].includes(askedProtocol(header))) refuse('TPROXY: wants -p tcp or udp');
}

/**
 * nft's tproxy only breaks off where there is no socket, so the drop is a rule of its own behind it. It
 * wants the protocol to be said in the same rule.
 */
function nft({ address, port, mark, mask }: TproxyInfo, { header }: NftContext): NftTarget {
  if (address === 0 && port === 0) cannotExpress('TPROXY: nft wants an address or a port');
  const protocol: NftStatement = { match: { op: '==', left: { meta: { key: 'l4proto' } }, right: header.protocol } };
  const socket = {
    ...(address === 0 ? {} : { addr: dottedQuad(address) }),
    ...(port === 0 ? {} : { port }),
  };
  return {
    statements: [{ jump: { target: OWN_CHAIN } }],
    chain: [[protocol, { tproxy: socket }, ...marking(mark, mask), { accept: null }], [{ drop: null }]],
  };
}

/** `mark = (mark & ~mask) ^ value`, nothing where that changes nothing. */
function marking(mark: number, mask: number): readonly NftStatement[] {
  if (mark === 0 && mask === 0) return [];
  const key: NftExpression = { meta: { key: 'mark' } };
  if (mask === 0xffffffff) return [{ mangle: { key, value: mark } }];
  const kept: NftExpression = mask === 0 ? key : { '&': [key, ~mask >>> 0] };
  return [{ mangle: { key, value: mark === 0 ? kept : { '^': [kept, mark] } } }];
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
