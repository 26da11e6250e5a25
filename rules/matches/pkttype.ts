import { defineStruct, i32, type ValueOf } from '../../protocol/struct.ts';
import { never } from '../bpf/groups.ts';
import { type BpfMatch, equals, masked } from '../bpf/test.ts';
import { defineMatch, type NftAlternatives } from '../extension.ts';
import { structRevision } from '../struct-revision.ts';

const xt_pkttype_info = defineStruct('xt_pkttype_info', 'linux/netfilter/xt_pkttype.h', {
  pkttype: i32,
  invert: i32,
});

export type PkttypeInfo = ValueOf<typeof xt_pkttype_info>;

/** PACKET_HOST to PACKET_OTHERHOST (linux/if_packet.h) as iptables names them, by number. */
const names: readonly string[] = ['unicast', 'broadcast', 'multicast', 'otherhost'];

/** Three bits in the kernel. PACKET_LOOPBACK is taken for broadcast or multicast, by the address. */
const LAST = 7;
const PACKET_LOOPBACK = 5;
const PACKET_BROADCAST = 1;
const PACKET_MULTICAST = 2;

/** `-m pkttype`: whom the link layer sent it to (net/netfilter/xt_pkttype.c, extensions/libxt_pkttype.c). */
export const pkttype = defineMatch<PkttypeInfo>({
  name: 'pkttype',
  revisions: { 0: structRevision(xt_pkttype_info) },
  coverage: 'all',
  examples: ['-m pkttype {|!} --pkt-type {unicast|broadcast|multicast|otherhost}'],
  placement: { anyFamily: true },
  check() {},
  print: ({ pkttype, invert }) => ` PKTTYPE ${invert === 0 ? '' : '!'}= ${nameOf(pkttype)}`,
  save: ({ pkttype, invert }) => `${invert === 0 ? '' : ' !'} --pkt-type ${nameOf(pkttype)}`,
  nft: (info) => ({ alternatives: alternatives(info) }),
  bpf: (info) => ({ groups: groups(info) }),
});

function nameOf(pkttype: number): string {
  return names[pkttype] ?? String(pkttype);
}

/** nft's own load takes PACKET_LOOPBACK for the same two. */
function alternatives({ pkttype, invert }: PkttypeInfo): NftAlternatives {
  // a number that the kernel XORs with 0 or 1: past those the outcome is true either way
  if (invert !== 0 && invert !== 1) return [[]];
  const inverted = invert === 1;
  if (pkttype < 0 || pkttype > LAST || pkttype === PACKET_LOOPBACK) return inverted ? [[]] : [];
  return [[{ match: { op: inverted ? '!=' : '==', left: { meta: { key: 'pkttype' } }, right: pkttype } }]];
}

function groups({ pkttype, invert }: PkttypeInfo): BpfMatch['groups'] {
  if (invert !== 0 && invert !== 1) return [];
  const inverted = invert === 1;
  if (pkttype < 0 || pkttype > LAST || pkttype === PACKET_LOOPBACK) return inverted ? [] : never;
  const is = (value: number) => equals('packetType', value, inverted);
  if (pkttype !== PACKET_BROADCAST && pkttype !== PACKET_MULTICAST) return [[is(pkttype)]];
  // PACKET_LOOPBACK is taken for one of these two: (A or L) and (A or D); inverted: A' and (L' or D')
  const toGroup = masked('destination', 0xe0000000, 0xf0000000, (pkttype === PACKET_MULTICAST) === inverted);
  return inverted
    ? [[is(pkttype)], [is(PACKET_LOOPBACK), toGroup]]
    : [
        [is(pkttype), is(PACKET_LOOPBACK)],
        [is(pkttype), toGroup],
      ];
}
