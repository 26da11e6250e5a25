import { cannotExpress } from '../extension.ts';
import type { Assembler } from './assembler.ts';
import type { FieldSlots } from './field-slots.ts';
import { FP, R1, R2, R3, R4, R6, R7, R8, R9, type Register } from './instruction.ts';
import { frame, type KernelOffsets, type MachineOptions } from './machine-frame.ts';
import { fieldOf, follow, record } from './machine-read.ts';
import { type Field, NOBODY, owners, recordOffsets } from './record.ts';

/** Fields that are told of the packet's socket. */
const ownerFields: readonly Field[] = ['ownerKind', 'ownerUser', 'ownerGroup', 'credentialStart', 'credentialRest'];

/** Whether a table asks whose sockets are. */
export function asksOwners(fields: FieldSlots): boolean {
  return ownerFields.some((field) => fields.has(field));
}

type Sockets = NonNullable<KernelOffsets['sockets']>;

function socketsOf({ offsets }: MachineOptions): Sockets {
  return offsets.sockets ?? cannotExpress('this kernel tells nothing of the owners of sockets');
}

/** net/tcp_states.h */
const [TIME_WAIT, NEW_SYN_RECV] = [6, 12];
/** In the frame until the socket has been looked at once more; the packet's transport header comes there later. */
const kept = { file: frame.transport, credential: frame.transport + 8, user: frame.transport + 16 };
const group = kept.user + 4;

/**
 * Who sends the packet, as xt_owner.c's owner_mt finds out; there a lock (sk_callback_lock) keeps the socket from being
 * closed meanwhile, which a program can't take. It looks twice instead. A packet is filtered within one RCU read
 * section. What a socket's file lies in (struct socket in an inode, struct cred) is freed by RCU: it stays what it was until
 * the program is done. The file itself may become another one's at once (SLAB_TYPESAFE_BY_RCU), but before it is let go its release
 * (__sock_release) has taken it from both: sock_orphan sets sk->sk_socket to NULL, then comes socket->file = NULL. So
 * where both lead there still after everything was read, it was that socket's owner; where they don't, the packet
 * has what the lock would have shown a moment later.
 */
export function owner(code: Assembler, options: MachineOptions): void {
  const { fields, namespace } = options;
  if (!asksOwners(fields)) return;
  const of = socketsOf(options);
  if (namespace === undefined) throw new RangeError("which network namespace it is isn't given");
  const put = (name: Field) => {
    if (fields.has(name)) code.store(4, FP, fieldOf(options, name), { register: R1 });
  };
  const kind = (value: number) => {
    code.move(R1, R7).alu('xor', R1, value);
    put('ownerKind');
  };
  kind(owners.noSocket);
  code.move(R1, R7).alu('xor', R1, NOBODY | 0);
  put('ownerUser');
  put('ownerGroup');
  code.move(R1, R7);
  put('credentialStart');
  put('credentialRest');
  fullSocket(code, of);
  // of another network namespace: it has no socket here
  code.move(R1, R8);
  follow(code, of.namespace);
  follow(code, of.cookie).constant(R2, namespace).branch(R1, '!=', { register: R2 }, 'owner-known');
  code.move(R1, R8);
  follow(code, of.socket).branch(R1, '==', 0, 'owner-known').move(R9, R1);
  follow(code, of.file).branch(R1, '==', 0, 'owner-no-file').store(8, FP, kept.file, { register: R1 });
  follow(code, of.credential).store(8, FP, kept.credential, { register: R1 });
  for (const [name, offset, place] of [
    ['ownerUser', of.user, kept.user],
    ['ownerGroup', of.group, group],
  ] as const) {
    if (!fields.has(name)) continue;
    code.load(8, R1, FP, kept.credential);
    follow(code, offset).store(4, FP, place, { register: R1 });
  }
  // processors that read in another order than they are told to mustn't here: a full barrier
  code.move(R1, R7).exchange(8, FP, frame.scratch, R1);
  code.move(R1, R9);
  follow(code, of.file).load(8, R2, FP, kept.file).branch(R1, '!=', { register: R2 }, 'owner-closing');
  code.move(R1, R8);
  follow(code, of.socket).branch(R1, '!=', { register: R9 }, 'owner-known');
  for (const [name, place] of [
    ['ownerUser', kept.user],
    ['ownerGroup', group],
    ['credentialStart', kept.credential],
    ['credentialRest', kept.credential + 4],
  ] as const) {
    if (!fields.has(name)) continue;
    code.load(4, R1, FP, place);
    put(name);
  }
  kind(owners.somebody);
  code.jump('owner-known');
  code.label('owner-closing').move(R1, R8);
  follow(code, of.socket).branch(R1, '==', 0, 'owner-known');
  code.label('owner-no-file');
  kind(owners.noFile);
  code.label('owner-known');
}

