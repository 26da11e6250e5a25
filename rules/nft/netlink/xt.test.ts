import { describe, expect, it } from 'vitest';
import type { NftStatement, NftXt } from '../json.ts';
import { compileBatch } from './compile.ts';
import { ruleSteps } from './rule.ts';

const match: NftXt = { kind: 'match', name: 'string', revision: 1, info: '0102030405060708' };
const target: NftXt = { kind: 'target', name: 'CHECKSUM', revision: 0, info: '0100000000000000' };
const test = (field: string, right: number): NftStatement => ({
  match: { op: '==', left: { payload: { protocol: 'th', field } }, right },
});

function compiled(...xt: readonly NftXt[]): string {
  const expr = xt.map((one): NftStatement => ({ xt: one }));
  const batch = compileBatch({ nftables: [{ add: { rule: { family: 'ip', table: 't', chain: 'c', expr } } }] });
  return batch.kind === 'batch' ? Buffer.from(batch.bytes).toString('hex') : batch.reason;
}

const hex = (parts: TemplateStringsArray, ...names: readonly string[]) =>
  String.raw({ raw: parts }, ...names).replaceAll(' ', '');
const name = (text: string, length: number) => Buffer.from(text.padEnd(length, '\0')).toString('hex');

describe("the kernel's own extensions", () => {
  it('stand as they are: name, revision, bytes', () => {
    expect(compiled(match)).toContain(
      hex`34000180 0a000100 ${name('match', 8)} 24000280 0b000100 ${name('string', 8)} 08000200 00000001 0c000300 01020304 05060708`,
    );
    expect(compiled(target)).toContain(
      hex`38000180 0b000100 ${name('target', 8)} 28000280 0d000100 ${name('CHECKSUM', 12)} 08000200 00000000 0c000300 01000000 00000000`,
    );
  });

  it.each<[string, readonly NftXt[], string | undefined]>([
    ['none', [match], undefined],
    ['-p udp', [{ ...match, protocol: 17 }], '14000580 0800 0100 00000011 0800 0200 00000000'],
    ['! -p udp', [{ ...match, protocol: 17, protocolInverted: true }], '0800 0100 00000011 0800 0200 00000002'],
    ['of one of two', [target, { ...match, protocol: 6 }], '14000580 0800 0100 00000006 0800 0200 00000000'],
  ])('protocol: %s', (_, xt, expected) => {
    if (expected === undefined) expect(compiled(...xt)).not.toContain('14000580');
    else expect(compiled(...xt)).toContain(expected.replaceAll(' ', ''));
  });

  it('two protocols, or no hexadecimal, are refused', () => {
    expect(compiled({ ...match, protocol: 6 }, { ...target, protocol: 17 })).toContain('different protocols');
    expect(compiled({ ...match, info: '0g' })).toContain('hexadecimal');
    expect(compiled({ ...match, info: '012' })).toContain('hexadecimal');
  });

  it.each<[readonly NftStatement[], readonly string[]]>([
    [
      [test('sport', 1), { xt: match }, test('dport', 2)],
      ['compare', 'xt', 'compare'],
    ],
    [
      [test('sport', 1), test('dport', 2), { xt: match }, test('sport', 3)],
      ['compare', 'xt', 'compare'],
    ],
    [
      [{ xt: match }, test('sport', 1), test('dport', 2)],
      ['xt', 'compare'],
    ],
  ])('no test crosses one', (expr, kinds) => {
    expect(ruleSteps({ family: 'ip', expr }).steps.map(({ kind }) => kind)).toEqual(kinds);
  });
});
