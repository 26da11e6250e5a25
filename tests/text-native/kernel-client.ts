import type { TableClient } from '../../cli/iptables/table-client.ts';
import { BpfilterError } from '../../protocol/error.ts';
import { ipv4 } from '../../protocol/family.ts';
import { AF_INET, SOCK_CLOEXEC, SOCK_RAW, socket } from '../../sys/socket.ts';
import { type SockoptResult, rawGetsockopt } from '../../sys/socket-option.ts';
import type { Errno } from '../../protocol/errno.ts';

const IPPROTO_RAW = 255;

/** A client of the kernel's own ip_tables in this network namespace. */
export function kernelClient(): TableClient {
  const fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
  const ask = (option: number, bytes: Uint8Array): Buffer => {
    const buffer = Buffer.from(bytes);
    check(rawGetsockopt(fd, ipv4.level, option, buffer, buffer.length));
    return buffer;
  };
  return {
    getInfo(name) {
      const blank = { valid_hooks: 0, hook_entry: [0, 0, 0, 0, 0], underflow: [0, 0, 0, 0, 0], num_entries: 0, size: 0 };
      const info = ipv4.getinfo.read(ask(ipv4.get.info, ipv4.getinfo.write({ name, ...blank })));
      return {
        validHooks: info.valid_hooks,
        hookEntry: perHook(info.hook_entry),
        underflow: perHook(info.underflow),
        numEntries: info.num_entries,
        size: info.size,
      };
    },
    getEntries(name, size) {
      const head = ipv4.getEntries.write({ name, size });
      return new Uint8Array(ask(ipv4.get.entries, Buffer.concat([head, Buffer.alloc(size)]))).slice(head.length);
    },
  };
}

function check({ result, errno }: SockoptResult): void {
  if (result !== 0) throw new BpfilterError('syscall', 'the kernel refused', { call: 'getsockopt', errno: errno as Errno });
}

function perHook([a = 0, b = 0, c = 0, d = 0, e = 0]: readonly number[]): readonly [number, number, number, number, number] {
  return [a, b, c, d, e];
}
