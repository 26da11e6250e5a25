import { defineStruct, u8, u32, type ValueOf } from '../../protocol/struct.ts';
import { bitsGroups } from '../bpf/groups.ts';
import { always } from '../bpf/test.ts';
import { defineMatch, type NftAlternatives } from '../extension.ts';
import type { NftExpression } from '../nft/json.ts';
import { structRevision } from '../struct-revision.ts';

const xt_realm_info = defineStruct('xt_realm_info', 'linux/netfilter/xt_realm.h', {
  id: u32,
  mask: u32,
  invert: u8,
});

export type RealmInfo = ValueOf<typeof xt_realm_info>;

const INPUT = 1 << 1;
const FORWARD = 1 << 2;
const OUTPUT = 1 << 3;
const POSTROUTING = 1 << 4;

/**
 * The name that iproute2's rt_realms brings along, and all that we know of that file: iptables writes the
 * names of an administrator's own realms where we write their numbers.
 */
const UNSPECIFIED = 'cosmos';

/** `-m realm`: the realms of the packet's route (net/netfilter/xt_realm.c, extensions/libipt_realm.c). */
export const realm = defineMatch<RealmInfo>({
  name: 'realm',
  revisions: { 0: structRevision(xt_realm_info) },
  coverage: 'all',
  examples: ['-m realm {|!} --realm {u16}', '-m realm {|!} --realm {mark}/{mark}'],
  placement: { hooks: INPUT | FORWARD | OUTPUT | POSTROUTING },
  check() {},
  print: (info, { numeric }) => `${info.invert === 0 ? '' : ' !'} realm${valueText(info, numeric)}`,
  save: (info) => `${info.invert === 0 ? '' : ' !'} --realm${valueText(info, false)}`,
  nft: (info) => ({ alternatives: alternatives(info) }),
  bpf: ({ id, mask, invert }) => (invert > 1 ? always : { groups: bitsGroups('realm', mask, id, invert === 1) }),
});

function valueText({ id, mask }: RealmInfo, numeric: boolean): string {
  if (mask !== 0xffffffff) return ` 0x${id.toString(16)}/0x${mask.toString(16)}`;
  return id === 0 && !numeric ? ` ${UNSPECIFIED}` : ` 0x${id.toString(16)}`;
}

function alternatives({ id, mask, invert }: RealmInfo): NftAlternatives {
  // a byte that the kernel XORs with 0 or 1: from 2 on the outcome is true either way
  if (invert > 1) return [[]];
  const inverted = invert === 1;
  // the realms are compared under the mask: bits outside of it can't be met
  if ((id & ~mask) !== 0) return inverted ? [[]] : [];
  if (mask === 0) return inverted ? [] : [[]];
  const key: NftExpression = { meta: { key: 'rtclassid' } };
  const left: NftExpression = mask === 0xffffffff ? key : { '&': [key, mask] };
  return [[{ match: { op: inverted ? '!=' : '==', left, right: id } }]];
}
