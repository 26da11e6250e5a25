import { describe, expect, it } from 'vitest';
import { parseReplace } from './parse.ts';
import { answerTo } from './testing/answer.ts';
import { blobCases } from './testing/cases.ts';
import { entry, extension, filter, head, plain, standard, verdicts } from './testing/raw-blob.ts';
import { stubRegistry } from './testing/registry.ts';
import { validateReplace } from './validate.ts';

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

describe('known', () => {
  const rule = entry({ matches: [comment], target: standard(verdicts.drop) });
  const bad = entry({ matches: [extension('nosuch', 0, Buffer.alloc(8))], target: standard(verdicts.drop) });

  it('is asked with key and hooks of each entry, and spares the extension checks', () => {
    const asked: number[] = [];
    const known = (_key: string, hooks: number): boolean => asked.push(hooks) > 0;
    validateReplace(parseReplace(filter({ input: [bad], forward: [rule] })), { registry: stubRegistry, known });
    expect(asked).toEqual([2, 2, 4, 4, 8, 0]);
  });

  it('spares nothing where it says no', () => {
    const blob = filter({ input: [bad] });
    expect(() => validateReplace(parseReplace(blob), { registry: stubRegistry, known: () => false })).toThrow(/nosuch/);
  });

  it('is not asked of a shape that has no chains', () => {
    const known = (): boolean => true;
    const blob = filter({ input: [bad], end: [plain(verdicts.accept)] });
    expect(() => validateReplace(parseReplace(blob), { registry: stubRegistry, known })).toThrow(/nosuch/);
  });
});
