import { describe, expect, it } from 'vitest';
import { familyOfLevel, ipv4, isTableName, type TableName, tableNames } from './family.ts';
import { hookNames, hooks } from './x-tables.ts';

/** Hooks and priorities of net/ipv4/netfilter/iptable_*.c: `hook type priority`. */
const expected: Readonly<Record<TableName, readonly [number, readonly string[]]>> = {
  filter: [0x0e, ['INPUT filter 0', 'FORWARD filter 0', 'OUTPUT filter 0']],
  nat: [0x1b, ['PREROUTING nat -100', 'INPUT nat 100', 'OUTPUT nat -100', 'POSTROUTING nat 100']],
  mangle: [
    0x1f,
    [
      'PREROUTING filter -150',
      'INPUT filter -150',
      'FORWARD filter -150',
      'OUTPUT route -150',
      'POSTROUTING filter -150',
    ],
  ],
  raw: [0x09, ['PREROUTING filter -300', 'OUTPUT filter -300']],
  security: [0x0e, ['INPUT filter 50', 'FORWARD filter 50', 'OUTPUT filter 50']],
};

describe('IPv4', () => {
  it.each(tableNames)('table %s', (name) => {
    const { validHooks, chains, ...rest } = ipv4.tables[name];
    expect(rest).toEqual({ name });
    expect([validHooks, chains.map((chain) => `${chain.name} ${chain.nft.type} ${chain.nft.priority}`)]).toEqual(
      expected[name],
    );
    expect(chains.map((chain) => chain.hook)).toEqual(chains.map((chain) => hooks[chain.name]));
    expect(chains.map((chain) => chain.nft.hook)).toEqual(chains.map((chain) => chain.name.toLowerCase()));
  });

  it('is found by its level', () => {
    expect(familyOfLevel(0)).toBe(ipv4);
    expect(familyOfLevel(1)).toBeUndefined();
  });
});

it('names and numbers of hooks agree', () => {
  expect(hookNames.map((name) => hooks[name])).toEqual([0, 1, 2, 3, 4]);
});

it.each([
  ['filter', true],
  ['Filter', false],
  ['', false],
  ['toString', false],
])('isTableName(%j) is %s', (name, answer) => {
  expect(isTableName(name)).toBe(answer);
});
