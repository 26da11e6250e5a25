import { describe, expect, it } from 'vitest';
import { errno } from '../../protocol/errno.ts';
import { type HookName, hooks as hookNumbers } from '../../protocol/x-tables.ts';
import type { CheckContext, MatchDefinition, NftAlternatives, NftMatch, TransportHeader } from '../extension.ts';
import type { HeaderMatch, TableName } from '../ir.ts';
import { checking, texts } from './context.ts';
import { checkErrno } from './extension.ts';
import { anyHeader } from './header.ts';
import { loadErrors, nftMissing } from './nft-load.ts';
import { orWhyNot } from './not-expressible.ts';

/** A struct of the kernel's as bytes in hexadecimal (zeros at its end may be left out), or as what it says. */
export type Sample<Info> =
  | {
      readonly hex: string;
      /** The match's last unless given. */
      readonly revision?: number;
    }
  | { readonly name: string; readonly info: Info };

/** One use of a match: what iptables prints for it, and what nft says for it. */
export type MatchExample<Info> = Sample<Info> & {
  /** `-L`, `-nL` where that differs, and `-S` behind `-m NAME`, as iptables-legacy 1.8.9 prints them natively. */
  readonly list: string;
  readonly numeric?: string;
  readonly save: string;
  /** What `nft` gives (or its alternatives, when there is nothing else but the transport header), or words of why nft can't. */
  readonly nft: NftMatch | NftAlternatives | string;
  readonly table?: TableName;
  /** What the rule can be reached from; INPUT unless given. */
  readonly from?: readonly HookName[];
};

/** What the kernel's own check says of a struct, natively. */
export type CheckExample<Info> = Sample<Info> & {
  readonly hook?: HookName;
  readonly context?: Partial<CheckContext>;
  /** EINVAL unless given; 0: none. */
  readonly errno?: number;
};

export interface Layout<Info> {
  readonly size: number;
  /** The struct, whole and with its padding, and what it says; spaces are for the reader. */
  readonly bytes: string;
  readonly info: Info;
}

/** What a match is expected to be, say and answer. */
export interface MatchTests<Info> {
  /** Bytes of each revision's struct. */
  readonly sizes?: Readonly<Record<number, number>>;
  /** The same, with an example each. */
  readonly layouts?: Readonly<Record<number, Layout<Info>>>;
  readonly header?: HeaderMatch;
  readonly transport?: TransportHeader;
  readonly examples: readonly MatchExample<Info>[];
  readonly checks?: readonly CheckExample<Info>[];
}

/** What the kernel's own check says of structs, by revision and by their bytes in hexadecimal. */
export function checksOf<Info>(
  answers: Readonly<Record<number, Readonly<Record<string, number>>>>,
): readonly CheckExample<Info>[] {
  return Object.entries(answers).flatMap(([revision, structs]) =>
    Object.entries(structs).map(([hex, code]) => ({ hex, revision: Number(revision), errno: code })),
  );
}

/** An example of what a struct says. */
export function example<Info>(
  name: string,
  info: Info,
  [list, save]: readonly [list: string, save: string],
  nft: NftAlternatives,
): MatchExample<Info> {
  return { name, info, list, save, nft };
}

/** The tests that each match has: sizes, bytes there and back, texts, nft, checks, and that nft loads it. */
export function describeMatch<Info>(match: MatchDefinition<Info>, tests: MatchTests<Info>): void {
  const { sizes = {}, layouts = {}, header = anyHeader, transport, checks = [] } = tests;
  const found = Object.entries(match.revisions);
  const revisionOf = ({ revision = Number(found.at(-1)?.[0]) }: { readonly revision?: number }) => {
    const one = match.revisions[revision];
    if (one === undefined) throw new Error(`${match.name} has no revision ${revision}`);
    return one;
  };
  const bytesOf = (sample: { readonly hex: string; readonly revision?: number }): Uint8Array => {
    const bytes = new Uint8Array(revisionOf(sample).size);
    bytes.set(Buffer.from(sample.hex, 'hex'));
    return bytes;
  };
  const infoOf = (sample: Sample<Info>): Info =>
    'info' in sample ? sample.info : revisionOf(sample).decode(bytesOf(sample));
  const nftOf = (example: MatchExample<Info>): NftMatch =>
    match.nft(infoOf(example), {
      header,
      table: example.table ?? 'filter',
      hooks: (example.from ?? ['INPUT']).reduce((bits, hook) => bits | (1 << hookNumbers[hook]), 0),
    });
  const examples = tests.examples.map(titled);
  const samples: readonly Sample<Info>[] = [...tests.examples, ...checks];

  describe(match.name, () => {
    it('has the sizes of the kernel', () => {
      const wanted = { ...sizes, ...Object.fromEntries(Object.entries(layouts).map(([key, { size }]) => [key, size])) };
      expect(Object.fromEntries(found.map(([key, { size }]) => [key, size]))).toEqual(wanted);
    });

    it('wants its bytes whole', () => {
      for (const [, { size, decode }] of found)
        if (size > 0) expect(() => decode(new Uint8Array(size - 1))).toThrow(`wanted ${size} bytes`);
    });

    it('reads and writes its struct', () => {
      for (const [revision, { size, bytes, info }] of Object.entries(layouts)) {
        const data = Uint8Array.from(Buffer.from(bytes.replaceAll(' ', ''), 'hex'));
        expect(data.length).toBe(size);
        expect(match.revisions[Number(revision)]?.decode(data)).toEqual(info);
        expect(match.revisions[Number(revision)]?.encode(info)).toEqual(data);
      }
      for (const sample of samples)
        if ('hex' in sample) expect(revisionOf(sample).encode(infoOf(sample))).toEqual(bytesOf(sample));
    });

    it.each(examples)('$title: -m NAME$save', (example) => {
      if ('info' in example) expect(checkErrno(match, example.info, checking(header))).toBeUndefined();
      const numeric = example.numeric ?? example.list;
      expect(texts(match, infoOf(example), header)).toEqual([example.list, numeric, example.save]);
    });

    it.each(examples)('$title: nft', (example) => {
      const { nft } = example;
      if (typeof nft !== 'string') {
        const wanted = 'alternatives' in nft ? nft : { alternatives: nft, ...(transport && { transport }) };
        expect(nftOf(example)).toEqual(wanted);
        return;
      }
      expect(orWhyNot(() => nftOf(example))).toEqual(expect.stringContaining(nft));
    });

    if (checks.length > 0) {
      it.each(checks.map(titled))('check: $title', (example) => {
        const { hook = 'INPUT', context, errno: wanted = errno.EINVAL } = example;
        const where = { ...checking(header), hooks: 1 << hookNumbers[hook], ...context };
        expect(checkErrno(match, infoOf(example), where) ?? 0).toBe(wanted);
      });
    }

    it.skipIf(nftMissing)(`nft loads what it says (${nftMissing ?? 'here'})`, () => {
      const told = tests.examples.filter(({ nft }) => typeof nft !== 'string').map(nftOf);
      // an object of its own is made with the table
      const loadable = told.filter(({ objects }) => objects === undefined);
      expect(loadErrors(loadable.map(({ alternatives }) => alternatives))).toBe('');
    });
  });
}

function titled<One extends { readonly hex: string } | { readonly name: string }>(
  one: One,
): One & { readonly title: string } {
  return { ...one, title: 'hex' in one ? one.hex : one.name };
}
