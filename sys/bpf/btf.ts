import { BpfilterError } from '../../protocol/error.ts';
import { Names, stringIs } from './btf-names.ts';

/**
 * BTF, the kernel's description of its own types (include/uapi/linux/btf.h): a header, records of types in
 * the order of their ids, and strings. Read for what differs between kernels and can't be a constant of
 * ours: where a struct has its members (btf-member.ts).
 */

const MAGIC = 0xeb9f;
const VERSION = 1;
/** struct btf_header, all u32 from hdr_len on; offsets count from the header's end. */
const header = { magic: 0, version: 2, hdr_len: 4, type_off: 8, type_len: 12, str_off: 16, str_len: 20, size: 24 };

/** BTF_KIND_*, those that lead to a member, and what else is looked for by name. */
export const kinds = {
  INT: 1,
  PTR: 2,
  ARRAY: 3,
  STRUCT: 4,
  UNION: 5,
  ENUM: 6,
  TYPEDEF: 8,
  VOLATILE: 9,
  CONST: 10,
  RESTRICT: 11,
  FLOAT: 16,
  TYPE_TAG: 18,
  ENUM64: 19,
} as const;

/** By kind (0 is none): how many words follow the three of struct btf_type, at all and for each of its members. */
const words: readonly (readonly [number, number])[] = [
  [0, 0],
  [1, 0], // INT
  [0, 0], // PTR
  [3, 0], // ARRAY: struct btf_array
  [0, 3], // STRUCT: struct btf_member
  [0, 3], // UNION
  [0, 2], // ENUM: struct btf_enum
  [0, 0], // FWD
  [0, 0], // TYPEDEF
  [0, 0], // VOLATILE
  [0, 0], // CONST
  [0, 0], // RESTRICT
  [0, 0], // FUNC
  [0, 2], // FUNC_PROTO: struct btf_param
  [1, 0], // VAR
  [0, 3], // DATASEC: struct btf_var_secinfo
  [0, 0], // FLOAT
  [1, 0], // DECL_TAG
  [0, 0], // TYPE_TAG
  [0, 3], // ENUM64: struct btf_enum64
];
const fixedWords = Uint8Array.from(words, ([fixed]) => fixed);
const memberWords = Uint8Array.from(words, ([, each]) => each);

/** Where one file's types and strings are. A module's go on where the kernel's end, and refer to them. */
export interface Btf {
  /** What a module's builds upon. */
  readonly base: Btf | undefined;
  /** How many types there are, `void` and those of the base too. */
  readonly typeCount: number;
  /** Ids of the wanted structs, as far as they are in this file. */
  readonly structs: ReadonlyMap<string, number>;
  /** The same of enums. */
  readonly enums: ReadonlyMap<string, number>;
  /** The whole file in u32. */
  readonly data: Uint32Array;
  /** Index into `data` by id, from `firstId` on. */
  readonly starts: Uint32Array;
  readonly firstId: number;
  readonly strings: Uint8Array;
  readonly firstString: number;
}

export function malformed(what: string): never {
  throw new BpfilterError('malformed', `BTF: ${what}`);
}

interface Sections {
  readonly data: Uint32Array;
  readonly typesFrom: number;
  readonly typesTo: number;
  readonly strings: Uint8Array;
}

function sections(bytes: Uint8Array): Sections {
  if (bytes.length < header.size) malformed(`expected a header of ${header.size} bytes, found ${bytes.length}`);
  // A copy where the bytes don't lie on a boundary of 4, as a Uint32Array needs it.
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const view = new DataView(aligned.buffer, aligned.byteOffset, aligned.length);
  const magic = view.getUint16(header.magic, true);
  if (magic !== MAGIC) malformed(`expected magic 0x${MAGIC.toString(16)}, found 0x${magic.toString(16)}`);
  const version = view.getUint8(header.version);
  if (version !== VERSION) malformed(`expected version ${VERSION}, found ${version}`);
  const length = view.getUint32(header.hdr_len, true);
  const typesFrom = length + view.getUint32(header.type_off, true);
  const typesTo = typesFrom + view.getUint32(header.type_len, true);
  const stringsFrom = length + view.getUint32(header.str_off, true);
  const stringsTo = stringsFrom + view.getUint32(header.str_len, true);
  if (typesFrom % 4 !== 0 || typesTo % 4 !== 0) malformed(`types at ${typesFrom} to ${typesTo}, no multiples of 4`);
  if (typesTo > aligned.length || stringsTo > aligned.length) {
    malformed(`types to ${typesTo} and strings to ${stringsTo}, but ${aligned.length} bytes`);
  }
  return {
    data: new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length >> 2),
    typesFrom: typesFrom >> 2,
    typesTo: typesTo >> 2,
    strings: aligned.subarray(stringsFrom, stringsTo),
  };
}

