import { describe, expect, it } from 'vitest';
import { errnoOf } from '../../protocol/error.ts';
import { type HookName, hooks } from '../../protocol/x-tables.ts';
import type { AnyMatch, Names, NftMatch } from '../extension.ts';
import type { TableName } from '../ir.ts';
import { noNames } from '../text/no-names.ts';
import { anyHeader } from './header.ts';
import { loadErrors, nftMissing } from './nft-load.ts';

/** One blob of a match: what iptables prints for it, and what nft says for it. */
export interface MatchExample {
  /** The kernel's struct; zeros behind it may be left out. */
  readonly hex: string;
  /** The match's last revision unless given. */
  readonly revision?: number;
  /** `-L`, `-nL` where that differs, and `-S` behind `-m NAME`, as iptables-legacy 1.8.9 prints them natively. */
  readonly list: string;
  readonly numeric?: string;
  readonly save: string;
  /** What `nft` gives, or words of why nft can't. */
  readonly nft: NftMatch | string;
  readonly table?: TableName;
}

/** A blob, and the errno that the kernel's own check gives natively; 0: none. */
export interface CheckExample {
  readonly hex: string;
  readonly revision?: number;
  readonly hook?: HookName;
  readonly errno: number;
}

interface MatchTests {
  /** Size of the struct by revision. */
  readonly sizes: Readonly<Record<number, number>>;
  readonly examples: readonly MatchExample[];
  readonly checks: readonly CheckExample[];
}

const names: Names = {
  ...noNames,
  user: (id) => (id === 0 ? 'root' : undefined),
  group: (id) => (id === 0 ? 'wheel' : undefined),
};

/** The tests that each match has: sizes, bytes there and back, texts, nft, checks, and that nft loads it. */
export function describeMatch(match: AnyMatch, { sizes, examples, checks }: MatchTests): void {
  const last = Math.max(...Object.keys(match.revisions).map(Number));
  const revisionOf = (number = last) => {
    const revision = match.revisions[number];
    if (revision === undefined) throw new Error(`${match.name} has no revision ${number}`);
    return revision;
  };
  const bytesOf = ({ hex, revision }: { readonly hex: string; readonly revision?: number }): Uint8Array => {
    const bytes = new Uint8Array(revisionOf(revision).size);
    bytes.set(Buffer.from(hex, 'hex'));
    return bytes;
  };
  const infoOf = (example: { readonly hex: string; readonly revision?: number }): unknown =>
    revisionOf(example.revision).decode(bytesOf(example));
  const nftOf = (example: MatchExample): NftMatch =>
    match.nft(infoOf(example), { header: anyHeader, table: example.table ?? 'filter' });

  describe(match.name, () => {
    it('has the sizes of the kernel', () =>
      expect(Object.fromEntries(Object.entries(match.revisions).map(([key, { size }]) => [key, size]))).toEqual(sizes));

    it('wants its bytes whole', () => {
      for (const { size, decode } of Object.values(match.revisions))
        if (size > 0) expect(() => decode(new Uint8Array(size - 1))).toThrow(`wanted ${size} bytes`);
    });

    it.each([...examples, ...checks])('$hex: bytes there and back', (example) =>
      expect(revisionOf(example.revision).encode(infoOf(example))).toEqual(bytesOf(example)),
    );

    it.each(examples)('$hex: -m NAME$save', (example) => {
      const info = infoOf(example);
      const context = { names, header: anyHeader };
      expect(match.save(info, { header: anyHeader })).toBe(example.save);
      expect(match.print(info, { ...context, numeric: false })).toBe(example.list);
      expect(match.print(info, { ...context, numeric: true })).toBe(example.numeric ?? example.list);
    });

    it.each(examples)('$hex: nft', (example) => {
      if (typeof example.nft === 'string') expect(() => nftOf(example)).toThrow(example.nft);
      else expect(nftOf(example)).toEqual(example.nft);
    });

    it.each(checks)('$hex: errno $errno', (example) => {
      let found = 0;
      try {
        match.check(infoOf(example), {
          table: 'filter',
          header: anyHeader,
          hooks: 1 << hooks[example.hook ?? 'INPUT'],
        });
      } catch (error) {
        found = errnoOf(error);
      }
      expect(found).toBe(example.errno);
    });

    it.skipIf(nftMissing)(`nft loads what it says (${nftMissing ?? 'here'})`, () => {
      const told = examples.filter(({ nft }) => typeof nft === 'object' && nft.objects === undefined);
      expect(loadErrors(told.map((example) => nftOf(example).alternatives))).toBe('');
    });
  });
}
