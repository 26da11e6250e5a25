import { describe, expect, it } from 'vitest';
import { unexpected, withoutIdle } from './differences.ts';
import { outcomes } from './outcome.ts';
import { parseOutput, type TestFile } from './script.ts';

const step = { kind: 'rule', line: 2, table: 'filter', chains: ['INPUT'], rule: '-m one', saved: '-m one' } as const;
const files = (accepted: boolean): readonly TestFile[] => [{ name: 'a.t', steps: [{ ...step, accepted }] }];

const counted = (rules: number): string =>
  `@@@@chain\n${Array.from({ length: rules }, (_, at) => `counter name "r${at}"\n`).join('')}`;
const policy = ':INPUT ACCEPT [0:0]\n';

/** What the script prints for the one rule. */
function accepting(
  saved: string,
  options: { readonly rules?: readonly number[]; readonly left?: string } = {},
): string {
  const [before = 0, after = 1] = options.rules ?? [];
  return [
    '@@@@file a.t\n@@@@rule 2 filter INPUT\n',
    `@@@@save\n# date\n${policy}${counted(before)}@@@@said\n\n@@@@status 0\n`,
    `@@@@save\n${policy}${saved}\n${counted(after)}`,
    `@@@@save\n${policy}${options.left ?? ''}${counted(before)}@@@@end\n`,
  ].join('');
}

function refusing(said: string, status = 1): string {
  return `@@@@file a.t\n@@@@rule 2 filter INPUT\n@@@@save\n${policy}@@@@said\n${said}\n\n@@@@status ${status}\n@@@@end\n`;
}

const rule = '-A INPUT -m one';

describe('a line of the tests', () => {
  it.each([
    ['both accept', true, accepting(rule), accepting(rule), undefined, undefined],
    ['both refuse', false, refusing('no'), refusing('no'), undefined, undefined],
    ['wrong natively too', true, refusing('no'), refusing('no'), 'refused: no', undefined],
    ['refused by us', true, accepting(rule), refusing('no\nway'), undefined, 'refused: INPUT: refused: no | way'],
    [
      'accepted by us',
      false,
      refusing('no'),
      accepting(rule),
      undefined,
      'accepted: INPUT: accepted, by the kernel refused: no',
    ],
    ['other words', false, refusing('no'), refusing('nay'), undefined, 'refused: INPUT: says "nay", natively "no"'],
    [
      'other status',
      false,
      refusing('no', 2),
      refusing('no', 3),
      undefined,
      "other: INPUT: status 3, the kernel's is 2",
    ],
    [
      'saved otherwise',
      true,
      accepting(rule),
      accepting(`${rule} x`),
      undefined,
      `other: INPUT: saved as ${rule} x, natively ${rule}`,
    ],
    [
      'left behind',
      true,
      accepting(rule),
      accepting(rule, { left: `${rule}\n` }),
      undefined,
      'other: INPUT: -D leaves something behind',
    ],
    [
      'not in force',
      true,
      accepting(rule),
      accepting(rule, { rules: [1, 1] }),
      undefined,
      'idle: INPUT: not in force: no rule more in nftables',
    ],
    ['natively saved otherwise', true, accepting('x'), accepting('x'), 'saved as x', undefined],
  ])('%s', (_, accepted, native, ours, wrong, different) => {
    const [outcome] = outcomes(files(accepted), parseOutput(native), parseOutput(ours));
    expect(outcome?.native).toBe(wrong);
    expect(outcome?.ours && `${outcome.ours.kind}: ${outcome.ours.text}`).toBe(different);
  });

  it('without a result is an error', () => {
    const none = '@@@@file a.t\n@@@@end\n';
    expect(() => outcomes(files(true), parseOutput(accepting(rule)), parseOutput(none))).toThrow(/a\.t:2/);
    expect(() => parseOutput('@@@@file a.t\n')).toThrow(/stopped/);
  });
});

describe('withoutIdle', () => {
  const idle = outcomes(files(true), parseOutput(accepting(rule)), parseOutput(accepting(rule, { rules: [1, 1] })));
  const other = outcomes(files(true), parseOutput(accepting(rule)), parseOutput(accepting('x')));

  it('takes a listed rule without a rule in nftables for right, and nothing else', () => {
    const listed = [{ place: 'a.t:2', reason: 'it is' }];
    expect(withoutIdle(idle, listed)[0]?.ours).toBeUndefined();
    expect(withoutIdle(idle, [])).toEqual(idle);
    expect(withoutIdle(other, listed)).toEqual(other);
  });
});

describe('unexpected', () => {
  const outcomeOf = (native: string, ours: string) => outcomes(files(true), parseOutput(native), parseOutput(ours));
  const alike = outcomeOf(accepting(rule), accepting(rule));
  const refused = outcomeOf(accepting(rule), refusing('no'));
  const accepted = outcomeOf(refusing('no'), accepting(rule));
  const words = outcomeOf(refusing('no'), refusing('nay'));
  const other = outcomeOf(refusing('no', 2), refusing('nay', 3));
  const known = [{ place: 'a.t:2', reason: 'it is' }];

  it.each([
    ['alike', alike, [], 'with-xt', 0],
    ['alike, listed', alike, known, 'with-xt', 1],
    ['alike, listed', alike, known, 'without-xt', 0],
    ['refused', refused, [], 'with-xt', 1],
    ['refused, listed', refused, known, 'with-xt', 0],
    ['refused', refused, [], 'without-xt', 0],
    ['accepted, listed', accepted, known, 'with-xt', 1],
    ['accepted', accepted, [], 'without-xt', 1],
    ['refused in other words', words, [], 'with-xt', 1],
    ['refused in other words', words, [], 'without-xt', 0],
    ['other', other, [], 'without-xt', 1],
    ['listed without a test', alike, [{ place: 'a.t:3', reason: 'gone' }], 'with-xt', 1],
  ] as const)('%s (%#)', (_, outcome, list, mode, count) => {
    expect(unexpected(outcome, list, mode)).toHaveLength(count);
  });
});
