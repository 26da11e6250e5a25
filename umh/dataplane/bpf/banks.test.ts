import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { noBpf, skipNote } from '../../../sys/testing/may-bpf.ts';
import { type Bank, type Banks, createBanks } from './banks.ts';

const size = 1000;
const large = (1 << 21) + 1;

describe.skipIf(noBpf !== undefined)(`banks of programs${skipNote(noBpf)}`, () => {
  let banks: Banks;
  const begin = (waits: boolean) => {
    banks = createBanks({ waits: () => waits });
  };
  beforeEach(() => begin(true));
  /** Closes those of the test, so that nothing is open but what is counted. */
  afterEach(() => {
    for (const table of ['one', 'other']) take(table, large);
  });
  /** A change of the table that takes effect. */
  const take = (table: string, bytes = size): Bank => {
    const bank = banks.next(table, bytes);
    banks.tookEffect();
    return bank;
  };
  const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

  test('a table goes round three', () => {
    const [first, second, third] = [take('one'), take('one'), take('one')];
    expect(new Set([first, second, third]).size).toBe(3);
    for (const one of [first, second, third, first]) expect(take('one')).toBe(one);
  });

  test('the one that was just taken out of force is left alone until another change has waited, of whichever table', () => {
    const first = take('one');
    const second = take('one');
    expect(banks.next('one', size)).not.toBe(first);
    take('other');
    const third = banks.next('one', size);
    expect(third).toBe(first);
    banks.tookEffect();
    expect(banks.next('one', size)).not.toBe(second);
  });

  test('what did not take effect goes, and is no change', () => {
    const first = take('one');
    take('one');
    const before = openDescriptors();
    const given = banks.next('one', size);
    expect(given).not.toBe(first);
    expect(openDescriptors()).toBe(before + 1);
    expect(banks.next('one', size)).not.toBe(given);
    expect(openDescriptors()).toBe(before + 1);
    banks.tookEffect();
    // nothing was given out since
    banks.tookEffect();
    expect(take('one')).toBe(first);
  });

  test('of another table none is taken', () => {
    const seen = new Set(Array.from({ length: 6 }, () => take('one')));
    for (let round = 0; round < 6; round += 1) expect(seen).not.toContain(take('other'));
  });

  test('all of it is 0 again, and the programs are there still', () => {
    const first = take('one');
    first.bytes.fill(7);
    first.programs = { madeFrom: 'it', hooks: [] };
    take('one');
    take('one');
    const again = take('one');
    expect(again).toBe(first);
    expect(again.bytes.every((byte) => byte === 0)).toBe(true);
    expect(again.programs?.madeFrom).toBe('it');
  });

  test('found by its bytes while it is the one given out', () => {
    const one = banks.next('one', size);
    expect(banks.holding(one.bytes.subarray(64))).toBe(one);
    expect(banks.holding(new Uint8Array(size))).toBeUndefined();
    banks.tookEffect();
    expect(banks.holding(one.bytes)).toBeUndefined();
  });

  test('a little growth stays in it; where a table outgrows it, it is closed', () => {
    const before = openDescriptors();
    const [first, second, third] = [take('one', 100_000), take('one', 100_000), take('one', 100_000)];
    for (const one of [first, second, third]) {
      expect(one.bytes.length).toBeGreaterThan(100_500);
      expect(one.bytes.length).toBeLessThan(112_501);
      expect(take('one', 100_500)).toBe(one);
    }
    for (let round = 0; round < 4; round += 1) take('one', 300_000);
    expect(openDescriptors()).toBe(before + 3);
  });

  test('where the kernel does not wait none is used again', () => {
    begin(false);
    const before = openDescriptors();
    const seen = new Set<Bank>();
    for (let round = 0; round < 5; round += 1) seen.add(take('one'));
    expect(seen.size).toBe(5);
    expect(openDescriptors()).toBe(before);
  });

  test('large ones are not kept', () => {
    const before = openDescriptors();
    for (let round = 0; round < 3; round += 1) expect(take('one', large).map).toBeGreaterThan(0);
    expect(openDescriptors()).toBe(before);
  });
});
