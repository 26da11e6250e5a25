import { readdirSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import type { CounterPlace } from '../../../rules/bpf/document.ts';
import { COUNTER_SIZE } from '../../../rules/bpf/record.ts';
import { mapById } from '../../../sys/bpf/map-info.ts';
import { closeFd, dupCloexec } from '../../../sys/descriptor.ts';
import { mapShared } from '../../../sys/mmap.ts';
import { failure } from '../../../sys/testing/failure.ts';
import { noBpf, noBpfById, skipNote } from '../../../sys/testing/may-bpf.ts';
import { type CounterMaps, createCounterMaps, MOST_OPEN, sumOfSlices } from './counter-maps.ts';

/** Each counter's packets and bytes, slice by slice. */
const words = (...counters: (readonly [packets: bigint, bytes: bigint])[]): Uint32Array =>
  new Uint32Array(BigUint64Array.from(counters.flat()).buffer);
const none = [0n, 0n] as const;
const place = (slots: number, firstId = 1): CounterPlace => ({ mapId: 0, firstId, slots });

describe('the sum of slices', () => {
  test.each([
    ['nothing', words(none, none), place(2), 1, []],
    [
      'ids from the first on',
      words([1n, 40n], none, [3n, 120n]),
      place(3, 100),
      1,
      [
        [100, [1n, 40n]],
        [102, [3n, 120n]],
      ],
    ],
    [
      'counters of two processors',
      words([1n, 40n], none, [2n, 50n], [5n, 60n]),
      place(2),
      2,
      [
        [1, [3n, 90n]],
        [2, [5n, 60n]],
      ],
    ],
    ['of the second one alone', words(none, [7n, 70n]), place(1), 2, [[1, [7n, 70n]]]],
    [
      'a sum past 32 bits',
      words([0xffffffffn, 0xffffffffn], [1n, 2n]),
      place(1),
      2,
      [[1, [1n << 32n, (1n << 32n) + 1n]]],
    ],
    [
      'large ones',
      words([5n << 40n, 7n << 50n], [1n << 40n, (1n << 50n) + 3n]),
      place(1),
      2,
      [[1, [6n << 40n, (1n << 53n) + 3n]]],
    ],
    ['a multiple of 2^32 packets', words([1n << 32n, 1n]), place(1), 1, [[1, [1n << 32n, 1n]]]],
    ['past 64 bits: from 0 again', words([2n, (1n << 64n) - 1n], [1n, 3n]), place(1), 2, [[1, [3n, 2n]]]],
  ] as const)('%s', (_, slices, where, processors, expected) => {
    const found = [...sumOfSlices(slices, where, processors)].map(([id, one]) => [id, [one.packets, one.bytes]]);
    expect(found).toEqual(expected);
  });
});

describe.skipIf(noBpf !== undefined)(`counters in the kernel${skipNote(noBpf)}`, () => {
  const processors = 2;
  const made: (readonly [CounterMaps, CounterPlace])[] = [];
  afterEach(() => {
    for (const [maps, one] of made.splice(0)) maps.close(one);
  });
  const isNone = (): never => {
    throw new Error('asked for a map of another driver');
  };
  function create(maps: CounterMaps, firstId: number, slots: number): CounterPlace {
    const one = maps.create(firstId, slots);
    made.push([maps, one]);
    return one;
  }
  /** What programs do: counts in a processor's slice. */
  function count(maps: CounterMaps, one: CounterPlace, processor: number, id: number, bytes: bigint): void {
    const length = processors * one.slots * COUNTER_SIZE;
    const mapping = mapShared(maps.descriptor(one), length, { writable: true });
    const counters = new BigUint64Array(mapping.bytes);
    const at = 2 * (processor * one.slots + id - one.firstId);
    Atomics.add(counters, at, 1n);
    Atomics.add(counters, at + 1, bytes);
    mapping.unmap();
  }
  const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

  test('begin at 0, and are read while they count', () => {
    const maps = createCounterMaps({ processors, mapById: isNone });
    const one = create(maps, 7, 300);
    const other = create(maps, 1, 1);
    expect([one.firstId, one.slots, maps.read(one).size]).toEqual([7, 300, 0]);
    count(maps, one, 0, 7, 60n);
    count(maps, one, 1, 7, 40n);
    count(maps, one, 1, 306, 20n);
    expect([...maps.read(one)]).toEqual([
      [7, { packets: 2n, bytes: 100n }],
      [306, { packets: 1n, bytes: 20n }],
    ]);
    expect(maps.read(other).size).toBe(0);
    count(maps, one, 0, 7, 1n);
    expect([...maps.read(one)][0]).toEqual([7, { packets: 3n, bytes: 101n }]);
  });

  test('of another driver: asked for once, and kept', () => {
    const theirs = createCounterMaps({ processors, mapById: isNone });
    const one = create(theirs, 1, 8);
    count(theirs, one, 1, 8, 60n);
    const asked: number[] = [];
    const maps = createCounterMaps({
      processors,
      mapById: (id) => {
        asked.push(id);
        return dupCloexec(theirs.descriptor(one));
      },
    });
    made.push([maps, one]);
    for (let again = 0; again < 3; again += 1) expect([...maps.read(one)]).toEqual([[8, { packets: 1n, bytes: 60n }]]);
    expect(asked).toEqual([one.mapId]);
    maps.close(one);
    expect([...maps.read(one)]).toHaveLength(1);
    expect(asked).toEqual([one.mapId, one.mapId]);
  });

  test('of so many maps the earliest is closed, and asked for again', () => {
    const asked: number[] = [];
    const fds = new Map<number, number>();
    const maps = createCounterMaps({
      processors,
      mapById: (id) => {
        asked.push(id);
        return dupCloexec(fds.get(id) ?? -1);
      },
    });
    const before = openDescriptors();
    const all = Array.from({ length: MOST_OPEN + 1 }, (_, index) => {
      const one = create(maps, index, 1);
      fds.set(one.mapId, dupCloexec(maps.descriptor(one)));
      return one;
    });
    expect(openDescriptors()).toBe(before + fds.size + MOST_OPEN);
    for (const one of all.slice(1)) expect(maps.read(one).size).toBe(0);
    expect(asked).toEqual([]);
    for (const one of all.slice(0, 1)) expect(maps.read(one).size).toBe(0);
    expect(asked).toEqual([all[0]?.mapId]);
    for (const one of all) maps.close(one);
    for (const fd of fds.values()) closeFd(fd);
    expect(openDescriptors()).toBe(before);
  });

  test('a map that is too small: EINVAL, and its descriptor is closed', () => {
    const maps = createCounterMaps({ processors, mapById: isNone });
    const one = create(maps, 1, 1);
    const others = createCounterMaps({ processors, mapById: () => dupCloexec(maps.descriptor(one)) });
    const before = openDescriptors();
    expect(failure(() => others.read({ ...one, slots: 1024 }))).toBe('mmap EINVAL');
    expect(openDescriptors()).toBe(before);
  });

  test.skipIf(noBpfById !== undefined)(`found by its id${skipNote(noBpfById)}`, () => {
    const theirs = createCounterMaps({ processors, mapById: isNone });
    const one = create(theirs, 5, 2);
    count(theirs, one, 0, 6, 99n);
    const maps = createCounterMaps({ processors, mapById });
    made.push([maps, one]);
    expect([...maps.read(one)]).toEqual([[6, { packets: 1n, bytes: 99n }]]);
  });
});
