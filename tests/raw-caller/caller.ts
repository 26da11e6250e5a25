/**
 * The raw caller: reads a JSON array of RawRequest from stdin, makes each system call as asked,
 * and writes a JSON array of RawResult to stdout. A real process with real system calls, so that
 * it can run against the kernel's own ip_tables and under `bpfilter run --` alike.
 */
import { closeSync, openSync, readFileSync } from 'node:fs';
import koffi from 'koffi';
import { errnoName } from '../../protocol/errno.ts';
import { guardedBuffer, unmappedAddress } from './memory.ts';
import type { RawRequest, RawResult, SocketKind } from './request.ts';

const libc = koffi.load(null);
const socket = libc.func('int socket(int domain, int type, int protocol)');
const getsockopt = libc.func('int getsockopt(int fd, int level, int option, void *value, void *length)');
const setsockopt = libc.func('int setsockopt(int fd, int level, int option, void *value, uint32_t length)');

const sockets: Readonly<Record<Exclude<SocketKind, 'closed' | 'file'>, readonly [number, number, number]>> = {
  'inet-raw': [2, 3, 255],
  'inet-dgram': [2, 2, 0],
  'inet-stream': [2, 1, 0],
  'inet6-raw': [10, 3, 255],
  'inet6-dgram': [10, 2, 0],
  unix: [1, 2, 0],
  netlink: [16, 3, 0],
};

const countersPointer = 88; // ipt_replace.counters
const numCounters = 84; // ipt_replace.num_counters
const getInfo = { option: 64, length: 84, numEntries: 76 } as const; // IPT_SO_GET_INFO, struct ipt_getinfo

function open(kind: SocketKind): number {
  if (kind === 'closed') return 1023;
  if (kind === 'file') return openSync('/dev/null', 'r');
  return socket(...sockets[kind]);
}

/** Number of entries of a table, by GET_INFO; 0 when it can't be asked. */
function entriesOf(fd: number, table: string): number {
  const info = Buffer.alloc(getInfo.length);
  info.write(table, 'latin1');
  const buffer = guardedBuffer(getInfo.length, info);
  const length = guardedBuffer(4, Buffer.from(Int32Array.of(getInfo.length).buffer));
  getsockopt(fd, 0, getInfo.option, buffer.address, length.address);
  return Buffer.from(buffer.bytes()).readUInt32LE(getInfo.numEntries);
}

function perform(request: RawRequest): RawResult {
  const fd = open(request.socket);
  if (fd < 0)
    return { title: request.title, result: -1, errno: `socket: ${errnoName(koffi.errno())}`, length: 0, bytes: '' };
  const counters = request.countersRoom === undefined ? undefined : guardedBuffer(request.countersRoom);
  const given = request.data === null || request.data === 'unmapped' ? undefined : Buffer.from(request.data, 'base64');
  if (given !== undefined && counters !== undefined) given.writeBigUInt64LE(counters.address, countersPointer);
  if (given !== undefined && request.numCountersOf !== undefined) {
    given.writeUInt32LE(entriesOf(fd, request.numCountersOf), numCounters);
  }
  const buffer = given === undefined ? undefined : guardedBuffer(given.length, given, request);
  const address = buffer?.address ?? (request.data === null ? null : unmappedAddress);

  let result: number;
  let failure: number;
  let length = request.length;
  if (request.call === 'set') {
    result = setsockopt(fd, request.level, request.option, address, request.length >>> 0);
    failure = koffi.errno();
  } else {
    const cell = guardedBuffer(4, Buffer.from(Int32Array.of(request.length).buffer));
    result = getsockopt(fd, request.level, request.option, address, request.noLength ? null : cell.address);
    failure = koffi.errno();
    length = Buffer.from(cell.bytes()).readInt32LE();
  }
  if (request.socket !== 'closed') closeSync(fd);
  return {
    title: request.title,
    result,
    errno: result >= 0 ? '' : errnoName(failure),
    length,
    bytes: buffer === undefined ? '' : Buffer.from(buffer.bytes()).toString('base64'),
    ...(counters === undefined ? {} : { counters: Buffer.from(counters.bytes()).toString('base64') }),
  };
}

const requests = JSON.parse(readFileSync(0, 'utf8')) as readonly RawRequest[];
process.stdout.write(JSON.stringify(requests.map(perform)));
