import { expect, it } from 'vitest';
import { NOBODY, owners } from '../bpf/record.ts';
import type { PacketFields } from '../bpf/testing/holds.ts';
import { bpfOf } from '../extension.ts';
import { describeBpf } from '../testing/describe-bpf.ts';
import { describeMatch } from '../testing/describe-match.ts';
import { anyHeader } from '../testing/header.ts';
import { type OwnerInfo, owner } from './owner.ts';

describeMatch(owner, {
  sizes: { 1: 20 },
  examples: [
    {
      hex: '0000000000000000000000000000000001',
      list: ' owner UID match root',
      numeric: ' owner UID match 0',
      save: ' --uid-owner 0',
      nft: { alternatives: [[{ match: { op: '==', left: { meta: { key: 'skuid' } }, right: 0 } }]] },
    },
    {
      hex: '3930000039300000000000000000000001',
      list: ' owner UID match 12345',
      save: ' --uid-owner 12345',
      nft: { alternatives: [[{ match: { op: '==', left: { meta: { key: 'skuid' } }, right: 12345 } }]] },
    },
    {
      hex: '000000000a00000000000000000000000101',
      list: ' ! owner UID match 0-10',
      save: ' ! --uid-owner 0-10',
      nft: 'nft has no word for packets without a so',
    },
    {
      hex: '0100000002000000000000000000000007',
      list: ' owner socket exists owner UID match 1-2 owner GID match wheel',
      numeric: ' owner socket exists owner UID match 1-2 owner GID match 0',
      save: ' --socket-exists --uid-owner 1-2 --gid-owner 0',
      nft: {
        alternatives: [
          [
            { match: { op: '==', left: { meta: { key: 'skuid' } }, right: { range: [1, 2] } } },
            { match: { op: '==', left: { meta: { key: 'skgid' } }, right: 0 } },
          ],
        ],
      },
    },
    {
      hex: '0000000000000000000000000a0000000a',
      list: ' owner GID match 0-10 incl. suppl. groups',
      save: ' --gid-owner 0-10 --suppl-groups',
      nft: 'nft knows no supplementary groups',
    },
    {
      hex: '000000000000000000000000000000000404',
      list: ' ! owner socket exists',
      save: ' ! --socket-exists',
      nft: 'nft has no word for packets without a so',
    },
    {
      hex: '030000000300000000000000000000000504',
      list: ' ! owner socket exists owner UID match 3',
      save: ' ! --socket-exists --uid-owner 3',
      nft: { alternatives: [] },
    },
    {
      hex: '030000000300000004000000040000000302',
      list: ' owner UID match 3 ! owner GID match 4',
      save: ' --uid-owner 3 ! --gid-owner 4',
      nft: {
        alternatives: [
          [
            { match: { op: '==', left: { meta: { key: 'skuid' } }, right: 3 } },
            { match: { op: '!=', left: { meta: { key: 'skgid' } }, right: 4 } },
          ],
        ],
      },
    },
    {
      hex: '030000000300000004000000040000000303',
      list: ' ! owner UID match 3 ! owner GID match 4',
      save: ' ! --uid-owner 3 ! --gid-owner 4',
      nft: 'nft has no word for packets without a so',
    },
    {
      hex: '00000000feffffff000000000000000001',
      list: ' owner UID match 0-4294967294',
      save: ' --uid-owner 0-4294967294',
      nft: {
        alternatives: [[{ match: { op: '==', left: { meta: { key: 'skuid' } }, right: { range: [0, 4294967294] } } }]],
      },
    },
    // both inverted the other way round
    {
      hex: '030000000300000004000000040000000301',
      list: ' ! owner UID match 3 owner GID match 4',
      save: ' ! --uid-owner 3 --gid-owner 4',
      nft: {
        alternatives: [
          [
            { match: { op: '!=', left: { meta: { key: 'skuid' } }, right: 3 } },
            { match: { op: '==', left: { meta: { key: 'skgid' } }, right: 4 } },
          ],
        ],
      },
    },
    {
      hex: '0000000000000000000000000000000004',
      list: ' owner socket exists',
      save: ' --socket-exists',
      nft: 'without a socket',
    },
    {
      hex: '000000000000000000000000000000000501',
      list: ' owner socket exists ! owner UID match root',
      numeric: ' owner socket exists ! owner UID match 0',
      save: ' --socket-exists ! --uid-owner 0',
      nft: 'without a socket',
    },
    {
      hex: '000000000000000000000000000000000505',
      list: ' ! owner socket exists ! owner UID match root',
      numeric: ' ! owner socket exists ! owner UID match 0',
      save: ' ! --socket-exists ! --uid-owner 0',
      nft: 'without a socket',
    },
    // raw: no option, and inversions of none
    { hex: '', list: '', save: '', nft: { alternatives: [[]] } },
    { hex: '000000000000000000000000000000000003', list: '', save: '', nft: 'any socket that has an owner' },
    { hex: '000000000000000000000000000000000008', list: '', save: '', nft: 'without a socket' },
  ],
  checks: [
    { hex: '0000000000000000000000000000000010', hook: 'OUTPUT', errno: 22 },
    { hex: '0000000000000000000000000000000000ff', hook: 'OUTPUT', errno: 0 },
    { hex: '0500000004000000000000000000000001', hook: 'OUTPUT', errno: 22 },
    { hex: '05000000ffffffff000000000000000001', hook: 'OUTPUT', errno: 22 },
    { hex: '0000000000000000ffffffffffffffff02', hook: 'OUTPUT', errno: 22 },
    { hex: '0000000000000000050000000300000002', hook: 'OUTPUT', errno: 22 },
    { hex: '000000000000000005000000030000000d', hook: 'OUTPUT', errno: 0 },
    { hex: '0500000005000000000000000000000003', hook: 'OUTPUT', errno: 0 },
  ],
});

