import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BpfilterError } from '../../protocol/error.ts';
import { parseBtf } from './btf.ts';
import { findEnumerator, findMember } from './btf-member.ts';
import { type BlobType, btfBlob, kind, Strings } from './testing/btf-blob.ts';

const int: BlobType = { kind: kind.INT, name: 'int', sizeOrType: 4, rest: [32] };
const pointer: BlobType = { kind: kind.PTR, sizeOrType: 0 };

/** Ids 1 to 12. The members of each struct: name, type, bits from its start. */
const types: readonly BlobType[] = [
  int,
  pointer, // 2
  { kind: kind.ARRAY, rest: [1, 1, 5] }, // 3: int[5]
  { kind: kind.UNION, sizeOrType: 8, rest: ['one', 1, 0, 'other', 2, 0] }, // 4: no name
  { kind: kind.STRUCT, sizeOrType: 16, rest: ['x', 1, 0, '', 4, 64] }, // 5: no name, has 4
  { kind: kind.STRUCT, name: 'in', sizeOrType: 8, rest: ['low', 1, 0, 'high', 1, 32] }, // 6
  { kind: kind.CONST, sizeOrType: 6 }, // 7
  { kind: kind.TYPEDEF, name: 'in_t', sizeOrType: 7 }, // 8
  // 9: u32 bits:3 and :5, padding of 24 bits without a name, then the rest
  {
    kind: kind.STRUCT,
    name: 'sk_buff',
    sizeOrType: 64,
    flagged: true,
    rest: [
      ...['head', 2, 0, 'three', 1, (3 << 24) | 64, 'five', 1, (5 << 24) | 67, '', 1, (24 << 24) | 72],
      ...['', 5, 128, 'named', 8, 256, 'array', 3, 320],
    ],
  },
  { kind: kind.FUNC_PROTO, sizeOrType: 1, rest: ['argument', 1] }, // 10
  { kind: kind.FUNC, name: 'sk_buff', sizeOrType: 10, count: 1 }, // 11: a function with the name of a struct
  { kind: kind.STRUCT, name: 'in', sizeOrType: 99 }, // 12: the same name again
];
const wanted = ['sk_buff', 'in', 'none'];

test('ids by name, of structs alone; the first of a name counts', () => {
  const { typeCount, structs } = parseBtf(btfBlob(types), wanted);
  expect(typeCount).toBe(13);
  expect([...structs]).toEqual([
    ['in', 6],
    ['sk_buff', 9],
  ]);
});

test.each([
  ['head', { offset: 0, size: 8 }],
  ['three', { offset: 8, size: 4, bits: { shift: 0, width: 3 } }],
  ['five', { offset: 8, size: 4, bits: { shift: 3, width: 5 } }],
  ['x', { offset: 16, size: 4 }],
  ['other', { offset: 24, size: 8 }],
  ['named', { offset: 32, size: 8 }],
  ['named.high', { offset: 36, size: 4 }],
  ['array', { offset: 40, size: 20 }],
  ['hea', undefined],
  ['heads', undefined],
  ['', undefined],
  ['head.x', undefined],
  ['named.', undefined],
  ['named.nothing', undefined],
])('member "%s"', (path, expected) => {
  expect(findMember(parseBtf(btfBlob(types), wanted), 'sk_buff', path)).toEqual(expected);
});

test('only what was asked for', () => {
  const btf = parseBtf(btfBlob(types), ['none']);
  expect([btf.structs.size, findMember(btf, 'sk_buff', 'head')]).toEqual([0, undefined]);
});

test('enums by name, apart from structs', () => {
  const some: BlobType[] = [
    { kind: kind.ENUM, name: 'in', sizeOrType: 4, rest: ['a', 7, 'ab', 0xffffffff] },
    { kind: kind.ENUM, name: 'in', sizeOrType: 4, rest: ['other', 1] },
    { kind: kind.VAR, name: 'in', sizeOrType: 1, rest: [0] },
  ];
  const btf = parseBtf(btfBlob([...types, ...some]), wanted);
  expect([btf.structs.get('in'), [...btf.enums]]).toEqual([6, [['in', 13]]]);
  const found = ['a', 'ab', 'b', 'other', ''].map((name) => findEnumerator(btf, 'in', name));
  expect(found).toEqual([7, 0xffffffff, undefined, undefined, undefined]);
  expect(findEnumerator(btf, 'none', 'a')).toBeUndefined();
});

test('bytes that start anywhere', () => {
  const blob = btfBlob(types);
  for (const offset of [0, 1, 2, 3, 4]) {
    const bytes = new Uint8Array(blob.length + offset).subarray(offset);
    bytes.set(blob);
    expect(parseBtf(bytes, wanted).structs.get('sk_buff')).toBe(9);
  }
});

test('every kind is passed over by its length', () => {
  const others: BlobType[] = [
    { kind: kind.ENUM, name: 'e', sizeOrType: 4, rest: ['a', 0, 'b', 1] },
    { kind: kind.FWD, name: 'f' },
    { kind: 9 }, // VOLATILE
    { kind: 11 }, // RESTRICT
    { kind: kind.VAR, name: 'v', sizeOrType: 1, rest: [0] },
    { kind: kind.DATASEC, name: 's', sizeOrType: 4, rest: [5, 0, 4] },
    { kind: 16, name: 'double', sizeOrType: 8 }, // FLOAT
    { kind: kind.DECL_TAG, name: 't', sizeOrType: 1, rest: [0] },
    { kind: kind.TYPE_TAG, name: 'rcu', sizeOrType: 1 },
    { kind: kind.ENUM64, name: 'e', sizeOrType: 8, rest: ['a', 0, 0] },
  ];
  expect(parseBtf(btfBlob([...others, ...types]), wanted).structs.get('sk_buff')).toBe(19);
});

