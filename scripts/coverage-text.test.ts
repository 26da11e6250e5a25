import { describe, expect, it } from 'vitest';
import { type AnyMatch, type AnyTarget, defineMatch, defineTarget } from '../rules/extension.ts';
import { coverageText } from './coverage-text.ts';

const parts = {
  revisions: { 0: { size: 0, decode: () => ({}), encode: () => new Uint8Array() } },
  check: () => {},
  print: () => '',
  save: () => '',
} as const;

const blank: AnyMatch = defineMatch({
  ...parts,
  name: 'blank',
  placement: {},
  coverage: 'all',
  examples: ['-m blank {a|b}'],
  nft: () => ({ alternatives: [] }),
  bpf: { none: 'it looks away' },
});

const target: AnyTarget = defineTarget({
  ...parts,
  name: 'BLANK',
  placement: { table: ['nat', 'raw'], hooks: 0b10010, protocol: 6 },
  coverage: { none: 'nft has none' },
  examples: [],
  noXt: 'it is private',
  nft: () => ({ statements: [] }),
});

const rowOf = (text: string, name: string) => text.split('\n').find((line) => line.startsWith(`| \`${name}\``));

describe('coverageText', () => {
  it('has a row and the options of each', () => {
    const text = coverageText([blank], [target]);
    expect(rowOf(text, 'blank')).toBe('| `blank` | 0 |  |  |  | no: it looks away |');
    expect(text.split('\n').filter((line) => line.startsWith('| Name'))).toEqual([
      '| Name | Revisions | Only | What nftables does not carry | That is carried by | BPF |',
      '| Name | Revisions | Only | What nftables does not carry | That is carried by |',
    ]);
    expect(rowOf(text, 'BLANK')).toBe(
      '| `BLANK` | 0 | table nat, raw; INPUT, POSTROUTING; `-p tcp` | all: nft has none | refused: it is private |',
    );
    expect(text).toContain('### -m blank\n\n```\n-m blank {a|b}\n```\n');
  });

  it.each([
    [
      { coverage: { partly: ['one', 'a|b'] } },
      "| `blank` | 0 |  | one; a\\|b | the kernel's own | no: it looks away |",
    ],
    [{ coverage: { none: 'no' } }, "| `blank` | 0 |  | all: no | the kernel's own | no: it looks away |"],
    [
      { revisions: { 1: parts.revisions[0], 3: parts.revisions[0] } },
      '| `blank` | 1, 3 |  |  |  | no: it looks away |',
    ],
    [{ placement: { table: 'nat' } }, '| `blank` | 0 | table nat |  |  | no: it looks away |'],
    [{ placement: { protocol: 33 } }, '| `blank` | 0 | `-p 33` |  |  | no: it looks away |'],
    [{ bpf: () => ({ groups: [] }) }, '| `blank` | 0 |  |  |  | yes |'],
    [
      { bpf: () => ({ groups: [] }), bpfLacks: ['--this', '--that'] },
      '| `blank` | 0 |  |  |  | yes, not --this, --that |',
    ],
  ] as const)('%j', (other, row) => {
    expect(rowOf(coverageText([{ ...blank, ...other } as AnyMatch], []), 'blank')).toBe(row);
  });

  it('goes by name', () => {
    const names = ['zeta', 'Beta', 'alpha'].map((name): AnyMatch => ({ ...blank, name }));
    expect([...coverageText(names, []).matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name)).toEqual([
      'Beta',
      'alpha',
      'zeta',
    ]);
  });

  it('says what is left out of random rules', () => {
    expect(coverageText([{ ...blank, unpredictable: 'chance' }], [])).toContain('random rules of the tests: chance.');
  });
});
