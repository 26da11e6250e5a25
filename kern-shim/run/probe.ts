import { families } from '../../protocol/family.ts';
import { closeFd } from '../../sys/descriptor.ts';
import { AF_INET, SOCK_CLOEXEC, SOCK_DGRAM, socket } from '../../sys/socket.ts';
import { rawGetsockopt } from '../../sys/socket-option.ts';
import { probeLength } from '../sockopt.ts';

/** Whether this very thread's socket options are served by a shim of ours (see `probeLength`). */
export function outerShimServes(): boolean {
  const family = families[0];
  if (family === undefined) return false;
  const fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  try {
    return rawGetsockopt(fd, family.level, family.get.info, null, probeLength).result === 0;
  } finally {
    closeFd(fd);
  }
}
