import { emptyFilter, entriesHeader, get, getCase, infoSize, named, type RawCase, socketCases } from './case.ts';
import type { RawRequest } from './request.ts';

/** struct ipt_getinfo with a table's name. */
const info = (name = 'filter', room = infoSize): Buffer =>
  Buffer.concat([named(name, 32), Buffer.alloc(infoSize)]).subarray(0, room);

/** struct ipt_get_entries with room for `size` bytes of entries. */
export function entries(name = 'filter', size: number = emptyFilter.bytes, room = size): Buffer {
  const header = Buffer.alloc(entriesHeader);
  header.write(name, 0, 32, 'latin1');
  header.writeUInt32LE(size, 32);
  return Buffer.concat([header, Buffer.alloc(room)]);
}

/** struct xt_get_revision. */
const revision = (name: string, number: number): Buffer => Buffer.concat([named(name, 29), Buffer.of(number)]);

/** What goes wrong alike with each option that reads a buffer of the right length. */
function badBuffers(what: string, option: number, good: Buffer): readonly RawCase[] {
  const of = (title: string, expected: string, rest: Partial<RawRequest>): RawCase =>
    getCase(`${what}: ${title}`, option, good, expected, rest);
  const { length } = good;
  return [
    of('NULL buffer', 'EFAULT', { data: null }),
    of('buffer that is not mapped', 'EFAULT', { data: 'unmapped' }),
    of('buffer one byte short of its length', 'EFAULT', { data: good.subarray(0, length - 1).toString('base64') }),
    of('buffer one byte short, a protected page behind it', 'EFAULT', {
      data: good.subarray(0, length - 1).toString('base64'),
      guard: 'protected',
    }),
    of('buffer of 1 byte', 'EFAULT', { data: good.subarray(0, 1).toString('base64') }),
    of('NULL length', 'EFAULT', { noLength: true }),
    of('length 0', 'EINVAL', { length: 0 }),
    of('length -1', 'EINVAL', { length: -1 }),
    of('length INT_MIN', 'EINVAL', { length: -0x80000000 }),
    of('length INT_MAX', 'EINVAL', { length: 0x7fffffff }),
    of('length one less', 'EINVAL', { length: length - 1 }),
    of('length one more', 'EINVAL', { length: length + 1 }),
    of('length 0 and NULL buffer', 'EINVAL', { length: 0, data: null }),
    ...socketCases(of),
  ];
}

export const infoCases: readonly RawCase[] = [
  ...['filter', 'nat', 'mangle', 'raw', 'security'].map((name) =>
    getCase(`GET_INFO: ${name}`, get.info, info(name), ''),
  ),
  ...badBuffers('GET_INFO', get.info, info()),
  getCase('GET_INFO: buffer that can be read but not written', get.info, info(), 'EFAULT', { readOnly: true }),
  getCase('GET_INFO: unknown table', get.info, info('nosuch'), 'ENOENT'),
  getCase('GET_INFO: table without a name', get.info, info(''), 'ENOENT'),
  getCase('GET_INFO: table name in capitals', get.info, info('FILTER'), 'ENOENT'),
  getCase('GET_INFO: name without NUL', get.info, info('filter'.repeat(6)), 'ENOENT'),
  getCase('GET_INFO: bytes behind the NUL', get.info, info('filter\0xyz'), ''),
  getCase('GET_INFO: unknown table and a wrong length', get.info, info('nosuch', 80), 'EINVAL'),
  getCase('GET_INFO: unknown table and a read-only buffer', get.info, info('nosuch'), 'ENOENT', { readOnly: true }),
];

export const entriesCases: readonly RawCase[] = [
  getCase('GET_ENTRIES: filter', get.entries, entries(), ''),
  getCase('GET_ENTRIES: nat', get.entries, entries('nat', 784), ''),
  ...badBuffers('GET_ENTRIES', get.entries, entries()),
  getCase('GET_ENTRIES: buffer that can be read but not written', get.entries, entries(), 'EFAULT', { readOnly: true }),
  getCase('GET_ENTRIES: only the header is there', get.entries, entries('filter', 632, 0), 'EFAULT', { length: 672 }),
  getCase('GET_ENTRIES: header one byte short', get.entries, entries().subarray(0, 39), 'EINVAL'),
  getCase('GET_ENTRIES: size 0', get.entries, entries('filter', 0), 'EAGAIN'),
  getCase('GET_ENTRIES: size too small', get.entries, entries('filter', 631), 'EAGAIN'),
  getCase('GET_ENTRIES: size too large', get.entries, entries('filter', 640), 'EAGAIN'),
  getCase('GET_ENTRIES: size of another table', get.entries, entries('filter', 784), 'EAGAIN'),
  getCase('GET_ENTRIES: size and length differ', get.entries, entries('filter', 632, 640), 'EINVAL'),
  getCase('GET_ENTRIES: size 2^32-40, length wraps to 0', get.entries, entries('filter', 0xffffffd8, 0), 'EINVAL', {
    length: 40,
  }),
  getCase('GET_ENTRIES: size INT_MAX-40, nothing there', get.entries, entries('filter', 0x7fffffd7, 0), 'EAGAIN', {
    length: 0x7fffffff,
  }),
  getCase('GET_ENTRIES: unknown table', get.entries, entries('nosuch'), 'ENOENT'),
  getCase('GET_ENTRIES: unknown table, other size', get.entries, entries('nosuch', 8), 'ENOENT'),
  getCase('GET_ENTRIES: name without NUL', get.entries, entries('filter'.repeat(6)), 'ENOENT'),
];

