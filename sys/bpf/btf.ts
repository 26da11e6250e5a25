import { BpfilterError } from '../../protocol/error.ts';

/**
 * BTF, the kernel's description of its own types (include/uapi/linux/btf.h): a header, records of types in
 * the order of their ids, and strings. Read for what differs between kernels and can't be a constant of
 * ours: where a struct has its members, and the ids that a program names a type or kernel function by.
 */

const MAGIC = 0xeb9f;
const VERSION = 1;
/** struct btf_header, all u32 from hdr_len on; offsets count from the header's end. */
const header = { magic: 0, version: 2, hdr_len: 4, type_off: 8, type_len: 12, str_off: 16, str_len: 20, size: 24 };

const INT = 1;
const PTR = 2;
const ARRAY = 3;
const STRUCT = 4;
const UNION = 5;
const ENUM = 6;
const TYPEDEF = 8;
const VOLATILE = 9;
const CONST = 10;
const RESTRICT = 11;
const FUNC = 12;
const FLOAT = 16;
const TYPE_TAG = 18;
const ENUM64 = 19;

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

const POINTER_SIZE = 8;
/** Deeper nesting than any kernel has: a type that contains itself. */
const DEEPEST = 32;

export type BtfKind = 'struct' | 'function';

/** The names to look for; all else is passed over. */
export interface BtfWanted {
  readonly structs: readonly string[];
  readonly functions: readonly string[];
}

/** A member of a struct, from the struct's start. */
export interface BtfMember {
  /** Bytes; for a bit field, the byte its first bit is in. */
  readonly offset: number;
  /** Bytes of its type. */
  readonly size: number;
  /** For a bit field: its lowest bit within that byte, and how many bits. */
  readonly bits?: { readonly shift: number; readonly width: number };
}

/** What was found of the wanted names. */
export interface Btf {
  /** How many types there are, `void` and those of the base too. */
  readonly typeCount: number;
  /** The id of a wanted name; undefined: there is none. */
  find(kind: BtfKind, name: string): number | undefined;
  /** Bytes of a wanted struct; undefined: there is none. */
  structSize(struct: string): number | undefined;
  /**
   * A member of a wanted struct: `mark`, or `ct_general.use` in a struct within. Unions and structs without a
   * name are looked through, as C does. undefined: no such struct or member.
   */
  member(struct: string, path: string): BtfMember | undefined;
}

/** Where one file's types and strings are. A module's go on where the kernel's end, and refer to them. */
interface Image {
  readonly base: Image | undefined;
  /** The whole file in u32. */
  readonly data: Uint32Array;
  /** Index into `data` by id, from `firstId` on. */
  readonly starts: Uint32Array;
  readonly firstId: number;
  readonly strings: Uint8Array;
  readonly firstString: number;
}

const images = new WeakMap<Btf, Image>();

function malformed(what: string): never {
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

/** Whether this string (NUL included) is at an offset. */
function stringIs(strings: Uint8Array, offset: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i++) if (strings[offset + i] !== name[i]) return false;
  return true;
}

/** Some names, to be told apart from a kernel's 80,000 others: most differ in their first two bytes. */
class Names {
  readonly #starts = new Uint8Array(1 << 16);
  readonly #names: { readonly name: string; readonly bytes: Uint8Array }[] = [];

  constructor(names: readonly string[]) {
    for (const name of new Set(names)) {
      const bytes = Buffer.from(`${name}\0`, 'latin1');
      this.#names.push({ name, bytes });
      this.#starts[Names.#start(bytes, 0)] = 1;
    }
  }

