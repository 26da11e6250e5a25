import { blobCases } from '../../rules/blob/testing/cases.ts';
import { entry, filter, head, patched, plain, replace, standard, verdicts } from '../../rules/blob/testing/raw-blob.ts';
import { base64, countersHeader, emptyFilter, get, getCase, type RawCase, set, setCase, socketCases } from './case.ts';
import { entries } from './malformed-get.ts';
import type { RawRequest } from './request.ts';

const empty = Buffer.from(filter({}));
const unmappedPointer = [0x10, 0, 0, 0, 0, 0, 0, 0];

/** Puts the empty table back, whatever the table is by then. */
export const reset: RawCase = setCase('reset filter', set.replace, empty, '', {
  numCountersOf: 'filter',
  countersRoom: 4096,
});

const replaceCase = (title: string, bytes: Uint8Array, expected: string, rest: Partial<RawRequest> = {}): RawCase =>
  setCase(`SET_REPLACE: ${title}`, set.replace, bytes, expected, rest);

/** The header of the empty filter with another size, and no entries behind it. */
const sized = (size: number): Uint8Array => {
  const bytes = Buffer.from(empty.subarray(0, 96));
  bytes.writeUInt32LE(size >>> 0, 40);
  return bytes;
};

/** What goes wrong alike with each option that is given a buffer of the right length. */
function badBuffers(what: string, option: number, good: Buffer, room: Partial<RawRequest>): readonly RawCase[] {
  const of = (title: string, expected: string, rest: Partial<RawRequest>): RawCase =>
    setCase(`${what}: ${title}`, option, good, expected, { ...room, ...rest });
  const { length } = good;
  return [
    of('NULL buffer', 'EFAULT', { data: null }),
    of('buffer that is not mapped', 'EFAULT', { data: 'unmapped' }),
    of('buffer one byte short of its length', 'EFAULT', { data: base64(good.subarray(0, length - 1)) }),
    of('buffer one byte short, a protected page behind it', 'EFAULT', {
      data: base64(good.subarray(0, length - 1)),
      guard: 'protected',
    }),
    setCase(`${what}: buffer that ends behind 40 bytes`, option, good.subarray(0, 40), 'EFAULT', { length }),
    of('length 0', 'EINVAL', { length: 0 }),
    of('length -1', 'EINVAL', { length: -1 }),
    of('length INT_MIN', 'EINVAL', { length: -0x80000000 }),
    of('length one less', 'EINVAL', { length: length - 1 }),
    of('length 39', 'EINVAL', { length: 39 }),
    of('length 40', 'EINVAL', { length: 40 }),
    of('length 0 and NULL buffer', 'EINVAL', { length: 0, data: null }),
    of('buffer that can be read but not written', '', { readOnly: true }),
    ...socketCases(of),
  ];
}

export const replaceCases: readonly RawCase[] = [
  replaceCase('empty filter, room for its counters', empty, '', { countersRoom: 64 }),
  ...badBuffers('SET_REPLACE', set.replace, empty, { countersRoom: 64 }),
  replaceCase('length 95', empty, 'EINVAL', { length: 95 }),
  replaceCase('length 96', empty, 'EINVAL', { length: 96 }),
  replaceCase('length longer than is needed, and there', Buffer.concat([empty, Buffer.alloc(1000)]), ''),
  replaceCase('length longer than is needed, and not there', empty, '', { length: 100_000 }),
  replaceCase('length INT_MAX, the rest in order', empty, '', { length: 0x7fffffff }),
  replaceCase('counters NULL', patched(empty, 88, ...Array<number>(8).fill(0)), ''),
  replaceCase('counters not mapped', patched(empty, 88, ...unmappedPointer), ''),
  replaceCase('counters in the kernel', patched(empty, 88, ...Array<number>(8).fill(0xff)), ''),
  replaceCase('counters with room for two of four', empty, '', { countersRoom: 32 }),
  replaceCase('one counter too few', patched(empty, 84, emptyFilter.entries - 1), 'EAGAIN', { countersRoom: 64 }),
  replaceCase('one counter too many', patched(empty, 84, emptyFilter.entries + 1), 'EAGAIN', { countersRoom: 128 }),
  replaceCase('wrong count of counters and a bad blob', patched(patched(empty, 84, 9), 36, 3), 'EINVAL'),
  replaceCase('size 512 MiB', sized(0x20000000), 'ENOMEM', { length: 0x20000060 }),
  replaceCase("size 512 MiB less the kernel's own 64 bytes", sized(0x20000000 - 64), 'ENOMEM', { length: 0x20000060 }),
  replaceCase('size INT_MAX-96', sized(0x7fffff9f), 'ENOMEM', { length: 0x7fffffff }),
  replaceCase('size 2^32-96, sum wraps to 0', sized(0xffffffa0), 'EINVAL', { length: 96 }),
  replaceCase('size 16 MiB, nothing there', sized(0x1000000), 'EFAULT', { length: 0x1000060 }),
  replaceCase('size 2^32-1 in a length of -1', sized(0xffffffff), 'EINVAL', { length: -1 }),
];

