import { describe, expect, it } from 'vitest';
import { IPT_INV_VIA_OUT } from '../../protocol/ip-tables.ts';
import { encodeTable } from '../blob/encode.ts';
import { type BlobView, viewTable } from '../blob/view.ts';
import type { HeaderMatch } from '../ir.ts';
import { device, rule } from '../nft/testing/rules.ts';
import { deviceClasses } from './device-classes.ts';

const OUTPUT = 3;

function viewOf(headers: readonly Partial<HeaderMatch>[], chain = 'OUTPUT'): BlobView {
  const all = ['INPUT', 'FORWARD', 'OUTPUT'];
  let index = 0;
  const { entries, hookEntry, underflow } = encodeTable({
    name: 'filter',
    chains: all.map((name, at) => ({
      kind: 'builtin',
      name,
      hook: (at + 1) as 1 | 2 | 3,
      rules: (name === chain ? headers : []).map((header) => ({ ...rule({ header }), index: index++ })),
      policy: { ...rule({ target: { kind: 'accept' } }), index: index++ },
    })),
  });
  return viewTable('filter', entries, { hookEntry, underflow });
}

const namesOf = (view: BlobView) =>
  deviceClasses(view, OUTPUT, new WeakMap()).map(({ name }) =>
    Buffer.from(name).toString('latin1').replace(/\0+$/, ''),
  );

describe('deviceClasses', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['no rule asks', [], []],
    ['any device', ['+'], []],
    ['whole names first, then the longer beginning', ['e+', 'lo', 'eth+'], ['lo', 'eth\x01', 'e\x01']],
    ['the same twice', ['lo', 'lo', 'lo+', 'lo+'], ['lo', 'lo\x01']],
    ['an example that begins no other class', ['a+', 'a\x01+', 'a\x02'], ['a\x02', 'a\x01\x01', 'a\x03']],
    ['a beginning as long as names are', ['averylongname15+'], ['averylongname15']],
  ])('%s', (_title, asked, names) => {
    expect(namesOf(viewOf(asked.map((one) => ({ outInterface: device(one) }))))).toEqual(names);
  });

  it('a name that is asked for not to be', () => {
    expect(namesOf(viewOf([{ outInterface: device('lo'), inverted: IPT_INV_VIA_OUT }]))).toEqual(['lo']);
  });

  it('rules of other hooks, and what they are told truly, make no class', () => {
    expect(namesOf(viewOf([{ outInterface: device('lo') }], 'FORWARD'))).toEqual([]);
    expect(namesOf(viewOf([{ inInterface: device('lo') }]))).toEqual([]);
  });

  it.each([
    ['masks that are no beginning', { outInterface: { ...device('lo'), mask: new Uint8Array(16).fill(0x0f) } }],
    ['no device', { outInterface: device('') }],
  ])('not to be told apart: %s', (_title, header) => {
    expect(() => namesOf(viewOf([header]))).toThrow();
  });

  it('more classes than there may be', () => {
    const many = Array.from({ length: 17 }, (_, at) => ({ outInterface: device(`eth${at}`) }));
    expect(namesOf(viewOf(many.slice(1)))).toHaveLength(16);
    expect(() => namesOf(viewOf(many))).toThrow(/more than 16/);
  });
});