export const revisionCases: readonly RawCase[] = [
  ...badBuffers('GET_REVISION_MATCH', get.revisionMatch, revision('tcp', 0)),
  ...badBuffers('GET_REVISION_TARGET', get.revisionTarget, revision('MARK', 2)),
  getCase('GET_REVISION_MATCH: read-only buffer', get.revisionMatch, revision('tcp', 0), '', { readOnly: true }),
  getCase('GET_REVISION_MATCH: tcp 1', get.revisionMatch, revision('tcp', 1), 'EPROTONOSUPPORT'),
  getCase('GET_REVISION_MATCH: conntrack 1', get.revisionMatch, revision('conntrack', 1), ''),
  getCase('GET_REVISION_MATCH: conntrack 3', get.revisionMatch, revision('conntrack', 3), ''),
  getCase('GET_REVISION_MATCH: conntrack 0', get.revisionMatch, revision('conntrack', 0), 'EPROTONOSUPPORT'),
  getCase('GET_REVISION_MATCH: conntrack 255', get.revisionMatch, revision('conntrack', 255), 'EPROTONOSUPPORT'),
  getCase('GET_REVISION_MATCH: multiport 0', get.revisionMatch, revision('multiport', 0), 'EPROTONOSUPPORT'),
  getCase('GET_REVISION_MATCH: multiport 1', get.revisionMatch, revision('multiport', 1), ''),
  getCase('GET_REVISION_MATCH: state 0', get.revisionMatch, revision('state', 0), ''),
  getCase('GET_REVISION_MATCH: unknown', get.revisionMatch, revision('nosuch', 0), 'ENOENT'),
  getCase('GET_REVISION_MATCH: no name', get.revisionMatch, revision('', 0), 'ENOENT'),
  getCase('GET_REVISION_MATCH: name without NUL', get.revisionMatch, revision('x'.repeat(29), 0), 'ENOENT'),
  getCase('GET_REVISION_MATCH: a target', get.revisionMatch, revision('REJECT', 0), 'ENOENT'),
  getCase('GET_REVISION_MATCH: bytes behind the NUL', get.revisionMatch, revision('tcp\0x', 0), ''),
  getCase('GET_REVISION_TARGET: MARK 0', get.revisionTarget, revision('MARK', 0), 'EPROTONOSUPPORT'),
  getCase('GET_REVISION_TARGET: REJECT 0', get.revisionTarget, revision('REJECT', 0), ''),
  getCase('GET_REVISION_TARGET: LOG 0', get.revisionTarget, revision('LOG', 0), ''),
  getCase('GET_REVISION_TARGET: unknown', get.revisionTarget, revision('NOSUCH', 0), 'ENOENT'),
  getCase('GET_REVISION_TARGET: a match', get.revisionTarget, revision('tcp', 0), 'ENOENT'),
  getCase('GET_REVISION_TARGET: the standard target', get.revisionTarget, revision('', 0), ''),
  getCase('GET_REVISION_TARGET: the standard target 1', get.revisionTarget, revision('', 1), 'EPROTONOSUPPORT'),
  getCase('GET_REVISION_TARGET: ERROR', get.revisionTarget, revision('ERROR', 0), ''),
  getCase('GET_REVISION_TARGET: name without NUL', get.revisionTarget, revision('x'.repeat(29), 0), 'ENOENT'),
];

export const otherGetCases: readonly RawCase[] = [
  getCase('get option 63', 63, info(), 'ENOPROTOOPT'),
  getCase('get option 68', 68, info(), 'ENOPROTOOPT'),
  getCase('GET_INFO at level IPPROTO_RAW', get.info, info(), 'ENOPROTOOPT', { level: 255 }),
];
