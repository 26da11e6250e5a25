import fs from 'node:fs';
import { composeCommand, OWN_LEVEL } from '../protocol/mbox.ts';
import { addressOf } from '../sys/koffi.ts';
import type { BpfilterModule } from './module.ts';

/**
 * Makes a request with memory of our own, as an iptables in this process would: the driver reads
 * and writes `bytes` through our /proc/self/mem.
 *
 * @returns the driver's status: 0, a positive result, or −errno
 */
export function requestOwn(module: BpfilterModule, cmd: number, isSet: boolean, bytes: Uint8Array): number {
  const memory = fs.openSync('/proc/self/mem', 'r+');
  try {
    const addr = bytes.length === 0 ? 0n : addressOf(bytes);
    return module.request(
      { addr, len: bytes.length, is_set: isSet ? 1 : 0, cmd, pid: process.pid },
      { descriptor: memory, readable: bytes.length, writable: bytes.length },
    );
  } finally {
    fs.closeSync(memory);
  }
}

/**
 * Reads a text by one of bpfilter's own options.
 *
 * @param option NAMES or STATUS of protocol/mbox.ts
 * @returns the text, or −errno
 */
export function readOwnText(module: BpfilterModule, option: number, size = 1 << 16): string | number {
  const bytes = Buffer.alloc(size);
  const status = requestOwn(module, composeCommand(OWN_LEVEL, option), false, bytes);
  return status < 0 ? status : bytes.toString('utf8', 0, status);
}
