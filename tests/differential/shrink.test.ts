import { expect, it } from 'vitest';
import type { DifferentialCase } from './case.ts';
import type { Sending } from './packets.ts';
import { restoreText, withReach } from './ruleset.ts';
import { shrink } from './shrink.ts';

const finding: DifferentialCase = {
  title: 'seed 1',
  tables: [
    {
      name: 'filter',
      dropping: ['INPUT', 'FORWARD'],
      users: [{ name: 'one', from: ['INPUT', 'OUTPUT'] }],
      rules: Array.from({ length: 9 }, (_, at) => ({ chain: 'INPUT', text: `-m mark --mark ${at}`, examples: [] })),
    },
    { name: 'raw', dropping: [], users: [], rules: [{ chain: 'OUTPUT', text: '-j DROP', examples: [] }] },
  ],
  sendings: Array.from({ length: 10 }, (_, at): Sending => ({ kind: 'packet', at: 'left', bytes: `0${at}` })),
  otherRevisions: false,
};

it('leaves what makes the difference, and nothing else', async () => {
  const differs = ({ tables, sendings }: DifferentialCase): boolean => {
    const text = restoreText(tables);
    return (
      /mark 3\n/.test(text) &&
      /mark 7\n/.test(text) &&
      text.includes(':FORWARD DROP') &&
      JSON.stringify(sendings).includes('"06"')
    );
  };
  const small = await shrink(finding, async (candidates) => candidates.find(differs));
  expect(small.sendings).toEqual([{ kind: 'packet', at: 'left', bytes: '06' }]);
  expect(small.tables.map(({ rules, dropping }) => [rules.map(({ text }) => text), dropping])).toEqual([
    [['-m mark --mark 3', '-m mark --mark 7'], ['FORWARD']],
    [[], []],
  ]);
});

it('stays whole where nothing smaller differs', async () => {
  expect(await shrink(finding, async () => undefined)).toEqual(finding);
});

it('restoreText writes tables, and with reach every user chain called', () => {
  const [filter] = finding.tables;
  expect(filter && restoreText([withReach(filter, [{ chain: 'one', text: '', examples: [] }])])).toBe(
    [
      '*filter',
      ':INPUT DROP [0:0]',
      ':FORWARD DROP [0:0]',
      ':OUTPUT ACCEPT [0:0]',
      ':one - [0:0]',
      '-A INPUT -j one',
      '-A OUTPUT -j one',
      '-A one',
      'COMMIT',
      '',
    ].join('\n'),
  );
});