const [UID, GID, SOCKET, GROUPS] = [1, 2, 4, 8];
const asking = (match: number, invert = 0): OwnerInfo => ({
  ...{ uid_min: 3, uid_max: 5, gid_min: 7, gid_max: 7 },
  ...{ match, invert },
});

/** What the machine reads of a packet. */
const sentBy = (ownerUser: number, ownerGroup: number): PacketFields => ({
  ...{ ownerKind: owners.somebody, ownerUser, ownerGroup },
});
const ownerless = { ownerUser: NOBODY, ownerGroup: NOBODY };
const bare: PacketFields = { ownerKind: owners.noSocket, ...ownerless };
const kernels: PacketFields = { ownerKind: owners.noFile, ...ownerless };
const [both, user, group, other] = [sentBy(4, 7), sentBy(3, 8), sentBy(6, 7), sentBy(2, 6)];
const everybody = [both, user, group, other, sentBy(0, 0), sentBy(NOBODY - 1, NOBODY - 1)];

describeBpf(owner, {
  examples: [
    { name: 'no option', info: asking(0), takes: [bare, kernels, ...everybody] },
    { name: 'users', info: asking(UID), takes: [both, user, sentBy(5, 0)], leaves: [bare, kernels, group, other] },
    { name: 'not users', info: asking(UID, UID), takes: [bare, kernels, group, other], leaves: [both, user] },
    { name: 'a group', info: asking(GID), takes: [both, group], leaves: [bare, kernels, user, other] },
    { name: 'not a group', info: asking(GID, GID), takes: [bare, kernels, user, other], leaves: [both, group] },
    { name: 'users of a group', info: asking(UID | GID), takes: [both], leaves: [bare, kernels, user, group, other] },
    {
      name: 'users but of a group',
      info: asking(UID | GID, GID),
      takes: [user],
      leaves: [bare, kernels, both, group, other],
    },
    {
      name: 'neither users nor a group',
      info: asking(UID | GID, UID | GID),
      takes: [bare, kernels, other],
      leaves: [both, user, group],
    },
    { name: 'a socket', info: asking(SOCKET), takes: [kernels, ...everybody], leaves: [bare] },
    { name: 'no socket', info: asking(SOCKET, SOCKET), takes: [bare], leaves: [kernels, ...everybody] },
    {
      name: 'a socket, not of users',
      info: asking(SOCKET | UID, UID),
      takes: [kernels, group, other],
      leaves: [bare, both, user],
    },
    {
      name: 'no socket, of users',
      info: asking(SOCKET | UID, SOCKET),
      leaves: [bare, kernels, ...everybody],
    },
    {
      name: 'no socket, not of users',
      info: asking(SOCKET | UID, SOCKET | UID),
      takes: [bare],
      leaves: [kernels, ...everybody],
    },
    // raw: inversions of what isn't asked for
    { name: 'inversions alone', info: asking(0, UID | GID), takes: everybody, leaves: [bare, kernels] },
    { name: 'other bits inverted', info: asking(0, 0xf0), takes: [kernels, ...everybody], leaves: [bare] },
    { name: 'other groups, of none', info: asking(GROUPS), takes: [kernels, ...everybody], leaves: [bare] },
    { name: 'every user', info: { ...asking(UID), uid_min: 0, uid_max: NOBODY - 1 }, takes: everybody, leaves: [bare] },
  ],
});

it('looks for other groups in BPF where the group is another', () => {
  const first = { field: 'ownerGroup', kind: 'masked', first: 7, second: NOBODY };
  const groupsOf = (info: OwnerInfo) => bpfOf(owner, info, { header: anyHeader }).groups;
  const look = { kind: 'ownerGroups', first: 7, second: 2 };
  expect(groupsOf({ ...asking(GID | GROUPS), gid_max: 9 })).toEqual([
    [expect.objectContaining({ field: 'ownerGroup', kind: 'within', first: 7, second: 2 }), look],
  ]);
  expect(groupsOf(asking(GID | GROUPS, GID | GROUPS))).toEqual([
    [{ ...first, negated: true }],
    [{ ...look, second: 0, negated: true }],
  ]);
  expect(groupsOf(asking(GID | GROUPS, GID))).toEqual([
    [expect.objectContaining({ field: 'ownerKind', second: owners.noFile | owners.somebody })],
    [{ ...first, negated: true }],
    [{ ...look, second: 0, negated: true }],
  ]);
});
