import { describe, expect, it } from 'vitest';
import { errno } from '../../protocol/errno.ts';
import { describeTarget } from '../testing/describe-target.ts';
import { type SetTargetInfo, type SetUse, setTarget } from './set.ts';

const none: SetUse = { index: 0xffff, dim: 0, flags: 0 };
const use = (index: number, dim: number, flags = 0): SetUse => ({ index, dim, flags });
const info = (fields: Partial<SetTargetInfo>): SetTargetInfo => ({
  add: none,
  del: none,
  map: none,
  flags: 0,
  timeout: 0xffffffff,
  ...fields,
});
const EXIST = 1;
const MARK = 0x100;
const PRIORITY = 0x200;
const QUEUE = 0x400;
const PREROUTING = 1;
const FORWARD = 1 << 2;
const words = (...first: readonly number[]) =>
  [first[0] ?? 0, first[1] ?? 0, first[2] ?? 0, first[3] ?? 0, first[4] ?? 0, first[5] ?? 0, 0] as const;

describeTarget(setTarget, {
  sizes: { 0: 64, 1: 8, 2: 16, 3: 20 },
  structs: [
    {
      revision: 0,
      hex: `05000000${'01000000'}02000000${'00'.repeat(20)}ffff`,
      info: info({ add: use(5, 2, 0b010), words: { add: words(1, 2), del: words() } }),
    },
    { revision: 1, hex: '05000106ffff0000', info: info({ add: use(5, 1, 6) }) },
    {
      revision: 2,
      hex: 'ffff0000050002020100000007000000',
      info: info({ del: use(5, 2, 2), flags: EXIST, timeout: 7 }),
    },
    {
      revision: 3,
      hex: 'ffff0000ffff00000500010200070000ffffffff',
      info: info({ map: use(5, 1, 2), flags: MARK | PRIORITY | QUEUE }),
    },
  ],
  texts: [
    { info: info({}), numeric: '', saved: '' },
    { info: info({ add: use(3, 2, 0b010) }), numeric: ' add-set #3 src,dst', saved: ' --add-set #3 src,dst' },
    {
      info: info({ add: use(3, 1), del: use(4, 1, 2), flags: EXIST, timeout: 0 }),
      numeric: ' add-set #3 dst exist timeout 0 del-set #4 src',
      saved: ' --add-set #3 dst --exist --timeout 0 --del-set #4 src',
    },
    {
      info: info({ map: use(0, 1, 2), flags: MARK | PRIORITY | QUEUE }),
      numeric: ' map-set #0 src map-mark map-prio map-queue',
      saved: ' --map-set #0 src --map-mark --map-prio --map-queue',
    },
  ],
  checks: [
    { title: 'nothing', info: info({}), code: undefined },
    { title: 'six dimensions', info: info({ add: use(1, 6) }), code: undefined },
    { title: 'seven', info: info({ del: use(1, 7) }), code: errno.ERANGE },
    {
      title: 'five dimensions of revision 0',
      info: info({ words: { add: words(1, 1, 1, 1, 1), del: words() } }),
      code: undefined,
    },
    {
      title: 'six of revision 0',
      info: info({ words: { add: words(), del: words(0, 0, 0, 0, 0, 1) } }),
      code: errno.ERANGE,
    },
    { title: 'a map in filter', info: info({ map: use(1, 1) }), context: { table: 'filter' }, code: errno.EINVAL },
    {
      title: 'marks mapped in PREROUTING',
      info: info({ map: use(1, 1), flags: MARK }),
      context: { table: 'mangle', hooks: PREROUTING },
      code: undefined,
    },
    {
      title: 'priorities mapped in PREROUTING',
      info: info({ map: use(1, 1), flags: PRIORITY }),
      context: { table: 'mangle', hooks: PREROUTING | FORWARD },
      code: errno.EINVAL,
    },
    {
      title: 'queues mapped in FORWARD',
      info: info({ map: use(1, 1), flags: QUEUE }),
      context: { table: 'mangle', hooks: FORWARD },
      code: undefined,
    },
  ],
  nft: [{ info: info({ add: use(1, 1) }), lists: 'not those of nft' }],
});

describe('SET by the kernel’s own', () => {
  it.each([
    { what: 'a map', fields: { map: use(1, 1) }, asks: true },
    { what: 'none', fields: { add: use(1, 1) }, asks: false },
  ])('looks at the table’s name: $what', ({ fields, asks }) => {
    expect(setTarget.asksTableName?.(info(fields))).toBe(asks);
  });
});
