import { defineStruct, u8, u32, type ValueOf } from '../../protocol/struct.ts';
import { hooks } from '../../protocol/x-tables.ts';
import { never } from '../bpf/groups.ts';
import { NOBODY, owners } from '../bpf/record.ts';
import { anyBit, type BpfMatch, type BpfTest, within } from '../bpf/test.ts';
import { cannotExpress, defineMatch, type NftAlternatives, type PrintContext, refuse } from '../extension.ts';
import type { NftStatement } from '../nft/json.ts';
import { structRevision } from '../struct-revision.ts';

const xt_owner_match_info = defineStruct('xt_owner_match_info', 'linux/netfilter/xt_owner.h', {
  uid_min: u32,
  uid_max: u32,
  gid_min: u32,
  gid_max: u32,
  match: u8,
  invert: u8,
});

export type OwnerInfo = ValueOf<typeof xt_owner_match_info>;

/** XT_OWNER_*: bits of `match` and `invert`. */
const UID = 1;
const GID = 2;
const SOCKET = 4;
const GROUPS = 8;

/**
 * `-m owner`, revision 1: who opened the socket that sends the packet (net/netfilter/xt_owner.c,
 * extensions/libxt_owner.c). Ids are checked as in the first user namespace, which has all of them.
 */
export const owner = defineMatch<OwnerInfo>({
  name: 'owner',
  revisions: { 1: structRevision(xt_owner_match_info) },
  coverage: {
    partly: [
      '`! --uid-owner` and `! --gid-owner`, unless the other of the two stands beside it without its `!`',
      '--socket-exists',
      '--suppl-groups',
    ],
  },
  examples: [
    '-m owner {|!} --uid-owner {0-2}',
    '-m owner --uid-owner {0-10}-{11-70000} {|!} --gid-owner {0-2}',
    '-m owner {|!} --gid-owner {0-10}-{11-70000}',
    '-m owner {|!} --socket-exists',
    '-m owner --gid-owner {0-10}-{11-70000} --suppl-groups',
  ],
  placement: { hooks: (1 << hooks.OUTPUT) | (1 << hooks.POSTROUTING) },

  check({ match, uid_min, uid_max, gid_min, gid_max }) {
    if ((match & ~(UID | GID | SOCKET | GROUPS)) !== 0) refuse(`owner: unknown options 0x${match.toString(16)}`);
    if ((match & UID) !== 0) checkIds('uid', uid_min, uid_max);
    if ((match & GID) !== 0) checkIds('gid', gid_min, gid_max);
  },

  print: (info, { numeric, names }) => {
    const { user, group } = numeric ? {} : names;
    return [
      item(info, SOCKET, 'owner socket exists'),
      item(info, UID, 'owner UID match', idsText(info.uid_min, info.uid_max, user)),
      item(info, GID, 'owner GID match', idsText(info.gid_min, info.gid_max, group)),
      item(info, GROUPS, 'incl. suppl. groups'),
    ].join('');
  },
  save: (info) =>
    [
      item(info, SOCKET, '--socket-exists'),
      item(info, UID, '--uid-owner', idsText(info.uid_min, info.uid_max)),
      item(info, GID, '--gid-owner', idsText(info.gid_min, info.gid_max)),
      item(info, GROUPS, '--suppl-groups'),
    ].join(''),
  nft: (info) => ({ alternatives: ownerTests(info) }),
  bpf: inBpf,
});

function checkIds(kind: string, low: number, high: number): void {
  if (low === NOBODY || high === NOBODY || high < low) refuse(`owner: no ${kind}s ${low} to ${high}`);
}

function item({ match, invert }: OwnerInfo, flag: number, label: string, value = ''): string {
  if ((match & flag) === 0) return '';
  return `${(invert & flag) === 0 ? '' : ' !'} ${label}${value}`;
}

function idsText(low: number, high: number, name?: PrintContext['names']['user']): string {
  return low === high ? ` ${name?.(low) ?? low}` : ` ${low}-${high}`;
}

/**
 * The kernel tells three kinds of packets apart: those without a socket (`bare`), those whose socket has no
 * file (`fileless`: the kernel's own, such as an ICMP error's) and the others, whose ids it compares. nft's keys
 * fail for the first two alike, so each must be taken or left with all others that fail.
 */
function ownerTests(info: OwnerInfo): NftAlternatives {
  const { match, invert } = info;
  const noSocket = (match & invert & SOCKET) !== 0;
  const bare = match === invert;
  const fileless = !noSocket && ((match ^ invert) & (UID | GID)) === 0;
  if (bare || fileless) {
    if (bare && fileless && (match & (UID | GID)) === 0) return [[]];
    cannotExpress('owner: nft has no word for packets without a socket, or with one that has no owner');
  }
  if (noSocket) return [];
  if ((match & GID) !== 0 && (match & GROUPS) !== 0) cannotExpress('owner: nft knows no supplementary groups');
  const tests = [
    ...((match & UID) === 0 ? [] : [idTest('skuid', info.uid_min, info.uid_max, (invert & UID) !== 0)]),
    ...((match & GID) === 0 ? [] : [idTest('skgid', info.gid_min, info.gid_max, (invert & GID) !== 0)]),
  ];
  if (tests.length === 0) cannotExpress('owner: any socket that has an owner');
  return [tests];
}

function idTest(key: 'skuid' | 'skgid', low: number, high: number, inverted: boolean): NftStatement {
  const right = low === high ? low : { range: [low, high] as const };
  return { match: { op: inverted ? '!=' : '==', left: { meta: { key } }, right } };
}

/**
 * In BPF: which kinds of sockets the kernel lets pass without a look at ids, and those for the others. Without an owner there are
 * no ids: tests of them never hold then, inverted ones always.
 */
function inBpf({ match, invert, uid_min, uid_max, gid_min, gid_max }: OwnerInfo): BpfMatch {
  const noSocket = (match & invert & SOCKET) !== 0;
  const kinds =
    (match === invert ? owners.noSocket : 0) |
    (!noSocket && ((match ^ invert) & (UID | GID)) === 0 ? owners.noFile : 0) |
    (noSocket ? 0 : owners.somebody);
  if (kinds === 0) return { groups: never };
  const has = (bits: number, flag: number) => (bits & flag) !== 0;
  const user = has(match, UID) ? [within('ownerUser', uid_min, uid_max)] : undefined;
  const groups: BpfTest[] | undefined = has(match, GID) ? [within('ownerGroup', gid_min, gid_max)] : undefined;
  if (has(match, GROUPS)) groups?.push({ kind: 'ownerGroups', first: gid_min, second: gid_max - gid_min });
  const tests = [
    ...(user === undefined ? [] : oneOf(user, has(invert, UID))),
    ...(groups === undefined ? [] : oneOf(groups, has(invert, GID))),
  ];
  const all = owners.noSocket | owners.noFile | owners.somebody;
  const told = kinds === all || (kinds === owners.somebody && tests.some(([test]) => test?.negated !== true));
  return { groups: [...(told ? [] : [[anyBit('ownerKind', kinds)]]), ...tests] };
}

function oneOf(tests: readonly BpfTest[], inverted: boolean): BpfMatch['groups'] {
  return inverted ? tests.map((test) => [{ ...test, negated: true }]) : [tests];
}