/** r8 gets the packet's socket as skb_to_full_sk tells it: a request's is its listener, one that only waits is none. */
function fullSocket(code: Assembler, of: Sockets): void {
  const state = () => {
    code.move(R1, R8);
    return follow(code, of.state).alu('and', R1, 0xff);
  };
  code.move(R1, R6);
  follow(code, of.ofPacket).branch(R1, '==', 0, 'owner-known').move(R8, R1);
  state().branch(R1, '!=', NEW_SYN_RECV, 'owner-full').move(R1, R8);
  follow(code, of.listener).branch(R1, '==', 0, 'owner-known').move(R8, R1);
  state().label('owner-full').branch(R1, '==', TIME_WAIT, 'owner-known');
}

/** In the frame's key: which groups are still to be looked among, and where they all lie. */
const at = { from: frame.key, to: frame.key + 8, groups: frame.key + 16 };
/** Of numbers of groups: NGROUPS_MAX (linux/limits.h) is less. So the verifier sees no other in each round. */
const GROUPS_MASK = 0x1ffff;

/**
 * Whether one of the owner's other groups lies in a range. They are in order (groups_sort), so the least that isn't below is
 * found by halves. The credential was the owner's when the packet was read, and none changes: what is read of it now
 * was so then.
 */
export function ownerGroups(code: Assembler, options: MachineOptions): void {
  const of = socketsOf(options);
  // 0, as nothing else stands there: one that the verifier doesn't know of
  code.load(8, R1, R3, recordOffsets.filled).store(8, FP, at.from, { register: R1 });
  code
    .load(4, R1, FP, fieldOf(options, 'credentialRest'))
    .alu('lsh', R1, 32)
    .load(4, R2, FP, fieldOf(options, 'credentialStart'));
  code.alu('or', R1, { register: R2 }).branch(R1, '==', 0, 'false');
  follow(code, of.groups).branch(R1, '==', 0, 'groups-none').store(8, FP, at.groups, { register: R1 });
  follow(code, of.groupCount).alu('and', R1, GROUPS_MASK).store(8, FP, at.to, { register: R1 });
  code.label('groups-next').mayGoto('drop');
  // the `or` makes them other numbers to the verifier: what the branch tells of them isn't told of the frame, too
  const half = (from: Register, to: Register) =>
    code.alu('add', from, { register: to }).alu('rsh', from, 1).alu('and', from, GROUPS_MASK);
  code.load(8, R1, FP, at.from).alu('or', R1, 0).load(8, R2, FP, at.to).alu('or', R2, 0);
  code.branch(R1, '>=', { register: R2 }, 'groups-found');
  half(R1, R2);
  groupAt(code, of);
  record(code).load(8, R2, FP, at.from).load(8, R4, FP, at.to);
  half(R2, R4).load(4, R4, R3, recordOffsets.first).branch(R1, '>=', { register: R4 }, 'groups-before');
  code.alu('add', R2, 1).alu('and', R2, GROUPS_MASK).store(8, FP, at.from, { register: R2 }).jump('groups-next');
  code.label('groups-before').store(8, FP, at.to, { register: R2 }).jump('groups-next');
  code.label('groups-found').load(8, R1, FP, at.groups);
  follow(code, of.groupCount).alu('and', R1, GROUPS_MASK).load(8, R2, FP, at.from).alu('or', R2, 0);
  code.branch(R2, '>=', { register: R1 }, 'groups-none').move(R1, R2);
  groupAt(code, of);
  record(code).load(4, R2, R3, recordOffsets.first).alu32('sub', R1, { register: R2 });
  code.load(4, R2, R3, recordOffsets.second).branch(R1, '<=', { register: R2 }, 'true').jump('false');
  code.label('groups-none');
  record(code).jump('false');
}

/** r1 is a group's number, and becomes the group. */
function groupAt(code: Assembler, of: Sockets): Assembler {
  code.alu('lsh', R1, 2).load(8, R2, FP, at.groups).alu('add', R1, { register: R2 });
  return follow(code, of.firstGroup).alu32('mov', R1, { register: R1 });
}
