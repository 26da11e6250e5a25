import { BpfilterError } from './error.ts';
import { littleEndian } from './field.ts';
import { defineStruct, i32, u32, u64, type ValueOf } from './struct.ts';

/**
 * The two messages between shim and driver, as net/bpfilter/msgfmt.h had them up to Linux 6.7.
 * Host-endian, one request, one reply.
 */
const header = 'net/bpfilter/msgfmt.h';

export const mbox_request = defineStruct('mbox_request', header, {
  addr: u64,
  len: u32,
  is_set: u32,
  cmd: u32,
  pid: u32,
});
/** The kernel's header has an unsigned status; it is read as a signed number. */
export const mbox_reply = defineStruct('mbox_reply', header, { status: i32 });

/** `addr`: an address in the memory of process `pid`; `len`: bytes there; `is_set`: 1 for setsockopt, else 0. */
export type MboxRequest = ValueOf<typeof mbox_request>;

/** Level of bpfilter's own options. */
export const OWN_LEVEL = 255;

/** Options of `OWN_LEVEL`. NAMES and STATUS are read, RESET is written. */
export const ownOptions = { NAMES: 1, STATUS: 2, RESET: 3, WARM_UP: 4 } as const;

/** What `cmd` is made of: option in bits 0–15, level in 16–30, replay in 31. */
export interface Command {
  readonly level: number;
  readonly option: number;
  /** The request in flight when the driver last died, once more. */
  readonly replay: boolean;
}

/** `cmd` of an option. Throws `malformed` for a level or option that has no room. */
export function composeCommand(level: number, option: number, replay = false): number {
  if (!(Number.isInteger(level) && level >= 0 && level <= 0x7fff)) {
    throw new BpfilterError('malformed', `level: wanted an integer from 0 to 32767, found ${level}`);
  }
  if (!(Number.isInteger(option) && option >= 0 && option <= 0xffff)) {
    throw new BpfilterError('malformed', `option: wanted an integer from 0 to 65535, found ${option}`);
  }
  return ((replay ? 0x8000_0000 : 0) | (level << 16) | option) >>> 0;
}

/** The same `cmd`, marked as the replay of the request in flight when the driver last died. */
export function asReplay(cmd: number): number {
  return (cmd | 0x8000_0000) >>> 0;
}

/** The parts of `cmd`. */
export function splitCommand(cmd: number): Command {
  return { level: (cmd >>> 16) & 0x7fff, option: cmd & 0xffff, replay: cmd >>> 31 === 1 };
}

// One call of iptables is several of these in a row: the codecs below work on a view the caller keeps.
const at = mbox_request.offsets;

function u32Of(field: string, value: number): number {
  if (value >>> 0 !== value)
    throw new BpfilterError('malformed', `mbox_request.${field}: wanted a u32, found ${value}`);
  return value;
}

function checkRoom(view: DataView, what: string, size: number): void {
  if (view.byteLength >= size) return;
  throw new BpfilterError('malformed', `${what}: wanted ${size} bytes, found ${view.byteLength}`);
}

/** Writes a request to the first 24 bytes of `view`. Throws `malformed` when it or a value doesn't fit. */
export function encodeRequest(view: DataView, request: MboxRequest): void {
  checkRoom(view, 'mbox_request', mbox_request.size);
  if (request.addr < 0n || request.addr > 0xffff_ffff_ffff_ffffn) {
    throw new BpfilterError('malformed', `mbox_request.addr: wanted a u64, found ${request.addr}`);
  }
  view.setBigUint64(at.addr, request.addr, littleEndian);
  view.setUint32(at.len, u32Of('len', request.len), littleEndian);
  view.setUint32(at.is_set, u32Of('is_set', request.is_set), littleEndian);
  view.setUint32(at.cmd, u32Of('cmd', request.cmd), littleEndian);
  view.setUint32(at.pid, u32Of('pid', request.pid), littleEndian);
}

/** The request in the first 24 bytes of `view`. Throws `malformed` when they aren't there. */
export function decodeRequest(view: DataView): MboxRequest {
  checkRoom(view, 'mbox_request', mbox_request.size);
  return {
    addr: view.getBigUint64(at.addr, littleEndian),
    len: view.getUint32(at.len, littleEndian),
    is_set: view.getUint32(at.is_set, littleEndian),
    cmd: view.getUint32(at.cmd, littleEndian),
    pid: view.getUint32(at.pid, littleEndian),
  };
}

/** Writes a reply to the first 4 bytes of `view`: 0, a positive result, or −errno. */
export function encodeReply(view: DataView, status: number): void {
  checkRoom(view, 'mbox_reply', mbox_reply.size);
  if ((status | 0) !== status)
    throw new BpfilterError('malformed', `mbox_reply.status: wanted an i32, found ${status}`);
  view.setInt32(0, status, littleEndian);
}

/** The status in the first 4 bytes of `view`. Throws `malformed` when they aren't there. */
export function decodeReply(view: DataView): number {
  checkRoom(view, 'mbox_reply', mbox_reply.size);
  return view.getInt32(0, littleEndian);
}
