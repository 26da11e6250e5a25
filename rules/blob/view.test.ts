import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BpfilterError } from '../../protocol/error.ts';
import { decodeTable } from './decode.ts';
import { emptyTable, emptyView } from './empty.ts';
import { encodeReplace, encodeTable } from './encode.ts';
import { parseReplace } from './parse.ts';
import { blobCases } from './testing/cases.ts';
import { entry, extension, filter, head, ip, patched, plain, standard, verdicts } from './testing/raw-blob.ts';
import { stubRegistry } from './testing/registry.ts';
import { table } from './testing/tables.ts';
import { validateReplace } from './validate.ts';
import { type BlobView, viewTable } from './view.ts';

const { accept, drop } = verdicts;
const returns = verdicts.return;
const view = (blob: Uint8Array): BlobView => validateReplace(parseReplace(blob), { registry: stubRegistry });
const jump = (to: number, flags = 0): Uint8Array => entry({ ip: ip({ flags }), target: standard(to) });
const mark = entry({ target: extension('MARK', 2, Buffer.from([1, 2, 3, 4, 5, 6, 7, 8])) });
/** INPUT: jump A, goto A, fall through, MARK; A: DROP for tcp. */
const sample = filter({
  input: [jump(1240), jump(1240, 2), jump(456), mark],
  user: [head('A'), entry({ ip: ip({ protocol: 6 }), target: standard(drop) }), plain(returns)],
});

describe('view', () => {
  it('tells chains, hooks and where things start', () => {
    const found = view(sample);
    expect(found.chains).toEqual([
      { kind: 'builtin', name: 'INPUT', hook: 1, first: 0, last: 4 },
      { kind: 'builtin', name: 'FORWARD', hook: 2, first: 5, last: 5 },
      { kind: 'builtin', name: 'OUTPUT', hook: 3, first: 6, last: 6 },
      { kind: 'user', name: 'A', head: 7, first: 8, last: 9 },
    ]);
    expect([...found.hooks]).toEqual([2, 2, 2, 2, 2, 4, 8, 0, 2, 2, 0]);
    expect([...found.offsets].slice(0, 6)).toEqual([0, 152, 304, 456, 608, 760]);
    expect(found.hookEntry).toEqual([0xffffffff, 0, 760, 912, 0xffffffff]);
    expect(found.underflow).toEqual([0xffffffff, 608, 760, 912, 0xffffffff]);
  });

  it('decodes each kind of target', () => {
    const found = view(sample);
    expect([0, 1, 2, 3, 4, 9].map((index) => found.rule(index).target)).toEqual([
      { kind: 'jump', chain: 'A' },
      { kind: 'goto', chain: 'A' },
      { kind: 'continue' },
      { kind: 'extension', name: 'MARK', revision: 2, data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) },
      { kind: 'accept' },
      { kind: 'return' },
    ]);
  });

  it.each([7, 10, 11, -1])('refuses entry %d as a rule', (index) => {
    expect(() => view(sample).rule(index)).toThrow(BpfilterError);
  });

  it('is the same of stored entries', () => {
    const found = view(sample);
    const again = viewTable('filter', found.entries, found);
    expect(again.chains).toEqual(found.chains);
    expect(again.hooks).toEqual(found.hooks);
  });
});

