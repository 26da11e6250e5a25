import { describe, expect, it } from 'vitest';
import { compatRange, type NatRange, plainRange, shiftableRange } from './nat-range.ts';

/** 10.9.0.1-10.9.0.2, ports 80 to 90, flags 3. */
const known: NatRange = {
  rangesize: 1,
  flags: 3,
  minAddress: [0x0a090001, 0, 0, 0],
  maxAddress: [0x0a090002, 0, 0, 0],
  minPort: 80,
  maxPort: 90,
  basePort: 0,
};
const filler = '00'.repeat(12);

describe('ranges of NAT', () => {
  it.each([
    {
      name: 'nf_nat_ipv4_multi_range_compat',
      revision: compatRange,
      size: 20,
      info: known,
      hex: '01000000030000000a0900010a0900020050005a',
    },
    {
      name: 'nf_nat_range',
      revision: plainRange,
      size: 40,
      info: known,
      hex: `030000000a090001${filler}0a090002${filler}0050005a`,
    },
    {
      name: 'nf_nat_range2',
      revision: shiftableRange,
      size: 44,
      info: { ...known, basePort: 2000 },
      hex: `030000000a090001${filler}0a090002${filler}0050005a07d00000`,
    },
  ])('struct $name', ({ revision, size, info, hex }) => {
    expect(revision.size).toBe(size);
    expect(Buffer.from(revision.encode(info)).toString('hex')).toBe(hex);
    expect(revision.decode(Uint8Array.from(Buffer.from(hex, 'hex')))).toEqual(info);
    expect(() => revision.decode(new Uint8Array(size - 1))).toThrow(`wanted ${size} bytes`);
  });

  it('keeps the words behind an IPv4 address', () => {
    const info: NatRange = { ...known, minAddress: [1, 2, 3, 4], maxAddress: [5, 6, 7, 0xffffffff] };
    expect(plainRange.decode(plainRange.encode(info))).toEqual(info);
    expect(shiftableRange.decode(shiftableRange.encode(info))).toEqual(info);
  });

  it('keeps how many ranges revision 0 says it has', () => {
    expect(compatRange.decode(compatRange.encode({ ...known, rangesize: 0xffffffff })).rangesize).toBe(0xffffffff);
  });
});
