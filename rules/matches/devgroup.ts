import { defineStruct, u32, type ValueOf } from '../../protocol/struct.ts';
import { hookNames, hooks } from '../../protocol/x-tables.ts';
import { always, masked } from '../bpf/test.ts';
import { cannotExpress, defineMatch, type NftAlternatives, refuse } from '../extension.ts';
import type { NftStatement } from '../nft/json.ts';
import { structRevision } from '../struct-revision.ts';

const xt_devgroup_info = defineStruct('xt_devgroup_info', 'linux/netfilter/xt_devgroup.h', {
  flags: u32,
  src_group: u32,
  src_mask: u32,
  dst_group: u32,
  dst_mask: u32,
});

export type DevgroupInfo = ValueOf<typeof xt_devgroup_info>;

/** XT_DEVGROUP_*: bits of `flags`. */
const MATCH_SRC = 1;
const INVERT_SRC = 2;
const MATCH_DST = 4;
const INVERT_DST = 8;

const srcHooks = (1 << hooks.PREROUTING) | (1 << hooks.INPUT) | (1 << hooks.FORWARD);
const dstHooks = (1 << hooks.FORWARD) | (1 << hooks.OUTPUT) | (1 << hooks.POSTROUTING);

/** `-m devgroup`: the group of the incoming or outgoing device (net/netfilter/xt_devgroup.c, libxt_devgroup.c). */
export const devgroup = defineMatch<DevgroupInfo>({
  name: 'devgroup',
  revisions: { 0: structRevision(xt_devgroup_info) },
  coverage: 'all',
  examples: [
    '-m devgroup {|!} --src-group {0-3}',
    '-m devgroup {|!} --src-group {0-3}/{0-3}',
    '-m devgroup {|!} --dst-group {0-3}',
  ],
  placement: { anyFamily: true },

  check({ flags }, { hooks: reached }) {
    if ((flags & ~(MATCH_SRC | INVERT_SRC | MATCH_DST | INVERT_DST)) !== 0)
      refuse(`devgroup: unknown options 0x${flags.toString(16)}`);
    if ((flags & MATCH_SRC) !== 0) checkHooks('--src-group', reached, srcHooks);
    if ((flags & MATCH_DST) !== 0) checkHooks('--dst-group', reached, dstHooks);
  },

  print: (info, { numeric }) => groupsText(info, '', numeric),
  save: (info) => groupsText(info, '--', false),
  nft: (info) => ({ alternatives: groupTests(info) }),
  bpf({ flags, src_group, src_mask }) {
    if ((flags & MATCH_DST) !== 0) cannotExpress('devgroup: at OUTPUT a program can not tell the device to leave by');
    if ((flags & MATCH_SRC) === 0) return always;
    return { groups: [[masked('inGroup', src_group, src_mask, (flags & INVERT_SRC) !== 0)]] };
  },
  bpfLacks: ['--dst-group'],
});

function checkHooks(option: string, reached: number, allowed: number): void {
  const wrong = hookNames.filter((_, hook) => ((reached & ~allowed) >>> hook) & 1);
  if (wrong.length > 0) refuse(`devgroup: ${option} has no device in ${wrong.join(', ')}`);
}

function groupsText(info: DevgroupInfo, prefix: '' | '--', numeric: boolean): string {
  const { flags, src_group, src_mask, dst_group, dst_mask } = info;
  const one = (name: string, inverted: number, group: number, mask: number): string =>
    `${(flags & inverted) === 0 ? '' : ' !'} ${prefix}${name} ${groupText(group, mask, numeric)}`;
  const src = (flags & MATCH_SRC) === 0 ? '' : one('src-group', INVERT_SRC, src_group, src_mask);
  const dst = (flags & MATCH_DST) === 0 ? '' : one('dst-group', INVERT_DST, dst_group, dst_mask);
  return `${src}${dst}`;
}

/** Of /etc/iproute2/group's names only the one it comes with. */
function groupText(group: number, mask: number, numeric: boolean): string {
  if (mask !== 0xffffffff) return `0x${group.toString(16)}/0x${mask.toString(16)}`;
  return group === 0 && !numeric ? 'default' : `0x${group.toString(16)}`;
}

function groupTests({ flags, src_group, src_mask, dst_group, dst_mask }: DevgroupInfo): NftAlternatives {
  const tests: NftStatement[] = [];
  const add = (match: number, inverted: number, key: string, group: number, mask: number): boolean => {
    if ((flags & match) === 0) return true;
    const wanted = (flags & inverted) === 0;
    if (mask === 0) return wanted; // nothing is compared
    const device = { meta: { key } };
    const left = mask === 0xffffffff ? device : { '&': [device, mask] as const };
    tests.push({ match: { op: wanted ? '==' : '!=', left, right: (group & mask) >>> 0 } });
    return true;
  };
  const possible =
    add(MATCH_SRC, INVERT_SRC, 'iifgroup', src_group, src_mask) &&
    add(MATCH_DST, INVERT_DST, 'oifgroup', dst_group, dst_mask);
  return possible ? [tests] : [];
}
