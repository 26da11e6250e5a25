import { describe, expect, it } from 'vitest';
import { BpfilterError } from '../../protocol/error.ts';
import type { HeaderMatch } from '../ir.ts';
import { compileHeader } from './header.ts';
import { headerFacets, includes } from './header-facets.ts';
import type { NftExpression, NftOperator, NftStatement } from './json.ts';
import { device, header } from './testing/rules.ts';

const saddr: NftExpression = { payload: { protocol: 'ip', field: 'saddr' } };
const daddr: NftExpression = { payload: { protocol: 'ip', field: 'daddr' } };
const fragment: NftExpression = { '&': [{ payload: { protocol: 'ip', field: 'frag-off' } }, 0x1fff] };
const meta = (key: string): NftExpression => ({ meta: { key } });
const is = (left: NftExpression, right: NftExpression, op: NftOperator = '=='): NftStatement => ({
  match: { op, left, right },
});
const prefix = (addr: string, len: number): NftExpression => ({ prefix: { addr, len } });

const VIA_IN = 1;
const VIA_OUT = 2;
const SRC = 8;
const DST = 0x10;
const FRAG = 0x20;
const PROTO = 0x40;
const all = 0xffffffff;

const cases: readonly (readonly [string, Partial<HeaderMatch>, readonly NftStatement[] | 'never'])[] = [
  ['nothing', {}, []],
  ['an address', { source: 0x0a000001, sourceMask: all }, [is(saddr, '10.0.0.1')]],
  ['a network', { destination: 0xac100000, destinationMask: 0xfff00000 }, [is(daddr, prefix('172.16.0.0', 12))]],
  ['half of all', { source: 0x80000000, sourceMask: 0x80000000 }, [is(saddr, prefix('128.0.0.0', 1))]],
  [
    'not a network',
    { source: 0x0a000000, sourceMask: 0xff000000, inverted: SRC },
    [is(saddr, prefix('10.0.0.0', 8), '!=')],
  ],
  [
    'a mask with holes',
    { source: 0x0a000001, sourceMask: 0xff0000ff },
    [is({ '&': [saddr, '255.0.0.255'] }, '10.0.0.1')],
  ],
  [
    'last bit',
    { destination: 1, destinationMask: 1, inverted: DST },
    [is({ '&': [daddr, '0.0.0.1'] }, '0.0.0.1', '!=')],
  ],
  ['bits outside of the mask', { source: 0x0a000001, sourceMask: 0xffffff00 }, 'never'],
  ['not bits outside of the mask', { source: 0x0a000001, sourceMask: 0xffffff00, inverted: SRC }, []],
  ['a value without a mask', { destination: 1 }, 'never'],
  ['not everything', { inverted: SRC }, 'never'],
  ['not everything, destination', { inverted: DST }, 'never'],
  ['inverted TOS, which nothing tests', { inverted: 4 }, []],
  ['a protocol', { protocol: 6 }, [is(meta('l4proto'), 6)]],
  ['not a protocol', { protocol: 255, inverted: PROTO }, [is(meta('l4proto'), 255, '!=')]],
  ['protocol 256', { protocol: 256 }, 'never'],
  ['not protocol 256', { protocol: 256, inverted: PROTO }, []],
  ['not protocol any', { inverted: PROTO }, []],
  ['-f', { flags: 1 }, [is(fragment, 0, '!=')]],
  ['! -f', { flags: 1, inverted: FRAG }, [is(fragment, 0)]],
  ['inverted fragment without -f', { inverted: FRAG }, 'never'],
  ['goto is no test', { flags: 2 }, []],
  ['-i lo', { inInterface: device('lo') }, [is(meta('iifname'), 'lo')]],
  ['! -i lo', { inInterface: device('lo'), inverted: VIA_IN }, [is(meta('iifname'), 'lo', '!=')]],
  ['-o eth+', { outInterface: device('eth+') }, [is(meta('oifname'), 'eth*')]],
  ['! -o eth+', { outInterface: device('eth+'), inverted: VIA_OUT }, [is(meta('oifname'), 'eth*', '!=')]],
  ['-i +', { inInterface: device('+') }, []],
  ['! -i +', { inInterface: device('+'), inverted: VIA_IN }, 'never'],
  ['-i a*', { inInterface: device('a*') }, [is(meta('iifname'), 'a\\*')]],
  ['-i a*+', { inInterface: device('a*+') }, [is(meta('iifname'), 'a**')]],
  ['-i a*b', { inInterface: device('a*b') }, [is(meta('iifname'), 'a*b')]],
  ['name under a longer mask', { inInterface: device('lo', 16) }, [is(meta('iifname'), 'lo')]],
  ['bytes behind the mask', { inInterface: device('lo0', 2) }, [is(meta('iifname'), 'lo*')]],
  ['15 bytes', { inInterface: device('averylongname15') }, [is(meta('iifname'), 'averylongname15')]],
  ['15 bytes and +', { inInterface: device('averylongname15+') }, [is(meta('iifname'), 'averylongname15')]],
  ['16 bytes', { inInterface: device('16-bytes-of-name', 16) }, 'never'],
  ['not 16 bytes', { inInterface: device('16-bytes-of-name', 16), inverted: VIA_IN }, []],
  ['no device', { inInterface: device('') }, [is(meta('iif'), 0)]],
  ['UTF-8', { inInterface: device('\u00c3\u00a4') }, [is(meta('iifname'), '\u00e4')]],
];

describe('compileHeader', () => {
  it.each(cases)('%s', (_, fields, expected) => expect(compileHeader(header(fields))).toEqual(expected));

  it.each([
    [
      'a mask with holes',
      { name: new Uint8Array(16), mask: Uint8Array.from({ length: 16 }, (_, at) => (at === 3 ? 0xff : 0)) },
      'not one of leading bytes',
    ],
    [
      'part of a byte',
      { name: new Uint8Array(16), mask: Uint8Array.from({ length: 16 }, (_, at) => (at === 0 ? 0xf0 : 0)) },
      'not one of leading bytes',
    ],
    ['bytes behind the NUL', device('lo\0x', 5), 'behind the end'],
    ['no UTF-8', device('\u00e4'), 'not UTF-8'],
    ['a set', device('@x'), 'leading @'],
    ['a prefix that ends in a backslash', device('a\\+'), 'backslash'],
    ['a star behind a backslash', device('a\\b*'), 'no wildcard'],
    ['15 bytes with a star', device('averylongname1*'), 'no wildcard'],
  ])('refuses %s', (_, inInterface, message) => {
    const compile = () => compileHeader(header({ inInterface }));
    expect(compile).toThrow(BpfilterError);
    expect(compile).toThrow(message);
  });
});

describe('headerFacets', () => {
  it('tells apart all that is tested', () => {
    const differ = cases.filter(([, , tests]) => tests !== 'never' && tests.length > 0);
    for (const [title, fields, tests] of differ) {
      for (const [other, otherFields, otherTests] of differ) {
        if (JSON.stringify(tests) === JSON.stringify(otherTests)) continue;
        expect([title, other, includes(headerFacets(header(fields)), headerFacets(header(otherFields)))]).toEqual([
          title,
          other,
          false,
        ]);
      }
    }
  });

  it('finds a part of a header in it', () => {
    const wide = { protocol: 6 };
    const narrow = { protocol: 6, source: 1, sourceMask: all };
    expect(includes(headerFacets(header(wide)), headerFacets(header(narrow)))).toBe(true);
    expect(includes(headerFacets(header(narrow)), headerFacets(header(wide)))).toBe(false);
  });
});
