import { describe, expect, it } from 'vitest';
import type { Errno } from '../../protocol/errno.ts';
import type { CheckContext, NftTarget, TargetDefinition } from '../extension.ts';
import type { TableName } from '../ir.ts';
import type { NftStatement } from '../nft/json.ts';
import { checking, texts as textsOf } from './context.ts';
import { checkErrno, expectBytesKept } from './extension.ts';
import { loadRules, nftMissing } from './nft-load.ts';
import { translated } from './target-nft.ts';

/** What a target is expected to be, say and answer. */
export interface TargetTests<Info> {
  /** Bytes of each revision's struct. */
  readonly sizes: Readonly<Record<number, number>>;
  /** Structs as iptables sends them, in hexadecimal (zeros at the end left out), and what they say. */
  readonly structs: readonly { readonly revision: number; readonly hex: string; readonly info: Info }[];
  /** What `-L` (`words`; as `-nL` unless given), `-nL` and `-S` print, with their leading space. */
  readonly texts: readonly {
    readonly info: Info;
    readonly words?: string;
    readonly numeric: string;
    readonly saved: string;
  }[];
  /** What the check answers; undefined: nothing. */
  readonly checks?: readonly {
    readonly title: string;
    readonly info: Info;
    readonly context?: Partial<CheckContext>;
    readonly code: Errno | undefined;
  }[];
  /** The rules that nft lists (the chain's own behind those of the statements), or a part of why it can't. */
  readonly nft: readonly {
    readonly info: Info;
    readonly table?: TableName;
    readonly lists: readonly string[] | string;
  }[];
}

/** Declares the tests of a target by its tables. */
export function describeTarget<Info>(
  target: TargetDefinition<Info>,
  { sizes, structs, texts, checks = [], nft }: TargetTests<Info>,
): void {
  describe(target.name, () => {
    it('has structs of the kernel’s sizes', () => {
      const found = Object.entries(target.revisions).map(([revision, { size }]) => [revision, size]);
      expect(Object.fromEntries(found)).toEqual(sizes);
      for (const [revision, one] of Object.entries(target.revisions)) {
        const infos = structs.filter((struct) => struct.revision === Number(revision)).map(({ info }) => info);
        expect(infos).not.toEqual([]);
        expectBytesKept({ ...target, revisions: { [revision]: one } }, infos);
      }
    });

    it.each(structs)('reads and writes $revision: $hex', ({ revision, hex, info }) => {
      const { size = 0, decode, encode } = target.revisions[revision] ?? {};
      const bytes = new Uint8Array(size);
      bytes.set(Buffer.from(hex, 'hex'));
      expect(decode?.(bytes)).toEqual(info);
      expect(Buffer.from(encode?.(info) ?? []).toString('hex')).toBe(Buffer.from(bytes).toString('hex'));
    });

    it.each(texts)('prints$saved', ({ info, words, numeric, saved }) => {
      expect(textsOf(target, info)).toEqual([words ?? numeric, numeric, saved]);
    });

    if (checks.length > 0) {
      it.each(checks)('check: $title', ({ info, context, code }) => {
        expect(checkErrno(target, info, { ...checking(), ...context })).toBe(code);
      });
    }

    const refused = nft.filter(({ lists }) => typeof lists === 'string');
    if (refused.length > 0) {
      it.each(refused)('nft can’t carry it: $lists', ({ info, table, lists }) => {
        expect(translated(target, info, { table })).toContain(lists);
      });
    }

    const carried = nft.filter(({ lists }) => typeof lists !== 'string');
    if (carried.length > 0) {
      it.skipIf(nftMissing)(`nft loads it (${nftMissing ?? 'here'})`, () => {
        const rules = carried.flatMap(({ info, table }) => rulesOf(translated(target, info, { table })));
        const found = rules.length === 0 ? [] : loadRules(rules).map(({ text }) => text);
        expect(found).toEqual(carried.flatMap(({ lists }) => lists));
      });
    }
  });
}

/** What isn't empty of the statements and the chain's rules, without the jump to that chain, which isn't there. */
function rulesOf(found: NftTarget | string): readonly (readonly NftStatement[])[] {
  if (typeof found === 'string') throw new Error(found);
  const { statements, chain = [] } = found;
  return [statements.filter((one) => !('jump' in one)), ...chain].filter((rule) => rule.length > 0);
}
