import { describe, expect, it } from 'vitest';
import { randomFrom } from '../harness/random.ts';
import { domains, expand } from './domains.ts';
import { matchExamples, targetExamples } from './random-rules.ts';

const first = () => 0;
const last = (bound: number) => bound - 1;

describe('expand', () => {
  it.each([
    ['-m one', '-m one', '-m one'],
    ['-m one {|!} --two {a|b|c}', '-m one --two a', '-m one ! --two c'],
    ['--value {3-9}', '--value 3', '--value 9'],
    ['--ports {10-20}-{21-30}', '--ports 10-21', '--ports 20-30'],
    ['-j X{| --zone {1-5}}', '-j X', '-j X --zone 5'],
    ['--mark {mark}', `--mark ${domains.mark?.[0]}`, `--mark ${domains.mark?.at(-1)}`],
  ])('%s', (example, least, most) => {
    expect(expand(example, first)).toBe(least);
    // a range offers its ends, and one number between them
    expect(expand(example, (bound) => (bound === 3 && /\{\d+-\d+\}/.test(example) ? 1 : last(bound)))).toBe(most);
  });

  it.each(['{nosuch}', '{a|{nosuch}}', '{', '{a|b'])('%s is an error', (example) => {
    expect(() => expand(example, last)).toThrow();
  });
});

it('every example of every extension can be filled in', () => {
  for (const { name, text } of [...matchExamples, ...targetExamples].flat()) {
    for (let seed = 0; seed < 20; seed++) expect(expand(text, randomFrom(seed)), name).not.toMatch(/[{}]|^ | {2}/);
  }
});
