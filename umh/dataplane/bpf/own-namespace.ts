import { closeSync, fstatSync, openSync, statSync } from 'node:fs';
import { BpfilterError } from '../../../protocol/error.ts';
import { cannotExpress } from '../../../rules/extension.ts';
import { closeFd } from '../../../sys/descriptor.ts';
import { netnsCookie, nsUserns } from '../../../sys/namespace.ts';

/**
 * The cookie of our network namespace. Programs compare the numbers of users that the kernel has, which are those of the
 * first user namespace, as whoever may load them is in it; throws `not-expressible` where rules have others: in a network
 * namespace that belongs to another user namespace.
 */
export function ownNamespace(): bigint {
  const net = openSync('/proc/thread-self/ns/net', 'r');
  try {
    const owner = ownerOf(net);
    try {
      const [theirs, ours] = [fstatSync(owner), statSync('/proc/thread-self/ns/user')];
      if (theirs.ino !== ours.ino || theirs.dev !== ours.dev) otherUsers();
    } finally {
      closeFd(owner);
    }
  } finally {
    closeSync(net);
  }
  return netnsCookie();
}

function ownerOf(net: number): number {
  try {
    return nsUserns(net);
  } catch (error) {
    if (error instanceof BpfilterError && error.code === 'syscall') otherUsers();
    throw error;
  }
}

function otherUsers(): never {
  return cannotExpress('users have other numbers in the user namespace that this network namespace belongs to');
}
