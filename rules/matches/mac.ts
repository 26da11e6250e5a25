import { bytes, defineStruct, i32, type ValueOf } from '../../protocol/struct.ts';
import { SENDER_THERE } from '../bpf/record.ts';
import { anyBit, type BpfMatch, equals, masked } from '../bpf/test.ts';
import { defineMatch, type NftAlternatives } from '../extension.ts';
import type { NftStatement } from '../nft/json.ts';
import { structRevision } from '../struct-revision.ts';

const xt_mac_info = defineStruct('xt_mac_info', 'linux/netfilter/xt_mac.h', {
  srcaddr: bytes(6),
  invert: i32,
});

export type MacInfo = ValueOf<typeof xt_mac_info>;

const PREROUTING = 1 << 0;
const INPUT = 1 << 1;
const FORWARD = 1 << 2;

/** `-m mac`: the source of the Ethernet header (net/netfilter/xt_mac.c, extensions/libxt_mac.c). */
export const mac = defineMatch<MacInfo>({
  name: 'mac',
  revisions: { 0: structRevision(xt_mac_info) },
  coverage: 'all',
  examples: ['-m mac {|!} --mac-source {mac}'],
  placement: { hooks: PREROUTING | INPUT | FORWARD },
  check() {},
  print: ({ srcaddr, invert }) => ` MAC ${invert === 0 ? '' : '! '}${text(srcaddr)}`,
  save: ({ srcaddr, invert }) => `${invert === 0 ? '' : ' !'} --mac-source ${text(srcaddr)}`,
  nft: (info) => ({ alternatives: alternatives(info) }),
  bpf: (info) => ({ groups: groups(info) }),
});

function text(address: Uint8Array): string {
  return [...address].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/**
 * What comes by a device that isn't Ethernet, or without a link header, never matches: nft's load fails
 * where there is none. nft lists the pair of tests as `ether saddr`; a raw load is the one it can mask (pin.ts).
 */
function alternatives({ srcaddr, invert }: MacInfo): NftAlternatives {
  const isEthernet: NftStatement = { match: { op: '==', left: { meta: { key: 'iiftype' } }, right: 'ether' } };
  const left = { payload: { base: 'll', offset: 48, len: 48 } } as const;
  // a number that the kernel XORs with 0 or 1: past those the outcome is true where there is an address
  if (invert !== 0 && invert !== 1) {
    const first = { payload: { base: 'll', offset: 48, len: 8 } } as const;
    return [[isEthernet, { match: { op: '!=', left: { '&': [first, 1] }, right: 2 } }]];
  }
  const right = srcaddr.reduce((number, byte) => number * 256 + byte, 0);
  return [[isEthernet, { match: { op: invert === 1 ? '!=' : '==', left, right } }]];
}

function groups({ srcaddr, invert }: MacInfo): BpfMatch['groups'] {
  const isThere = [anyBit('macStart', SENDER_THERE)];
  if (invert !== 0 && invert !== 1) return [isThere];
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = srcaddr;
  const [start, rest] = [(a << 8) | b, ((c << 24) | (d << 16) | (e << 8) | f) >>> 0];
  if (invert === 1) return [isThere, [masked('macStart', start, 0xffff, true), equals('macRest', rest, true)]];
  return [[equals('macStart', SENDER_THERE | start)], [equals('macRest', rest)]];
}
