import { describe, expect, it } from 'vitest';
import { errno } from '../../protocol/errno.ts';
import { errnoOf } from '../../protocol/error.ts';
import type { CheckContext, MatchDefinition, NftAlternatives, TransportHeader } from '../extension.ts';
import type { HeaderMatch } from '../ir.ts';
import { isNotExpressible } from '../nft/xt.ts';
import { checking, texts } from './context.ts';
import { anyHeader } from './header.ts';
import { loadErrors, nftMissing } from './nft-load.ts';

export interface DescribedCase<Info> {
  readonly name: string;
  readonly info: Info;
  /** `iptables -L`. */
  readonly list: string;
  /** `iptables -nL`; `list` unless given. */
  readonly numeric?: string;
  /** `iptables -S`. */
  readonly save: string;
  /** What it becomes; a text: part of the reason why nft can't carry it. */
  readonly nft: NftAlternatives | string;
}

export interface Layout<Info> {
  readonly size: number;
  /** The struct, whole and with its padding, and what it says; spaces are for the reader. */
  readonly bytes: string;
  readonly info: Info;
}

export interface Description<Info> {
  /** By revision. */
  readonly layouts: Readonly<Record<number, Layout<Info>>>;
  readonly header?: HeaderMatch;
  readonly transport?: TransportHeader;
  readonly cases: readonly DescribedCase<Info>[];
  /** What its check refuses, with EINVAL unless another errno is given. */
  readonly refused?: readonly {
    readonly name: string;
    readonly info: Info;
    readonly context?: Partial<CheckContext>;
    readonly errno?: number;
  }[];
}

/** The tests that every match has: layouts, texts, nft's JSON, what is refused. */
export function testMatch<Info>(match: MatchDefinition<Info>, description: Description<Info>): void {
  const { layouts, header = anyHeader, transport, cases, refused = [] } = description;
  const nft = (info: Info) => match.nft(info, { header, table: 'filter' });

  describe(match.name, () => {
    it('has these revisions', () => expect(Object.keys(match.revisions)).toEqual(Object.keys(layouts)));

    it.each(Object.entries(layouts))('revision %s: bytes there and back', (number, { size, bytes, info }) => {
      const revision = match.revisions[Number(number)];
      const data = Uint8Array.from(Buffer.from(bytes.replaceAll(' ', ''), 'hex'));
      expect([revision?.size, data.length]).toEqual([size, size]);
      expect(revision?.decode(data)).toEqual(info);
      expect(revision?.encode(info)).toEqual(data);
      expect(() => revision?.decode(data.subarray(1))).toThrow(`wanted ${size} bytes`);
    });

    it.each(cases)('$name: texts', ({ info, list, numeric = list, save }) => {
      match.check(info, checking(header));
      expect(texts(match, info, header)).toEqual([list, numeric, save]);
    });

    it.each(cases)('$name: nft', ({ info, nft: wanted }) => {
      if (typeof wanted !== 'string') {
        expect(nft(info)).toEqual(
          transport === undefined ? { alternatives: wanted } : { alternatives: wanted, transport },
        );
        return;
      }
      let reason: unknown;
      try {
        nft(info);
      } catch (error) {
        reason = error;
      }
      expect(isNotExpressible(reason)).toBe(true);
      expect(String(reason)).toContain(wanted);
    });

    it.each(refused)('refuses $name', ({ info, context = {}, errno: code = errno.EINVAL }) => {
      let found: number | undefined;
      try {
        match.check(info, { ...checking(header), ...context });
      } catch (error) {
        found = errnoOf(error);
      }
      expect(found).toBe(code);
    });

    it.skipIf(nftMissing)(`loads into nft (${nftMissing ?? 'here'})`, () => {
      const carried = cases.filter(({ nft: wanted }) => typeof wanted !== 'string');
      expect(loadErrors(carried.map(({ info }) => nft(info).alternatives))).toBe('');
    });
  });
}
