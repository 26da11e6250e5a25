import fs from 'node:fs';
import path from 'node:path';
import { describeError } from '../protocol/error.ts';
import { encodeRequest, type MboxRequest, mbox_request } from '../protocol/mbox.ts';
import type { PassedMemory } from './driver-process.ts';
import type { Log } from './log.ts';

/** Bytes of a caller's memory that are kept of one request, and how many requests. */
const mostBytes = 1 << 22;
const mostKept = 8;

/**
 * Keeps requests that killed their drivers in the state folder, as `poison-N`: the 24 bytes of the message,
 * then what the caller's memory held there. The ninth takes the place of the first.
 */
export function poisonKeeper(folder: string, log: Log): (request: MboxRequest, memory?: PassedMemory) => void {
  let count = 0;
  return (request, memory) => {
    const file = path.join(folder, `poison-${1 + (count % mostKept)}`);
    count += 1;
    try {
      const message = new DataView(new ArrayBuffer(mbox_request.size));
      encodeRequest(message, request);
      fs.writeFileSync(file, [new Uint8Array(message.buffer), bytesOf(request, memory)].reduce(joined), {
        mode: 0o600,
      });
      log.write(`the request is kept in ${file}`);
    } catch (error) {
      log.write(`the request can't be kept in ${file}: ${describeError(error)}`);
    }
  };
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  return Buffer.concat([one, other]);
}

function bytesOf({ addr, len }: MboxRequest, memory: PassedMemory | undefined): Uint8Array {
  if (memory === undefined) return new Uint8Array();
  const bytes = new Uint8Array(Math.min(len, mostBytes));
  try {
    return bytes.subarray(0, fs.readSync(memory.descriptor, bytes, 0, bytes.length, Number(addr)));
  } catch {
    return new Uint8Array(); // the caller is gone, or the range is none
  }
}
