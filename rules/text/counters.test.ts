import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { counterColumn, counterWord } from './counters.ts';

const cases: readonly { readonly value: bigint; readonly short: string }[] = [
  { value: 0n, short: '0' },
  { value: 99_999n, short: '99999' },
  { value: 100_000n, short: '100K' },
  { value: 100_499n, short: '100K' },
  { value: 100_500n, short: '101K' },
  { value: 9_999_499n, short: '9999K' },
  { value: 9_999_500n, short: '10M' },
  { value: 9_999_499_999n, short: '10G' },
  { value: 10n ** 10n, short: '10G' },
  { value: 10n ** 13n, short: '10T' },
  { value: 9_999_499_499_499n, short: '9999G' },
  { value: 2n ** 64n - 501n, short: '18446744T' },
  { value: 2n ** 64n - 500n, short: '0K' },
  { value: 2n ** 64n - 1n, short: '0K' },
];

describe('counters', () => {
  it.each(cases)('$value is shortened to $short', ({ value, short }) => {
    expect(counterColumn(value, false)).toBe(short.padStart(5));
    expect(counterWord(value, false)).toBe(short);
  });

  it('are exact with -x, in 8 places at least', () => {
    expect(counterColumn(7n, true)).toBe('       7');
    expect(counterColumn(2n ** 64n - 1n, true)).toBe('18446744073709551615');
    expect(counterWord(7n, true)).toBe('7');
  });

  it('keep within a thousandth of the value, unless the sum wraps', () => {
    const scale = { K: 10n ** 3n, M: 10n ** 6n, G: 10n ** 9n, T: 10n ** 12n } as const;
    fc.assert(
      fc.property(fc.bigInt({ min: 100_000n, max: 2n ** 64n - 501n }), (value) => {
        const [, digits = '', unit = ''] = /^(\d+)([KMGT])$/.exec(counterWord(value, false)) ?? [];
        const size = scale[unit as keyof typeof scale];
        const error = BigInt(digits) * size - value;
        expect(error < 0n ? -error : error).toBeLessThanOrEqual((size * 501n) / 1000n);
      }),
    );
  });
});
