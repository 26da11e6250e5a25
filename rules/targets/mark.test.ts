import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NftExpression } from '../nft/json.ts';
import { checking } from '../testing/context.ts';
import { anyHeader } from '../testing/header.ts';
import { loadRules, nftMissing } from '../testing/nft-load.ts';
import { noNames } from '../text/no-names.ts';
import { type MarkTargetInfo, markTarget } from './mark.ts';

/** `nft`: how nft shows the new mark; it splits an XOR into equal parts of its own. */
const cases = [
  { mark: 0, mask: 0xf0, text: 'and 0xffffff0f', saved: '0x0/0xf0', nft: 'meta mark & 0xffffff0f' },
  { mark: 0xf, mask: 0xf, text: 'or 0xf', saved: '0xf/0xf', nft: 'meta mark | 0x0000000f' },
  { mark: 0xf, mask: 0, text: 'xor 0xf', saved: '0xf/0x0', nft: 'meta mark ^ 0x0000000f' },
  { mark: 5, mask: 0xffffffff, text: 'set 0x5', saved: '0x5/0xffffffff', nft: '0x00000005' },
  { mark: 5, mask: 0xff, text: 'xset 0x5/0xff', saved: '0x5/0xff', nft: 'meta mark & 0xffffff05 | 0x00000005' },
  {
    mark: 0xf0f,
    mask: 0xff,
    text: 'xset 0xf0f/0xff',
    saved: '0xf0f/0xff',
    nft: 'meta mark & 0xffffff0f ^ 0x00000f00 | 0x0000000f',
  },
  { mark: 0xffffffff, mask: 0xffffffff, text: 'or 0xffffffff', saved: '0xffffffff/0xffffffff', nft: '0xffffffff' },
  { mark: 0, mask: 0xffffffff, text: 'and 0x0', saved: '0x0/0xffffffff', nft: '0x00000000' },
  { mark: 0, mask: 0, text: 'and 0xffffffff', saved: '0x0/0x0', nft: undefined },
] as const;

const statements = (info: MarkTargetInfo) => markTarget.nft(info, checking()).statements;

describe('MARK', () => {
  it('has the size of struct xt_mark_tginfo2', () => expect(markTarget.revisions[2]?.size).toBe(8));

  it('reads and writes its bytes', () => {
    const data = Uint8Array.of(4, 3, 2, 1, 0xff, 0, 0, 0xff);
    const info = { mark: 0x01020304, mask: 0xff0000ff };
    expect(markTarget.revisions[2]?.decode(data)).toEqual(info);
    expect(markTarget.revisions[2]?.encode(info)).toEqual(data);
    expect(() => markTarget.revisions[2]?.decode(data.subarray(1))).toThrow('wanted 8 bytes');
  });

  it.each(cases)('$saved: $text', ({ mark, mask, text, saved }) => {
    expect(markTarget.print({ mark, mask }, { numeric: true, names: noNames, header: anyHeader })).toBe(
      ` MARK ${text}`,
    );
    expect(markTarget.save({ mark, mask }, { header: anyHeader })).toBe(` --set-xmark ${saved}`);
  });

  it('sets what the kernel sets', () => {
    const u32 = fc.oneof(fc.constantFrom(0, 1, 0xff, 0xffffffff), fc.nat(0xffffffff));
    fc.assert(
      fc.property(u32, u32, u32, (before, mark, mask) => {
        expect(marked(before, { mark, mask })).toBe(((before & ~mask) ^ mark) >>> 0);
      }),
    );
  });

  it.skipIf(nftMissing)(`nft loads and lists them (${nftMissing ?? 'here'})`, () => {
    const loaded = loadRules(cases.map(statements).filter((rule) => rule.length > 0));
    expect(loaded.map(({ text }) => text)).toEqual(
      cases.flatMap(({ nft }) => (nft === undefined ? [] : [`meta mark set ${nft}`])),
    );
  });
});

/** The packet's mark behind the statements. */
function marked(before: number, info: MarkTargetInfo): number {
  return statements(info).reduce(
    (mark, statement) => ('mangle' in statement ? evaluate(statement.mangle.value, mark) : Number.NaN),
    before,
  );
}

function evaluate(expression: NftExpression, mark: number): number {
  if (typeof expression === 'number') return expression;
  if (typeof expression !== 'object') return Number.NaN;
  if ('meta' in expression) return mark;
  const both = (pair: readonly [NftExpression, NftExpression]): [number, number] => [
    evaluate(pair[0], mark),
    evaluate(pair[1], mark),
  ];
  const apply = ([a, b]: [number, number], operation: (a: number, b: number) => number): number =>
    operation(a, b) >>> 0;
  if ('&' in expression) return apply(both(expression['&']), (a, b) => a & b);
  if ('|' in expression) return apply(both(expression['|']), (a, b) => a | b);
  if ('^' in expression) return apply(both(expression['^']), (a, b) => a ^ b);
  return Number.NaN;
}
