import { bytes, defineStruct, u8, u32, u64 } from '../../protocol/struct.ts';
import { hooks } from '../../protocol/x-tables.ts';
import {
  cannotExpress,
  defineMatch,
  type NftAlternatives,
  type NftContext,
  type Revision,
  refuse,
} from '../extension.ts';
import type { NftStatement } from '../nft/json.ts';
import { savedString } from '../text/saved-string.ts';

const header = 'linux/netfilter/xt_cgroup.h';
const flags = { has_path: u8, has_classid: u8, invert_path: u8, invert_classid: u8 } as const;
/** PATH_MAX, XT_CGROUP_PATH_MAX */
const ROOM = { 1: 4096, 2: 512 } as const;

const xt_cgroup_info_v0 = defineStruct('xt_cgroup_info_v0', header, { id: u32, invert: u32 });
const xt_cgroup_info_v1 = defineStruct('xt_cgroup_info_v1', header, {
  ...flags,
  path: bytes(ROOM[1]),
  classid: u32,
  priv: u64,
});
/** The class is the first four bytes of the path's place (a union). */
const xt_cgroup_info_v2 = defineStruct('xt_cgroup_info_v2', header, {
  ...flags,
  classid: u32,
  more: bytes(ROOM[2] - 4),
  priv: u64,
});

/** What the three revisions say; flags and inversions as the bytes they are. */
export interface CgroupInfo {
  readonly hasPath: number;
  readonly hasClassid: number;
  readonly invertPath: number;
  readonly invertClassid: number;
  /** All of the field, the NULs included; in revision 2 it holds the class as well. Empty in revision 0. */
  readonly path: Uint8Array;
  readonly classid: number;
  /** The kernel's own pointer. */
  readonly priv: bigint;
}

const revision0: Revision<CgroupInfo> = {
  size: xt_cgroup_info_v0.size,
  decode(data) {
    const { id, invert } = xt_cgroup_info_v0.read(data);
    return {
      hasPath: 0,
      hasClassid: 1,
      invertPath: 0,
      invertClassid: invert,
      path: new Uint8Array(),
      classid: id,
      priv: 0n,
    };
  },
  encode: ({ classid, invertClassid }) => xt_cgroup_info_v0.write({ id: classid, invert: invertClassid }),
};

const revision1: Revision<CgroupInfo> = {
  size: xt_cgroup_info_v1.size,
  decode(data) {
    const { path, classid, priv, ...some } = xt_cgroup_info_v1.read(data);
    return { ...flagsOf(some), path, classid, priv };
  },
  encode: ({ path, classid, priv, ...some }) => xt_cgroup_info_v1.write({ ...toFlags(some), path, classid, priv }),
};

const revision2: Revision<CgroupInfo> = {
  size: xt_cgroup_info_v2.size,
  decode(data) {
    const { classid, more: _, priv, ...some } = xt_cgroup_info_v2.read(data);
    return { ...flagsOf(some), path: new Uint8Array(data.subarray(4, 4 + ROOM[2])), classid, priv };
  },
  encode({ path, classid, priv, ...some }) {
    const room = new Uint8Array(ROOM[2]);
    room.set(path.subarray(0, ROOM[2]));
    const isPath = some.hasPath !== 0;
    const first = isPath ? new DataView(room.buffer).getUint32(0, true) : classid;
    return xt_cgroup_info_v2.write({ ...toFlags(some), classid: first, more: room.subarray(4), priv });
  },
};

type Flags = Pick<CgroupInfo, 'hasPath' | 'hasClassid' | 'invertPath' | 'invertClassid'>;

function flagsOf(raw: Readonly<Record<keyof typeof flags, number>>): Flags {
  return {
    hasPath: raw.has_path,
    hasClassid: raw.has_classid,
    invertPath: raw.invert_path,
    invertClassid: raw.invert_classid,
  };
}

function toFlags(info: Flags): Readonly<Record<keyof typeof flags, number>> {
  return {
    has_path: info.hasPath,
    has_classid: info.hasClassid,
    invert_path: info.invertPath,
    invert_classid: info.invertClassid,
  };
}

/**
 * `-m cgroup`, revisions 0 to 2: the control group of the packet's socket (net/netfilter/xt_cgroup.c,
 * extensions/libxt_cgroup.c). Whether a path is there is seen when the rule is put in force.
 */
export const cgroup = defineMatch<CgroupInfo>({
  name: 'cgroup',
  revisions: { 0: revision0, 1: revision1, 2: revision2 },
  coverage: { partly: ['--path', '--cgroup in rules that are reached from POSTROUTING'] },
  examples: ['-m cgroup {|!} --cgroup {u32}', '-m cgroup {|!} --path "/"'],
  placement: {
    hooks: (1 << hooks.INPUT) | (1 << hooks.OUTPUT) | (1 << hooks.POSTROUTING),
    anyFamily: true,
  },

  check({ hasPath, hasClassid, invertPath, invertClassid }) {
    if (invertPath > 1 || invertClassid > 1) refuse(`cgroup: unknown inversion ${invertPath}, ${invertClassid}`);
    if (hasPath === 0 && hasClassid === 0) refuse('cgroup: neither path nor class');
    if (hasPath !== 0 && hasClassid !== 0) refuse('cgroup: both path and class');
  },

  print: (info) =>
    ` cgroup${info.hasPath === 0 ? '' : ` ${info.invertPath === 0 ? '' : '! '}${pathOf(info)}`}` +
    (info.hasClassid === 0 ? '' : ` ${info.invertClassid === 0 ? '' : '! '}${info.classid}`),
  save: (info) =>
    (info.hasPath === 0 ? '' : `${info.invertPath === 0 ? '' : ' !'} --path${savedString(pathOf(info))}`) +
    (info.hasClassid === 0 ? '' : `${info.invertClassid === 0 ? '' : ' !'} --cgroup ${info.classid}`),
  nft: (info, context) => ({ alternatives: classTests(info, context) }),
  bpf: { none: 'the machine reads nothing of sockets' },
});

function pathOf({ path }: CgroupInfo): string {
  const end = path.indexOf(0);
  return String.fromCharCode(...(end < 0 ? path : path.subarray(0, end)));
}

/**
 * Of a connection that is just being made (the answer to a SYN) nft takes the listening socket's class, where the
 * kernel's match sees no full socket. nft's `socket` does ask for one, but not behind routing (POSTROUTING).
 */
function classTests({ hasPath, classid, invertClassid }: CgroupInfo, { hooks: from }: NftContext): NftAlternatives {
  if (hasPath !== 0) cannotExpress("cgroup: nft's JSON has no cgroup paths");
  if ((from & (1 << hooks.POSTROUTING)) !== 0)
    cannotExpress("cgroup: nft can't leave out half-open connections in POSTROUTING");
  const test: NftStatement = {
    match: { op: invertClassid === 0 ? '==' : '!=', left: { meta: { key: 'cgroup' } }, right: classid },
  };
  // No packet comes here, and nft's `socket` isn't to be had everywhere; what else the rule makes is to be there.
  if (from === 0) return [[test]];
  return [[test, { match: { op: '<=', left: { socket: { key: 'wildcard' } }, right: 1 } }]];
}
