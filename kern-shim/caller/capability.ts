import fs from 'node:fs';
import { BpfilterError } from '../../protocol/error.ts';
import { CAP_NET_ADMIN, hasCap } from '../../sys/capability.ts';
import { closeFd } from '../../sys/descriptor.ts';
import { nsOwnerUid, nsParent, nsUserns } from '../../sys/namespace.ts';
import { socketNetns } from '../../sys/socket.ts';
import { effectiveCaps } from '../../sys/thread.ts';

/** A user namespace by identity, with the uid that owns it. */
interface UserNamespace {
  readonly inode: bigint;
  readonly ownerUid: number;
}

/** The user namespaces that have a say over a network namespace: its owner, that one's parent, and so on. */
export type Owners = readonly UserNamespace[];

const deepestNesting = 33; // the kernel nests user namespaces 32 deep

/** Reads who owns the network namespace of a socket. It never changes, so callers may keep the answer. */
export function netnsOwners(socket: number): Owners {
  const owners: UserNamespace[] = [];
  const netns = socketNetns(socket);
  let current: number | undefined;
  try {
    current = nsUserns(netns);
    while (current !== undefined && owners.length < deepestNesting) {
      owners.push({ inode: fs.fstatSync(current, { bigint: true }).ino, ownerUid: nsOwnerUid(current) });
      const parent = nsParent(current);
      closeFd(current);
      current = parent;
    }
  } finally {
    closeFd(netns);
    if (current !== undefined) closeFd(current);
  }
  return owners;
}

/**
 * ns_capable(net->user_ns, CAP_NET_ADMIN) for another thread, as cap_capable (security/commoncap.c)
 * decides it: the capability in the owning user namespace or one above it, or being the uid that
 * made a namespace directly below one's own.
 */
export function mayAdminister(tid: number, owners: Owners): boolean {
  try {
    const own = fs.statSync(`/proc/${tid}/ns/user`, { bigint: true }).ino;
    const level = owners.findIndex((owner) => owner.inode === own);
    if (level < 0) return false;
    if (hasCap(effectiveCaps(tid), CAP_NET_ADMIN)) return true;
    const below = owners[level - 1];
    return below !== undefined && fs.statSync(`/proc/${tid}`).uid === below.ownerUid;
  } catch (error) {
    // The thread is gone, or belongs to somebody we may not look at.
    if (error instanceof BpfilterError || (error instanceof Error && 'code' in error)) return false;
    throw error;
  }
}