/** The strings that an offset is in, and where there. */
function locate(btf: Btf, offset: number): readonly [Uint8Array, number] {
  let at = btf;
  while (offset < at.firstString && at.base !== undefined) at = at.base;
  return [at.strings, offset - at.firstString];
}

/** Whether the name at an offset is this one (its NUL included). */
export function nameIs(btf: Btf, offset: number, name: Uint8Array): boolean {
  const [strings, from] = locate(btf, offset);
  return stringIs(strings, from, name);
}

/** A record: struct btf_type, and the members behind it. */
export interface TypeRecord {
  readonly data: Uint32Array;
  readonly at: number;
  readonly kind: number;
  readonly memberCount: number;
  /** struct and union: bit fields are marked as such, and offsets have 24 bits. */
  readonly flagged: boolean;
  /** `size`, or the id of the type it is made of. */
  readonly sizeOrType: number;
}

/** One u32 of a file. Throws `malformed` past its end. */
export function word(data: Uint32Array, at: number): number {
  return data[at] ?? malformed(`ends at ${data.length * 4}, within a type`);
}

/** The record of a type, of whichever file has it. Throws `malformed`: there is none. */
export function record(btf: Btf, id: number): TypeRecord {
  let owner = btf;
  while (id < owner.firstId && owner.base !== undefined) owner = owner.base;
  const at = owner.starts[id - owner.firstId];
  if (at === undefined || id === 0) malformed(`no type ${id}`);
  const info = word(owner.data, at + 1);
  return {
    data: owner.data,
    at,
    kind: (info >>> 24) & 0x1f,
    memberCount: info & 0xffff,
    flagged: info >>> 31 === 1,
    sizeOrType: word(owner.data, at + 2),
  };
}

/**
 * Reads BTF in one pass, for the wanted structs and enums only. `base`: what a kernel module's BTF
 * builds upon (the kernel's own). Of several of one kind and name the first counts, as for the kernel. Throws `malformed`.
 */
export function parseBtf(bytes: Uint8Array, wanted: readonly string[], base?: Btf): Btf {
  const { data, typesFrom, typesTo, strings } = sections(bytes);
  const firstId = base?.typeCount ?? 0;
  const firstString = base === undefined ? 0 : base.firstString + base.strings.length;
  const names = new Names(wanted);
  const structs = new Map<string, number>();
  const enums = new Map<string, number>();
  const byKind: (Map<string, number> | undefined)[] = [];
  byKind[kinds.STRUCT] = structs;
  byKind[kinds.ENUM] = enums;

  const starts = new Uint32Array(Math.floor((typesTo - typesFrom) / 3) + 1);
  let count = firstId === 0 ? 1 : 0; // id 0 is void, and has no record
  let at = typesFrom;
  while (at < typesTo) {
    const info = word(data, at + 1);
    const kind = (info >>> 24) & 0x1f;
    const fixed = fixedWords[kind];
    if (kind === 0 || fixed === undefined) malformed(`type ${firstId + count} is of kind ${kind}, which isn't known`);
    const found = byKind[kind];
    if (found !== undefined) {
      const nameOffset = word(data, at);
      // A module's type may bear a name of the kernel's strings.
      const name =
        nameOffset < firstString && base !== undefined
          ? names.at(...locate(base, nameOffset))
          : names.at(strings, nameOffset - firstString);
      if (name !== undefined && !found.has(name)) found.set(name, firstId + count);
    }
    starts[count++] = at;
    at += 3 + fixed + (memberWords[kind] ?? 0) * (info & 0xffff);
  }
  if (at !== typesTo) malformed(`the last type ends at ${at * 4}, the types at ${typesTo * 4}`);
  return {
    ...{ base, typeCount: firstId + count, structs, enums },
    ...{ data, starts: starts.subarray(0, count), firstId, strings, firstString },
  };
}