  static #start(bytes: Uint8Array, offset: number): number {
    return (bytes[offset] ?? 0) | ((bytes[offset + 1] ?? 0) << 8);
  }

  at(strings: Uint8Array, offset: number): string | undefined {
    if (this.#starts[Names.#start(strings, offset)] === 0) return undefined;
    for (const { name, bytes } of this.#names) if (stringIs(strings, offset, bytes)) return name;
    return undefined;
  }
}

/** The strings that an offset is in, and where there. */
function locate(image: Image, offset: number): readonly [Uint8Array, number] {
  let at = image;
  while (offset < at.firstString && at.base !== undefined) at = at.base;
  return [at.strings, offset - at.firstString];
}

function nameIs(image: Image, offset: number, name: Uint8Array): boolean {
  const [strings, from] = locate(image, offset);
  return stringIs(strings, from, name);
}

/** A record: struct btf_type, and the members behind it. */
interface TypeRecord {
  readonly data: Uint32Array;
  readonly at: number;
  readonly kind: number;
  readonly memberCount: number;
  /** struct and union: bit fields are marked as such, and offsets have 24 bits. */
  readonly flagged: boolean;
  /** `size`, or the id of the type it is made of. */
  readonly sizeOrType: number;
}

function word(data: Uint32Array, at: number): number {
  return data[at] ?? malformed(`ends at ${data.length * 4}, within a type`);
}

function record(image: Image, id: number): TypeRecord {
  let owner = image;
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

/** The type without its qualifiers and other names. */
function bare(image: Image, id: number, depth = 0): TypeRecord {
  const type = record(image, id);
  if (depth > DEEPEST) malformed(`type ${id} is made of itself`);
  switch (type.kind) {
    case TYPEDEF:
    case VOLATILE:
    case CONST:
    case RESTRICT:
    case TYPE_TAG:
      return bare(image, type.sizeOrType, depth + 1);
    default:
      return type;
  }
}

function sizeOf(image: Image, id: number, depth = 0): number {
  if (depth > DEEPEST) malformed(`type ${id} is made of itself`);
  const type = bare(image, id);
  switch (type.kind) {
    case PTR:
      return POINTER_SIZE;
    case ARRAY:
      return sizeOf(image, word(type.data, type.at + 3), depth + 1) * word(type.data, type.at + 5);
    case INT:
    case STRUCT:
    case UNION:
    case ENUM:
    case ENUM64:
    case FLOAT:
      return type.sizeOrType;
    default:
      return malformed(`type ${id} of kind ${type.kind} has no size`);
  }
}

/** What a name led to: its type, and its bits from the start of the struct. */
interface Found {
  readonly type: number;
  readonly bit: number;
  /** 0: no bit field. */
  readonly width: number;
}

function findIn(image: Image, type: TypeRecord, name: Uint8Array, depth = 0): Found | undefined {
  if (depth > DEEPEST) malformed('a struct contains itself');
  for (let i = 0; i < type.memberCount; i++) {
    const at = type.at + 3 + 3 * i;
    const nameOffset = word(type.data, at);
    const id = word(type.data, at + 1);
    const place = word(type.data, at + 2);
    const bit = type.flagged ? place & 0xffffff : place;
    if (nameIs(image, nameOffset, name)) return { type: id, bit, width: type.flagged ? place >>> 24 : 0 };
    if (!nameIs(image, nameOffset, noName)) continue;
    const inner = bare(image, id);
    if (inner.kind !== STRUCT && inner.kind !== UNION) continue; // padding: a bit field without a name
    const found = findIn(image, inner, name, depth + 1);
    if (found !== undefined) return { ...found, bit: bit + found.bit };
  }
  return undefined;
}
const noName = Uint8Array.of(0);

function findMember(image: Image, struct: number, path: string): BtfMember | undefined {
  let type = record(image, struct);
  let found: Found = { type: struct, bit: 0, width: 0 };
  for (const name of path.split('.')) {
    if (name === '' || (type.kind !== STRUCT && type.kind !== UNION)) return undefined;
    const next = findIn(image, type, Buffer.from(`${name}\0`, 'latin1'));
    if (next === undefined) return undefined;
    found = { ...next, bit: found.bit + next.bit };
    type = bare(image, next.type);
  }
  const member = { offset: found.bit >> 3, size: sizeOf(image, found.type) };
  return found.width === 0 ? member : { ...member, bits: { shift: found.bit & 7, width: found.width } };
}

/**
 * Reads BTF in one pass, for the wanted names only. `base`: what a kernel module's BTF builds upon (the
 * kernel's own). Of several types of one name the first counts, as for the kernel. Throws `malformed`.
 */
export function parseBtf(bytes: Uint8Array, wanted: BtfWanted, base?: Btf): Btf {
  const { data, typesFrom, typesTo, strings } = sections(bytes);
  const baseImage = base === undefined ? undefined : images.get(base);
  const firstId = base?.typeCount ?? 0;
  const firstString = baseImage === undefined ? 0 : baseImage.firstString + baseImage.strings.length;
  const structs = new Names(wanted.structs);
  const functions = new Names(wanted.functions);
  const ids = { struct: new Map<string, number>(), function: new Map<string, number>() };

  const starts = new Uint32Array(Math.floor((typesTo - typesFrom) / 3) + 1);
  let count = firstId === 0 ? 1 : 0; // id 0 is void, and has no record
  let at = typesFrom;
  while (at < typesTo) {
    const info = word(data, at + 1);
    const kind = (info >>> 24) & 0x1f;
    const fixed = fixedWords[kind];
    if (kind === 0 || fixed === undefined) malformed(`type ${firstId + count} is of kind ${kind}, which isn't known`);
    if (kind === STRUCT || kind === FUNC) {
      const nameOffset = word(data, at);
      const names = kind === STRUCT ? structs : functions;
      // A module's type may bear a name of the kernel's strings.
      const name =
        nameOffset < firstString && baseImage !== undefined
          ? names.at(...locate(baseImage, nameOffset))
          : names.at(strings, nameOffset - firstString);
      const known = kind === STRUCT ? ids.struct : ids.function;
      if (name !== undefined && !known.has(name)) known.set(name, firstId + count);
    }
    starts[count++] = at;
    at += 3 + fixed + (memberWords[kind] ?? 0) * (info & 0xffff);
  }
  if (at !== typesTo) malformed(`the last type ends at ${at * 4}, the types at ${typesTo * 4}`);

  const image = { base: baseImage, data, starts: starts.subarray(0, count), firstId, strings, firstString };
  const btf: Btf = {
    typeCount: firstId + count,
    find: (kind, name) => ids[kind].get(name),
    structSize(struct) {
      const id = ids.struct.get(struct);
      return id === undefined ? undefined : record(image, id).sizeOrType;
    },
    member(struct, path) {
      const id = ids.struct.get(struct);
      return id === undefined ? undefined : findMember(image, id, path);
    },
  };
  images.set(btf, image);
  return btf;
}