describe('key', () => {
  const rule = entry({ ip: ip({ protocol: 6 }), target: standard(drop) });
  const keyOf = (blob: Uint8Array, index: number): string => view(blob).key(index);
  const key = keyOf(filter({ input: [rule] }), 0);

  it.each([
    ['counters', patched(rule, 96, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)],
    ['comefrom', patched(rule, 92, 1, 2, 3, 4)],
    ['nfcache', patched(rule, 84, 1, 2, 3, 4)],
  ])('does not change with %s', (_name, changed) => {
    expect(keyOf(filter({ input: [changed] }), 0)).toBe(key);
  });

  it.each([
    ['protocol', patched(rule, 80, 17)],
    ['flags', patched(rule, 82, 1)],
    ['inversion', patched(rule, 83, 0x40)],
    ['verdict', entry({ ip: ip({ protocol: 6 }), target: standard(accept) })],
    ['target', entry({ ip: ip({ protocol: 6 }), target: extension('MARK', 2, Buffer.alloc(8)) })],
    ['address', patched(rule, 0, 10)],
  ])('changes with the %s', (_name, changed) => {
    expect(keyOf(filter({ input: [changed] }), 0)).not.toBe(key);
  });

  it('of a jump holds the chain and not its place', () => {
    const chains = [head('A'), plain(returns), head('B'), plain(returns)];
    const swapped = [head('B'), plain(returns), head('A'), plain(returns)];
    const toFirst = (user: readonly Uint8Array[], before: readonly Uint8Array[] = []): string =>
      keyOf(filter({ input: [...before, jump(608 + 176 + 152 * before.length)], user }), before.length);
    expect(toFirst(chains, [plain(drop)])).toBe(toFirst(chains));
    expect(toFirst(swapped)).not.toBe(toFirst(chains));
    expect(toFirst(chains)).not.toBe(keyOf(filter({ input: [jump(152)], user: chains }), 0));
  });
});

describe('emptyTable', () => {
  it.each([
    ['filter', 632, [2, 4, 8, 0]],
    ['nat', 784, [1, 2, 8, 16, 0]],
    ['mangle', 936, [1, 2, 4, 8, 16, 0]],
    ['raw', 480, [1, 8, 0]],
    ['security', 632, [2, 4, 8, 0]],
  ] as const)('%s: %d bytes, policies ACCEPT', (name, size, comefrom) => {
    const entries = emptyTable(name);
    expect(entries.length).toBe(size);
    const found = emptyView(name);
    expect([...found.offsets].map((at) => new DataView(entries.buffer).getUint32(at + 92, true))).toEqual(comefrom);
    expect(found.chains.every((chain) => found.rule(chain.last).target.kind === 'accept')).toBe(true);
  });
});

describe('encode', () => {
  it('of a hand-made blob gives its bytes', () => {
    const found = view(sample);
    const encoded = encodeTable(decodeTable(found));
    expect(Buffer.from(encodeReplace(encoded, { numCounters: 4, counters: 0n })).toString('hex')).toBe(
      // valid_hooks' neighbours: hooks that aren't valid are written as 2^32-1.
      Buffer.from(
        patched(
          patched(patched(patched(sample, 44, 255, 255, 255, 255), 60, 255, 255, 255, 255), 64, 255, 255, 255, 255),
          80,
          255,
          255,
          255,
          255,
        ),
      ).toString('hex'),
    );
  });

  it('and decode give any table back', () => {
    fc.assert(
      fc.property(table, (given) => {
        const encoded = encodeTable(given);
        expect(decodeTable(viewTable(given.name, encoded.entries, encoded))).toEqual(given);
      }),
      { numRuns: 200 },
    );
  });
});

describe('untrusted bytes', () => {
  const accepted = blobCases.filter(({ expected }) => expected === '').map(({ blob }) => blob);

  it('give a view or a BpfilterError, and views answer or throw one too', () => {
    const change = fc.record({ at: fc.nat(), value: fc.oneof(fc.nat(255), fc.constantFrom(0, 0xff, 0x70, 0x98)) });
    const some = fc.tuple(fc.constantFrom(...accepted), fc.array(change, { minLength: 1, maxLength: 6 }), fc.nat(40));
    fc.assert(
      fc.property(some, ([blob, changes, cut]) => {
        const bytes = Uint8Array.from(blob.subarray(0, blob.length - (cut > 30 ? cut : 0)));
        for (const { at, value } of changes) bytes[at % bytes.length] = value;
        try {
          const found = view(bytes);
          for (const [index] of found.offsets.entries()) found.key(index);
          decodeTable(found);
        } catch (error) {
          expect(error).toBeInstanceOf(BpfilterError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
