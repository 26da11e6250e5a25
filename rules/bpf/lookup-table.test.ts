import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hashOf, LookupTable, SLOT_SIZE, slotOffsets, slotsFor } from './lookup-table.ts';
import { RECORD_SIZE, recordOffsets } from './record.ts';

type Key = readonly [addresses: number, addressesHigh: number, traits: number, traitsHigh: number];

/** A value with records of these keys, one after another, and behind them their table. */
function tableOf(keys: readonly Key[]) {
  const place = (keys.length + 1) * RECORD_SIZE;
  const slots = slotsFor(keys.length);
  const words = new Uint32Array((place + slots * SLOT_SIZE) / 4);
  const table = new LookupTable(words, place, slots);
  const added = keys.map(([addresses, addressesHigh, traits, traitsHigh], index) => {
    const at = (index + 1) * RECORD_SIZE;
    words.set([addresses, addressesHigh], (at + recordOffsets.addresses) / 4);
    words.set([traits, traitsHigh], (at + recordOffsets.traits) / 4);
    return table.add(at);
  });
  /** Records in the order in which the machine comes to them, up to the free slot. */
  const probes = (key: Key): readonly number[] => {
    const found: number[] = [];
    for (let slot = hashOf(...key) & table.mask; ; slot = (slot + 1) & table.mask) {
      const from = (place + slot * SLOT_SIZE) / 4;
      const record = words[from + slotOffsets.record / 4] ?? 0;
      if (record === 0) return found;
      if (words[from + slotOffsets.hash / 4] === hashOf(...key)) found.push(record / RECORD_SIZE - 1);
    }
  };
  return { added, probes };
}

const same = (one: Key, other: Key) => one.every((word, at) => word === other[at]);

test('each key is found at the first record that has it, and nothing else', () => {
  const word = fc.oneof(fc.nat(3), fc.integer({ min: 0, max: 0xffffffff }));
  const key = fc.tuple(word, word, word, word);
  fc.assert(
    fc.property(fc.array(key, { minLength: 1, maxLength: 200 }), key, (keys, other) => {
      const { added, probes } = tableOf(keys);
      for (const [index, one] of keys.entries()) {
        const first = keys.findIndex((candidate) => same(candidate, one));
        expect(added[index]).toBe(first === index);
        expect(probes(one).filter((at) => same(keys[at] ?? one, one))).toEqual([first]);
      }
      if (!keys.some((one) => same(one, other)))
        for (const at of probes(other)) expect(same(keys[at] ?? other, other)).toBe(false);
    }),
  );
});

test('keys of one hash stand beside each other', () => {
  const one: Key = [0xcba7620b, 0x45259a0c, 0, 0];
  const other: Key = [0x078cd50b, 0xdb25870c, 0, 0];
  expect(hashOf(...one)).toBe(hashOf(...other));
  const { added, probes } = tableOf([one, other, one]);
  expect(added).toEqual([true, true, false]);
  expect(probes(one)).toEqual([0, 1]);
});

test.each<[string, (at: number) => Key]>([
  ['addresses in a row', (at) => [bigEndian(0x0a000000 + at), 0, 0, 0]],
  ['every 256th', (at) => [0, bigEndian(0x0a000000 + 256 * at), 0, 0]],
  ['ports in a row', (at) => [0, 0, 17, bigEndian(at)]],
  ['both', (at) => [bigEndian(0x0a000000 + at), 0, 6, bigEndian(60_000 - at)]],
])('few steps to what is not there: %s', (_, keyOf) => {
  const count = 10_000;
  const taken = new Set<number>();
  const mask = slotsFor(count) - 1;
  const stepsFrom = (key: Key) => {
    let steps = 0;
    for (let slot = hashOf(...key) & mask; taken.has(slot); slot = (slot + 1) & mask) steps += 1;
    return { steps, slot: (hashOf(...key) + steps) & mask };
  };
  for (let at = 0; at < count; at += 1) taken.add(stepsFrom(keyOf(at)).slot);
  const steps = Array.from({ length: count }, (_, at) => stepsFrom(keyOf(count + at)).steps);
  // at random with this load: 0.5 and 15 or so
  expect(steps.reduce((sum, one) => sum + one) / count).toBeLessThan(1);
  expect(Math.max(...steps)).toBeLessThan(40);
});

function bigEndian(word: number): number {
  const bytes = new DataView(new ArrayBuffer(4));
  bytes.setUint32(0, word);
  return bytes.getUint32(0, true);
}
