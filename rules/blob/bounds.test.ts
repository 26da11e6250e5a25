import { describe, expect, it } from 'vitest';
import { answerTo } from './testing/answer.ts';
import { entry, filter, head, ip, patched, plain, standard, verdicts } from './testing/raw-blob.ts';

/** Entries; each shape below grew quadratic, or recursed, in a careless check. */
const many = 100_000;
const millisecondsAllowed = 4000;
const jump = (to: number): Uint8Array => entry({ ip: ip({ protocol: 6 }), target: standard(to) });
/** Where the first user entry stands when INPUT has `rules` rules of 152 bytes. */
const userAt = (rules: number): number => 152 * (rules + 3);
const chainSize = 176 + 152 + 152;

/** Chain i jumps to chain i+1, twice. */
function deepChains(depth: number): Uint8Array {
  const firstOf = (chain: number): number => userAt(1) + chain * (chainSize + 152) + 176;
  const user = Array.from({ length: depth }, (_, chain) => {
    const next = chain + 1 < depth ? jump(firstOf(chain + 1)) : plain(verdicts.drop);
    return [head(`c${chain}`), next, next, plain(verdicts.return)];
  });
  return filter({ input: [jump(firstOf(0))], user: user.flat() });
}

/** Every rule of INPUT jumps to one long chain. */
function oneTarget(rules: number): Uint8Array {
  const user = [head('A'), ...Array<Uint8Array>(rules).fill(plain(-2)), plain(verdicts.return)];
  return filter({ input: Array<Uint8Array>(rules).fill(jump(userAt(rules) + 176)), user });
}

describe('time stays within bounds', () => {
  it.each([
    ['a long chain', () => filter({ input: Array<Uint8Array>(many).fill(plain(verdicts.drop)) }), ''],
    ['deep chains, each reached twice', () => deepChains(many / 4), ''],
    ['many jumps to one long chain', () => oneTarget(many / 2), ''],
    [
      'a fault in the last rule',
      () => filter({ input: Array<Uint8Array>(many).fill(plain(verdicts.drop)), forward: [plain(-9)] }),
      'EINVAL',
    ],
    [
      'a jump to nowhere in the last rule',
      () => filter({ output: [...Array<Uint8Array>(many).fill(jump(1))] }),
      'ELOOP',
    ],
    ['more entries said than there are', () => filter({ raw: { numEntries: 0x7ffffff } }), 'EINVAL'],
    ['zeros', () => patched(filter({}), 96, ...new Uint8Array(500)), 'EINVAL'],
    ['entries of 65528 bytes full of the smallest matches', () => fullOfMatches(300), 'ENOENT'],
  ] as const)('%s', (_title, make, expected) => {
    const blob = make();
    const start = performance.now();
    expect(answerTo(blob)).toBe(expected);
    expect(performance.now() - start).toBeLessThan(millisecondsAllowed);
  });
});

function fullOfMatches(rules: number): Uint8Array {
  const match = patched(new Uint8Array(32), 0, 32, 0, 0x78);
  const rule = entry({ matches: Array<Uint8Array>(2042).fill(match), target: standard(verdicts.drop) });
  return filter({ input: Array<Uint8Array>(rules).fill(rule) });
}
