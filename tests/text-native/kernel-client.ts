import type { TableClient, TableInfo } from '../../cli/iptables/table-client.ts';
import type { Errno } from '../../protocol/errno.ts';
import { BpfilterError } from '../../protocol/error.ts';
import { ipv4 } from '../../protocol/family.ts';
import { encodeReplace, encodeTable } from '../../rules/blob/encode.ts';
import type { Table } from '../../rules/ir.ts';
import { AF_INET, SOCK_CLOEXEC, SOCK_RAW, socket } from '../../sys/socket.ts';
import { rawGetsockopt, rawSetsockopt, type SockoptResult } from '../../sys/socket-option.ts';

const IPPROTO_RAW = 255;

const noHooks = [0, 0, 0, 0, 0] as const;

export interface KernelClient extends TableClient {
  getInfo(table: string): TableInfo;
  getEntries(table: string, size: number): Uint8Array;
  /** Puts a table in force as its bytes say, past anything that iptables itself would refuse. */
  replace(table: Table): void;
}

/** A client of the kernel's own ip_tables in this network namespace. */
export function kernelClient(): KernelClient {
  const fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
  const ask = (option: number, bytes: Uint8Array): Buffer => {
    const buffer = Buffer.from(bytes);
    check(rawGetsockopt(fd, ipv4.level, option, buffer, buffer.length));
    return buffer;
  };
  const client: KernelClient = {
    getInfo(name) {
      const blank = { valid_hooks: 0, hook_entry: noHooks, underflow: noHooks, num_entries: 0, size: 0 };
      const info = ipv4.getinfo.read(ask(ipv4.get.info, ipv4.getinfo.write({ name, ...blank })));
      return {
        validHooks: info.valid_hooks,
        hookEntry: info.hook_entry,
        underflow: info.underflow,
        numEntries: info.num_entries,
        size: info.size,
      };
    },
    getEntries(name, size) {
      const head = ipv4.getEntries.write({ name, size });
      return new Uint8Array(ask(ipv4.get.entries, Buffer.concat([head, Buffer.alloc(size)]))).slice(head.length);
    },
    replace(table) {
      // The kernel shrugs off that the old counters can't be written to address 0.
      const old = { numCounters: client.getInfo(table.name).numEntries, counters: 0n };
      const request = Buffer.from(encodeReplace(encodeTable(table), old));
      check(rawSetsockopt(fd, ipv4.level, ipv4.set.replace, request, request.length));
    },
  };
  return client;
}

function check({ result, errno }: SockoptResult): void {
  if (result !== 0)
    throw new BpfilterError('syscall', 'the kernel refused', { call: 'getsockopt', errno: errno as Errno });
}
