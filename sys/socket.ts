import { check, fail } from './fail.ts';
import { cFunction } from './koffi.ts';

const cSocket = cFunction('socket', ['int', 'int', 'int']);
const ioctl = cFunction('ioctl', ['int', 'ulong', 'int64_t']);

/** include/linux/socket.h, include/linux/net.h */
export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const AF_NETLINK = 16;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_SEQPACKET = 5;
export const SOCK_CLOEXEC = 0o2000000;

const SIOCGSKNS = 0x894c;

/** A new socket. It closes on exec only when SOCK_CLOEXEC is or'ed to `type`. */
export function socket(domain: number, type: number, protocol: number): number {
  const fd = cSocket()(domain, type, protocol);
  return check(fd, 'socket', `domain ${domain}, type ${type}, protocol ${protocol}`);
}

/**
 * A descriptor (closed on exec) of the network namespace a socket lives in. EPERM without
 * CAP_NET_ADMIN over that namespace.
 */
export function socketNetns(fd: number): number {
  const result = ioctl()(fd, SIOCGSKNS, 0);
  if (result < 0) fail('ioctl', `SIOCGSKNS, fd ${fd}`);
  return result;
}