/** Each hand-made blob, and the empty table again where the kernel took it. */
export const blobRequests: readonly RawCase[] = blobCases.flatMap(({ title, blob, expected, ...rest }) => {
  const ours = rest.supervised ?? rest.ours;
  const found: RawCase = {
    ...setCase(`blob: ${title}`, set.replace, blob, expected),
    ...(ours === undefined ? {} : { ours }),
  };
  return expected === '' ? [found, reset] : [found];
});

/** struct xt_counters_info and `room` counters of 1 packet, 100 bytes each. */
function counters(name: string, count: number, room = count): Buffer {
  const bytes = Buffer.alloc(countersHeader + room * 16);
  bytes.write(name, 0, 32, 'latin1');
  bytes.writeUInt32LE(count, 32);
  for (let index = 0; index < room; index += 1) {
    bytes.writeBigUInt64LE(1n, countersHeader + index * 16);
    bytes.writeBigUInt64LE(100n, countersHeader + index * 16 + 8);
  }
  return bytes;
}

const addCase = (title: string, bytes: Uint8Array, expected: string, rest: Partial<RawRequest> = {}): RawCase =>
  setCase(`ADD_COUNTERS: ${title}`, set.addCounters, bytes, expected, rest);

export const addCountersCases: readonly RawCase[] = [
  reset,
  addCase('four for four', counters('filter', 4), ''),
  ...badBuffers('ADD_COUNTERS', set.addCounters, counters('filter', 4), {}),
  addCase('none, and none there', counters('filter', 0), 'EINVAL'),
  addCase('none said, four there', counters('filter', 0, 4), 'EINVAL'),
  addCase('three for four', counters('filter', 3), 'EINVAL'),
  addCase('five for four', counters('filter', 5), 'EINVAL'),
  addCase('four said, three there', counters('filter', 4, 3), 'EINVAL'),
  addCase('four said, five there', counters('filter', 4, 5), 'EINVAL'),
  addCase('2^32-1 said', counters('filter', 0xffffffff, 4), 'EINVAL'),
  addCase('2^28 said: the sum wraps to 0 in 32 bits', counters('filter', 0x10000000, 0), 'EINVAL'),
  addCase('2^28+4 said: the sum wraps to the length', counters('filter', 0x10000004, 4), 'EINVAL'),
  addCase('unknown table', counters('nosuch', 4), 'ENOENT'),
  addCase('unknown table, wrong count', counters('nosuch', 3), 'ENOENT'),
  addCase('table without a name', counters('', 4), 'ENOENT'),
  addCase('name without NUL', counters('filter'.repeat(6), 4), 'ENOENT'),
  addCase('16 MiB said, nothing there', counters('filter', 0x100000, 0), 'EFAULT', {
    length: countersHeader + 0x1000000,
  }),
  reset,
];

const jumping = replace({ hookEntry: [0, 0, 304, 456, 0], underflow: [0, 152, 304, 456, 0] }, [
  entry({ target: standard(784) }),
  ...Array<Uint8Array>(3).fill(plain(verdicts.accept)),
  head('A'),
  plain(verdicts.drop),
  plain(verdicts.return),
  head('ERROR'),
]);

/** Old counters come back with a replace, once, in the old table's order. */
export const countersBackCases: readonly RawCase[] = [
  reset,
  addCase('before a replace', counters('filter', 4), ''),
  addCase('again', counters('filter', 4), ''),
  replaceCase('a table with a chain; the counters come back', jumping, '', { countersRoom: 64 }),
  addCase('four for eight', counters('filter', 4), 'EINVAL'),
  addCase('eight for eight', counters('filter', 8), ''),
  getCase('GET_ENTRIES: after a replace and new counters', get.entries, entries('filter', jumping.length - 96), ''),
  reset,
];

export const otherSetCases: readonly RawCase[] = [
  setCase('set option 63', 63, empty, 'ENOPROTOOPT'),
  setCase('set option 66', 66, empty, 'ENOPROTOOPT'),
];
