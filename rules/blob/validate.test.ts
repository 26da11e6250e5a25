import { describe, expect, it } from 'vitest';
import { parseReplace } from './parse.ts';
import { answerTo } from './testing/answer.ts';
import { blobCases } from './testing/cases.ts';
import { entry, extension, filter, head, patched, plain, standard, verdicts } from './testing/raw-blob.ts';
import { stubRegistry } from './testing/registry.ts';
import { validateReplace } from './validate.ts';
import type { BlobView } from './view.ts';

function messageOf(blob: Uint8Array): string {
  try {
    validateReplace(parseReplace(blob), { registry: stubRegistry });
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const comment = extension('comment', 0, Buffer.alloc(256));
const reject = extension('REJECT', 0, Buffer.alloc(8));

describe("errno of a replace is the kernel's", () => {
  it.each(blobCases)('$title: $expected $ours', ({ blob, expected, ours }) => {
    expect(answerTo(blob)).toBe(ours ?? expected);
  });
});

describe('messages name the entry, what was expected and what came', () => {
  it.each([
    [
      'entry 1 (rule 2 of INPUT): verdict 0 is none',
      filter({ input: [plain(verdicts.drop), entry({ target: standard(0) })] }),
    ],
    ['entry 4 (rule 1 of A): verdict -9 is none', filter({ user: [head('A'), plain(-9), plain(verdicts.return)] })],
    [
      'entry 2 (policy of OUTPUT): the policy of OUTPUT must be ACCEPT or DROP without conditions',
      filter({ raw: { underflow: [0, 0, 152, 304, 0] } }).fill(0xfb, 96 + 304 + 144, 96 + 304 + 145),
    ],
    ['4 entries expected, found 5', filter({ input: [plain(verdicts.drop)], raw: { numEntries: 4 } })],
    ['hook entry of FORWARD: no entry starts at byte 8 of 632', filter({ raw: { hookEntry: [0, 0, 8, 304, 0] } })],
    [
      'entry 5 (rule 1 of A) leads back to entry 5, which leads to it',
      filter({
        input: [entry({ target: standard(784) })],
        user: [head('A'), entry({ target: standard(784) }), plain(verdicts.return)],
      }),
    ],
    [
      'entry 0 (rule 1 of INPUT) jumps to byte 77, where no entry starts',
      filter({ input: [entry({ target: standard(77) })] }),
    ],
    [
      'entry 0 (rule 1 of INPUT): match comment: 256 bytes expected, found 8',
      filter({
        input: [entry({ matches: [extension('comment', 0, Buffer.alloc(8))], target: standard(verdicts.drop) })],
      }),
    ],
    [
      'entry 0 (rule 1 of INPUT): target REJECT: only valid in table filter, not nat',
      filter({ input: [entry({ target: reject })], raw: { name: 'nat' } }),
    ],
    [
      'entry 4 (rule 1 of A) ends chain A but is no RETURN without conditions: no layout of chains that can be translated',
      filter({ user: [head('A'), plain(verdicts.drop)] }),
    ],
  ])('%s', (message, blob) => {
    expect(messageOf(blob)).toBe(message);
  });
});

describe('the table before', () => {
  const rule = entry({ matches: [comment], target: standard(verdicts.drop) });
  const other = entry({ matches: [comment], target: standard(verdicts.accept) });
  const counters = Array.from({ length: 16 }, (_, index) => index + 1);
  const counted = patched(patched(rule, 84, 1, 2, 3, 4), 92, 7, 7, 7, 7, ...counters);
  const jump = (to: number): Uint8Array => entry({ target: standard(to) });
  let checks = 0;
  const registry: typeof stubRegistry = {
    ...stubRegistry,
    findMatch(name, revision) {
      const found = stubRegistry.findMatch(name, revision);
      const check = () => {
        checks += 1;
      };
      return {
        ...found,
        definition: { ...found.definition, check, ...(name === 'tcp' ? { portRanges: [0, 4] } : {}) },
      };
    },
  };
  const view = (blob: Uint8Array): BlobView => validateReplace(parseReplace(blob), { registry });
  /** How many matches are checked of a table that follows another. */
  const checked = (blob: Uint8Array, previous: BlobView): number => {
    const alone = view(blob);
    checks = 0;
    const found = validateReplace(parseReplace(blob), { registry, previous: () => previous });
    for (const index of alone.offsets.keys()) expect(found.key(index)).toBe(alone.key(index));
    return checks;
  };
  const [source, mask, protocol] = [0, 8, 80];
  const tcp = (ports: readonly number[], ...address: readonly number[]) => {
    const data = Buffer.alloc(16);
    new Uint16Array(data.buffer, data.byteOffset, 4).set([0, 0xffff, ...ports]);
    const made = entry({ matches: [extension('tcp', 0, data)], target: standard(verdicts.drop) });
    return patched(patched(patched(made, source, ...address), mask, 255, 255, 255, 0), protocol, 6, 0);
  };
  const [web, range] = [tcp([80, 80], 10, 0, 0, 0), tcp([80, 90], 10, 0, 0, 0)];

  it.each([
    ['the same', [rule, rule], [rule, rule], 0],
    ['counters and the like', [rule, rule], [rule, counted], 0],
    ['one more', [rule, rule], [rule, rule, other], 1],
    ['one more at the beginning', [rule, rule], [other, rule, rule], 1],
    ['one less', [rule, other, rule], [rule, rule], 0],
    ['one changed', [rule, rule, rule], [rule, other, rule], 1],
    ['two of a kind', [rule], [other, other], 1],
    ['one moved', [other, rule, rule], [rule, rule, other], 0],
    ['nothing before', [], [rule], 1],
    ['another address, another port', [web], [tcp([443, 443], 10, 1, 2, 0)], 0],
    ['an address that no packet has', [web], [tcp([80, 80], 10, 0, 0, 1)], 1],
    ['another mask', [web], [patched(web, mask, 255, 255, 0, 0)], 1],
    ['a range of ports', [web], [range], 1],
    ['another range of ports', [range], [tcp([80, 91], 10, 0, 0, 0)], 1],
    ['from a range to a port', [range], [web], 1],
  ])('spares the checks of what it has too: %s', (_, before, after, count) => {
    expect(checked(filter({ input: after }), view(filter({ input: before })))).toBe(count);
  });

  it('spares nothing where other hooks reach an entry', () => {
    const user = [head('A'), rule, plain(verdicts.return)];
    const before = view(filter({ input: [jump(608 + 176)], user }));
    expect(checked(filter({ input: [jump(608 + 176)], user }), before)).toBe(0);
    expect(checked(filter({ forward: [jump(608 + 176)], user }), before)).toBe(1);
  });

  it('tells jumps to different chains apart, and knows one whose chain has moved', () => {
    const chain = (name: string) => [head(name), rule, plain(verdicts.return)];
    const size = 176 + rule.length + 152;
    const to = (nth: number) => jump(608 + 176 + nth * size);
    const before = view(filter({ input: [to(0)], user: [...chain('A'), ...chain('B')] }));
    expect(checked(filter({ input: [to(1)], user: [...chain('A'), ...chain('B')] }), before)).toBe(0);
    expect(checked(filter({ input: [to(1)], user: [...chain('B'), ...chain('A')] }), before)).toBe(0);
    expect(checked(filter({ output: [to(1)], user: [...chain('A'), ...chain('B')] }), before)).toBe(1);
  });

  it('is not believed where extensions are looked up elsewhere', () => {
    const before = view(filter({ input: [rule] }));
    const strict: typeof stubRegistry = { ...stubRegistry, findMatch: () => stubRegistry.findMatch('nosuch', 0) };
    const options = { registry: strict, previous: () => before };
    expect(() => validateReplace(parseReplace(filter({ input: [rule] })), options)).toThrow(/nosuch/);
  });

  it('is not asked for when a shape has no chains', () => {
    const bad = entry({ matches: [extension('nosuch', 0, Buffer.alloc(8))], target: standard(verdicts.drop) });
    const blob = filter({ input: [bad], end: [plain(verdicts.accept)] });
    expect(() =>
      validateReplace(parseReplace(blob), { registry: stubRegistry, previous: () => view(filter({})) }),
    ).toThrow(/nosuch/);
  });
});
