import { array, defineStruct, u8, u16, type ValueOf } from '../../protocol/struct.ts';
import type { MatchDefinition } from '../extension.ts';
import { isFirst } from '../nft/fragment.ts';
import { structRevision } from '../struct-revision.ts';
import { allOf } from './number-range.ts';
import { portPairGroups, portPairTest, savePortPair } from './port-pair.ts';
import { checkInvertFlags } from './unknown-flags.ts';

const xt_udp = defineStruct('xt_udp', 'linux/netfilter/xt_tcpudp.h', {
  spts: array(u16, 2),
  dpts: array(u16, 2),
  invflags: u8,
});

export type UdpInfo = ValueOf<typeof xt_udp>;

/** XT_UDP_INV_MASK */
export const UDP_INVERSIONS = 0x03;

/** What the kernel's udp and udplite have in common: they are one match (net/netfilter/xt_tcpudp.c, udp_mt). */
export function udpPorts(
  name: 'udp' | 'udplite',
): Pick<MatchDefinition<UdpInfo>, 'name' | 'revisions' | 'coverage' | 'portRanges' | 'check' | 'save' | 'nft' | 'bpf'> {
  return {
    name,
    revisions: { 0: structRevision(xt_udp) },
    coverage: 'all',
    portRanges: [xt_udp.offsets.spts, xt_udp.offsets.dpts],
    check: ({ invflags }) => checkInvertFlags(name, invflags, UDP_INVERSIONS),
    save: (info) => savePortPair(info),
    nft(info) {
      const condition = allOf([portPairTest(name, info), [isFirst]]);
      return { alternatives: condition === 'never' ? [] : [condition], transport: { bytes: 8 } };
    },
    bpf: (info) => ({ groups: portPairGroups(info), transport: { need: 2 } }),
  };
}
