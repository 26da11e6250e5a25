import { describe, expect, it } from 'vitest';
import { parseReplace } from '../../rules/blob/parse.ts';
import { entry, extension, filter, head, plain, standard, verdicts } from '../../rules/blob/testing/raw-blob.ts';
import { validateReplace } from '../../rules/blob/validate.ts';
import { type BlobView, viewTable } from '../../rules/blob/view.ts';
import * as registry from '../../rules/registry.ts';
import { differenceOf, roundTripProblem } from './round-trip.ts';

const viewOf = (blob: Uint8Array): BlobView => validateReplace(parseReplace(blob), { registry });

/** -m ttl --ttl-eq 64 -j one, and chain one. */
const ttl = extension('ttl', 0, Uint8Array.of(0, 64, 0, 0, 0, 0, 0, 0));
const rule = entry({ matches: [ttl], target: standard(152 * 3 + 192 + 176) });
const blob = filter({ input: [rule], user: [head('one'), plain(verdicts.drop), plain(verdicts.return)] });

/** Offsets among the entries. */
const at = { ttlName: 112 + 2, ttlValue: 112 + 32 + 1, verdict: 152 + 32, chain: 192 + 456 + 112 + 32 };

function changed(offset: number, value: number): BlobView {
  const bytes = Uint8Array.from(blob);
  bytes[96 + offset] = value;
  return viewOf(bytes);
}

describe('a table decoded and encoded', () => {
  it.each([
    { title: 'with matches and jumps', view: viewOf(blob) },
    { title: 'with something behind the NUL of a name', view: changed(at.ttlName + 10, 0x41) },
    { title: 'with nfcache and comefrom', view: changed(84, 0xff) },
    { title: 'with something behind the NUL of a chain', view: changed(at.chain + 9, 0x41) },
    { title: 'with something in the padding of a verdict', view: changed(at.verdict + 4, 0xff) },
  ])('is the same $title', ({ view }) => {
    expect(roundTripProblem(view, true)).toBeUndefined();
  });

  it.each([
    { title: 'a byte of a match', offset: at.ttlValue, value: 65 },
    { title: 'a byte of the header', offset: 3, value: 1 },
    { title: 'a counter', offset: 96, value: 1 },
    { title: 'a chain of another name', offset: at.chain, value: 0x41 },
    { title: 'another verdict', offset: 192 + 456 + 176 + 112 + 32, value: 0xfe },
  ])('would differ by $title', ({ offset, value }) => {
    const [one, other] = [viewOf(blob), changed(offset, value)];
    expect(differenceOf(one, other)).toContain('entry');
    expect(differenceOf(one, viewTable('filter', one.entries, one))).toBeUndefined();
  });

  it('would differ by a hook at another entry', () => {
    const two = viewOf(filter({ input: [plain(verdicts.drop)] }));
    const hookEntry = two.hookEntry.map((offset, hook) =>
      hook === 1 ? 152 : offset,
    ) as unknown as BlobView['hookEntry'];
    expect(differenceOf(two, { ...two, hookEntry })).toContain('hookEntry');
  });
});
