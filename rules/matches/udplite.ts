import { array, defineStruct, u8, u16, type ValueOf } from '../../protocol/struct.ts';
import { defineMatch } from '../extension.ts';
import { isFirst } from '../nft/fragment.ts';
import { allOf } from '../ports/number-range.ts';
import { portPairGroups, portPairTest, savePortPair } from '../ports/port-pair.ts';
import { checkInvertFlags } from '../ports/unknown-flags.ts';
import { structRevision } from '../struct-revision.ts';

const xt_udp = defineStruct('xt_udp', 'linux/netfilter/xt_tcpudp.h', {
  spts: array(u16, 2),
  dpts: array(u16, 2),
  invflags: u8,
});

export type UdpliteInfo = ValueOf<typeof xt_udp>;

const INV_MASK = 0x03; // XT_UDP_INV_MASK

/**
 * `udplite`: ports of UDP-Lite, as the kernel's udp match has them (net/netfilter/xt_tcpudp.c). iptables 1.8.9
 * has no plugin for it: `-L` says so, `-S` gives up, where ours writes it as udp's.
 */
export const udplite = defineMatch<UdpliteInfo>({
  name: 'udplite',
  revisions: { 0: structRevision(xt_udp) },
  coverage: 'all',
  examples: [],
  placement: { protocol: 136 },
  check: ({ invflags }) => checkInvertFlags('udplite', invflags, INV_MASK),
  print: () => "UNKNOWN match `udplite' ",
  save: (info) => savePortPair(info),
  nft(info) {
    const condition = allOf([portPairTest('udplite', info), [isFirst]]);
    return { alternatives: condition === 'never' ? [] : [condition], transport: { bytes: 8 } };
  },
  bpf: (info) => ({ groups: portPairGroups(info), transport: { need: 2 } }),
});
