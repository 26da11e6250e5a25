import { errno } from '../protocol/errno.ts';
import { closeFd } from './descriptor.ts';
import { check, syscallError } from './fail.ts';
import { cFunction } from './koffi.ts';
import { AF_INET, SOCK_CLOEXEC, SOCK_DGRAM, socket } from './socket.ts';

const ioctl = cFunction('ioctl', ['int', 'ulong', 'void *']);

/** include/uapi/linux/sockios.h, include/uapi/linux/if.h */
const SIOCGIFFLAGS = 0x8913;
const SIOCSIFFLAGS = 0x8914;
const IFF_UP = 1;
const IFNAMSIZ = 16;
/** struct ifreq: the name, then a union whose flags are a short. */
const IFREQ_SIZE = 40;

/** Brings an interface of the calling thread's network namespace up. ENODEV: no such interface. */
export function setLinkUp(name: string): void {
  const request = Buffer.alloc(IFREQ_SIZE);
  if (Buffer.byteLength(name) >= IFNAMSIZ) throw syscallError('ioctl', errno.ENODEV, name);
  request.write(name, 0, 'utf8');
  const fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  try {
    check(ioctl()(fd, SIOCGIFFLAGS, request), 'ioctl', `SIOCGIFFLAGS ${name}`);
    request.writeUInt16LE(request.readUInt16LE(IFNAMSIZ) | IFF_UP, IFNAMSIZ);
    check(ioctl()(fd, SIOCSIFFLAGS, request), 'ioctl', `SIOCSIFFLAGS ${name}`);
  } finally {
    closeFd(fd);
  }
}
