import { array, defineStruct, u8, u16, type ValueOf } from '../../protocol/struct.ts';
import { defineMatch } from '../extension.ts';
import { isFirst } from '../nft/fragment.ts';
import { allOf } from '../ports/number-range.ts';
import { portPairGroups, portPairTest, printPortPair, savePortPair } from '../ports/port-pair.ts';
import { checkInvertFlags, printUnknownFlags } from '../ports/unknown-flags.ts';
import { structRevision } from '../struct-revision.ts';

const xt_udp = defineStruct('xt_udp', 'linux/netfilter/xt_tcpudp.h', {
  spts: array(u16, 2),
  dpts: array(u16, 2),
  invflags: u8,
});

export type UdpInfo = ValueOf<typeof xt_udp>;

const INV_MASK = 0x03; // XT_UDP_INV_MASK

/** `-m udp`: ports of UDP (net/netfilter/xt_tcpudp.c, extensions/libxt_udp.c). */
export const udp = defineMatch<UdpInfo>({
  name: 'udp',
  revisions: { 0: structRevision(xt_udp) },
  coverage: 'all',
  examples: [
    '-p udp -m udp {|!} --sport {portrange}',
    '-p udp -m udp {|!} --dport {portrange}',
    '-p udp -m udp {|!} --sport {portrange} {|!} --dport {portrange}',
  ],
  placement: { protocol: 17 },
  check: ({ invflags }) => checkInvertFlags('udp', invflags, INV_MASK),
  print: (info, context) => ` udp${printPortPair('udp', info, context)}${printUnknownFlags(info.invflags, INV_MASK)}`,
  save: (info) => savePortPair(info),
  nft(info) {
    const condition = allOf([portPairTest('udp', info), [isFirst]]);
    return { alternatives: condition === 'never' ? [] : [condition], transport: { bytes: 8 } };
  },
  bpf: (info) => ({ groups: portPairGroups(info), transport: { need: 2 } }),
});
