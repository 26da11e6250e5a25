import type { BpfilterModule } from '../kern-shim/module.ts';
import { requestOwn } from '../kern-shim/own-memory.ts';
import { asErrno, errnoName } from '../protocol/errno.ts';
import { BpfilterError } from '../protocol/error.ts';
import { ipv4 } from '../protocol/family.ts';
import { composeCommand } from '../protocol/mbox.ts';
import type { TableClient } from './iptables/table-client.ts';

/** Reads tables through a module, by the very socket options that iptables uses. */
export function tableClientOf(module: BpfilterModule): TableClient {
  return {
    getInfo(table) {
      const bytes = Buffer.alloc(ipv4.getinfo.size);
      writeName(bytes, table);
      get(module, ipv4.get.info, bytes);
      const info = ipv4.getinfo.read(bytes);
      return {
        validHooks: info.valid_hooks,
        hookEntry: info.hook_entry,
        underflow: info.underflow,
        numEntries: info.num_entries,
        size: info.size,
      };
    },
    getEntries(table, size) {
      const header = ipv4.getEntries.size;
      const bytes = Buffer.alloc(header + size);
      writeName(bytes, table);
      bytes.writeUInt32LE(size, ipv4.getEntries.offsets.size);
      get(module, ipv4.get.entries, bytes);
      return bytes.subarray(header);
    },
  };
}

function writeName(bytes: Buffer, table: string): void {
  bytes.write(table, 0, 31, 'latin1');
}

function get(module: BpfilterModule, option: number, bytes: Uint8Array): void {
  const status = requestOwn(module, composeCommand(ipv4.level, option), false, bytes);
  if (status >= 0) return;
  throw new BpfilterError('syscall', `getsockopt ${option}: ${errnoName(-status)}`, {
    errno: asErrno(-status),
    call: 'getsockopt',
  });
}
