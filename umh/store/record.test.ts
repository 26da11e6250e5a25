import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BpfilterError } from '../../protocol/error.ts';
import { decodeRecord, encodeRecord, recordSize } from './record.ts';

const meta = { name: 'filter', generation: 7 };
const body = Buffer.from('the body of a state file');
const whole = Buffer.concat(encodeRecord('table', meta, [body.subarray(0, 5), body.subarray(5)]));

describe('state records', () => {
  it('come back as they were', () => {
    const { meta: read, body: found } = decodeRecord('table', whole);
    expect(read).toEqual(meta);
    expect(Buffer.from(found)).toEqual(body);
  });

  it('may stand in a larger file, and take the room they say', () => {
    const padded = Buffer.concat(encodeRecord('journal', meta, [body], 100));
    expect(padded.length).toBe(recordSize(100, body.length));
    expect(decodeRecord('journal', Buffer.concat([padded, Buffer.alloc(99)])).meta).toEqual(meta);
  });

  it.each([
    ['another kind', 'counters', whole, /kind 1/],
    ['no bytes', 'table', Buffer.alloc(0), /torn/],
    ['another file', 'table', Buffer.from('#!/bin/sh\necho this is no state file\n'), /not a state file/],
    ['a cut body', 'table', whole.subarray(0, -1), /torn/],
    ['a format of another version', 'table', Buffer.from(whole).fill(9, 4, 5), /format version 9/],
  ] as const)('are not believed: %s', (_name, kind, bytes, message) => {
    expect(() => decodeRecord(kind, bytes)).toThrow(message);
  });

  it('are not believed when any bit of them is another', () => {
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(7), (at, bit) => {
        const wrong = Buffer.from(whole);
        wrong[at] = (wrong[at] ?? 0) ^ (1 << bit);
        expect(() => decodeRecord('table', wrong)).toThrow(BpfilterError);
      }),
    );
  });

  it('of any bytes are refused, never misread', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(() => decodeRecord('table', bytes)).toThrow(BpfilterError);
      }),
    );
  });
});
