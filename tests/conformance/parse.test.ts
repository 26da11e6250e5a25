import { describe, expect, it } from 'vitest';
import { parseTests } from './parse.ts';

describe('parseTests', () => {
  it('reads rules with the table and chains above them, commands, and what must be saved', () => {
    const text = [
      '# a comment',
      ':INPUT,FORWARD',
      '-m one;=;OK',
      '',
      '*mangle',
      '@nfct add test',
      ':OUTPUT',
      '-m two --short;-m two --long;OK',
      '%iptables -I INPUT -j RATEEST',
      '-m two;;FAIL;LEGACY',
    ].join('\n');
    expect(parseTests(text)).toEqual([
      {
        kind: 'rule',
        line: 3,
        table: 'filter',
        chains: ['INPUT', 'FORWARD'],
        rule: '-m one',
        saved: '-m one',
        accepted: true,
      },
      { kind: 'command', line: 6, command: 'nfct add test' },
      {
        kind: 'rule',
        line: 8,
        table: 'mangle',
        chains: ['OUTPUT'],
        rule: '-m two --short',
        saved: '-m two --long',
        accepted: true,
      },
      { kind: 'command', line: 9, command: 'iptables -I INPUT -j RATEEST' },
      { kind: 'rule', line: 10, table: 'mangle', chains: ['OUTPUT'], rule: '-m two', saved: '', accepted: false },
    ]);
  });

  it.each(['-m one', '-m one;=', '-m one;=;PERHAPS', '-m one;=;OK;NFT'])('%s is no test', (line) => {
    expect(() => parseTests(`:INPUT\n${line}\n`)).toThrow(/line 2/);
  });

  it('a rule before any chain is no test', () => {
    expect(() => parseTests('-m one;=;OK\n')).toThrow(/line 1/);
  });
});