describe("a module's", () => {
  const strings = new Strings();
  const kernel = parseBtf(btfBlob(types, strings), wanted);
  const own = new Strings(strings);
  const bytes = btfBlob(
    [
      // 13: members of the kernel's types, under names of the module's and the kernel's
      { kind: kind.STRUCT, name: 'nf_conn', sizeOrType: 40, rest: ['status', 1, 64, 'head', 14, 128, 'named', 8, 192] },
      { kind: kind.TYPEDEF, name: 'mine_t', sizeOrType: 15 },
      { kind: kind.STRUCT, sizeOrType: 4, rest: ['low', 1, 0] },
      { kind: kind.STRUCT, name: 'in', sizeOrType: 4, rest: ['low', 1, 0] }, // the kernel's name, a type of its own
    ],
    own,
  );
  const module = parseBtf(bytes, ['nf_conn', 'in', 'sk_buff'], kernel);

  test('ids go on', () => {
    expect(module.typeCount).toBe(17);
    expect([...module.structs]).toEqual([
      ['nf_conn', 13],
      ['in', 16],
    ]);
  });

  test.each([
    ['status', { offset: 8, size: 4 }],
    ['head', { offset: 16, size: 4 }],
    ['head.low', { offset: 16, size: 4 }],
    ['named.high', { offset: 28, size: 4 }],
    ['nothing', undefined],
  ])('member "%s"', (path, expected) => {
    expect(findMember(module, 'nf_conn', path)).toEqual(expected);
  });

  test('upon another', () => {
    const third = parseBtf(
      btfBlob([{ kind: kind.STRUCT, name: 'far', sizeOrType: 4, rest: ['low', 1, 0] }], new Strings(own)),
      ['far'],
      module,
    );
    expect([third.structs.get('far'), findMember(third, 'far', 'low')]).toEqual([17, { offset: 0, size: 4 }]);
  });
});

describe('malformed', () => {
  const damaged = (change: (blob: Buffer) => void): Buffer => {
    const blob = btfBlob(types);
    change(blob);
    return blob;
  };
  test.each([
    ['no bytes', Buffer.alloc(0), /header of 24 bytes, found 0/],
    ['big-endian', damaged((blob) => blob.writeUInt16BE(0xeb9f, 0)), /magic 0xeb9f, found 0x9feb/],
    ['another version', damaged((blob) => blob.writeUInt8(2, 2)), /version 1, found 2/],
    ['cut short', btfBlob(types).subarray(0, -1), /bytes/],
    ['types at odd places', damaged((blob) => blob.writeUInt32LE(2, 8)), /no multiples of 4/],
    ['an unknown kind', btfBlob([int, { kind: 20 }]), /type 2 is of kind 20/],
    ['kind 0', btfBlob([{ kind: 0 }]), /type 1 is of kind 0/],
    ['more members than there is room', btfBlob([{ kind: kind.STRUCT, count: 9 }]), /the last type ends at/],
  ])('%s', (_, bytes, message) => {
    expect(() => parseBtf(bytes, wanted)).toThrow(message);
  });

  const struct = (...rest: (string | number)[]): BlobType => ({ kind: kind.STRUCT, name: 'in', sizeOrType: 8, rest });
  test.each([
    ['a struct within itself', [struct('', 1, 0)], 'x', /contains itself/],
    ['a typedef of itself', [struct('x', 2, 0), { kind: kind.TYPEDEF, sizeOrType: 2 }], 'x', /made of itself/],
    ['an array of itself', [struct('x', 2, 0), { kind: kind.ARRAY, rest: [2, 2, 1] }], 'x', /made of itself/],
    ['no such type', [struct('x', 7, 0)], 'x', /no type 7/],
    ['of type void', [struct('x', 0, 0)], 'x', /no type 0/],
    ['without a size', [struct('x', 2, 0), { kind: kind.FUNC }], 'x', /no size/],
  ] satisfies [string, BlobType[], string, RegExp][])('%s', (_, blob, path, message) => {
    const btf = parseBtf(btfBlob(blob), wanted);
    expect(() => findMember(btf, 'in', path)).toThrow(message);
  });
});

test('whatever the bytes: read, or malformed', () => {
  const blob = btfBlob(types);
  const place = fc.nat((blob.length >> 2) - 1);
  fc.assert(
    fc.property(fc.array(fc.tuple(place, fc.oneof(fc.nat(40), fc.nat(0xffffffff))), { maxLength: 4 }), (changes) => {
      const bytes = Buffer.from(blob);
      for (const [at, word] of changes) bytes.writeUInt32LE(word, at * 4);
      try {
        const btf = parseBtf(bytes, wanted);
        for (const path of ['head', 'five', 'other', 'named.high', 'array']) findMember(btf, 'sk_buff', path);
      } catch (error) {
        expect(error).toBeInstanceOf(BpfilterError);
        expect((error as BpfilterError).code).toBe('malformed');
      }
    }),
    { numRuns: 2000 },
  );
});
