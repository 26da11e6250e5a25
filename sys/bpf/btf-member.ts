import { type Btf, kinds, malformed, nameIs, record, type TypeRecord, word } from './btf.ts';

const POINTER_SIZE = 8;
/** Deeper nesting than any kernel has: a type that contains itself. */
const DEEPEST = 32;

/** A member of a struct, from the struct's start. */
export interface BtfMember {
  /** Bytes; for a bit field, the byte its first bit is in. */
  readonly offset: number;
  /** Bytes of its type. */
  readonly size: number;
  /** For a bit field: its lowest bit within that byte, and how many bits. */
  readonly bits?: { readonly shift: number; readonly width: number };
}

/** The type without its qualifiers and other names. */
function bare(btf: Btf, id: number, depth = 0): TypeRecord {
  const type = record(btf, id);
  if (depth > DEEPEST) malformed(`type ${id} is made of itself`);
  switch (type.kind) {
    case kinds.TYPEDEF:
    case kinds.VOLATILE:
    case kinds.CONST:
    case kinds.RESTRICT:
    case kinds.TYPE_TAG:
      return bare(btf, type.sizeOrType, depth + 1);
    default:
      return type;
  }
}

function sizeOf(btf: Btf, id: number, depth = 0): number {
  if (depth > DEEPEST) malformed(`type ${id} is made of itself`);
  const type = bare(btf, id);
  switch (type.kind) {
    case kinds.PTR:
      return POINTER_SIZE;
    case kinds.ARRAY:
      return sizeOf(btf, word(type.data, type.at + 3), depth + 1) * word(type.data, type.at + 5);
    case kinds.INT:
    case kinds.STRUCT:
    case kinds.UNION:
    case kinds.ENUM:
    case kinds.ENUM64:
    case kinds.FLOAT:
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

function findIn(btf: Btf, type: TypeRecord, name: Uint8Array, depth = 0): Found | undefined {
  if (depth > DEEPEST) malformed('a struct contains itself');
  for (let i = 0; i < type.memberCount; i++) {
    const at = type.at + 3 + 3 * i;
    const nameOffset = word(type.data, at);
    const id = word(type.data, at + 1);
    const place = word(type.data, at + 2);
    const bit = type.flagged ? place & 0xffffff : place;
    if (nameIs(btf, nameOffset, name)) return { type: id, bit, width: type.flagged ? place >>> 24 : 0 };
    if (!nameIs(btf, nameOffset, noName)) continue;
    const inner = bare(btf, id);
    if (inner.kind !== kinds.STRUCT && inner.kind !== kinds.UNION) continue; // padding: a bit field without a name
    const found = findIn(btf, inner, name, depth + 1);
    if (found !== undefined) return { ...found, bit: bit + found.bit };
  }
  return undefined;
}
const noName = Uint8Array.of(0);

/**
 * A member of a wanted struct: `mark`, or `ct_general.use` in a struct within. Unions and structs without a
 * name are looked through, as C does. undefined: no such struct in this file, or no such member. Throws
 * `malformed`.
 */
export function findMember(btf: Btf, struct: string, path: string): BtfMember | undefined {
  const id = btf.structs.get(struct);
  if (id === undefined) return undefined;
  let type = record(btf, id);
  let found: Found = { type: id, bit: 0, width: 0 };
  for (const name of path.split('.')) {
    if (name === '' || (type.kind !== kinds.STRUCT && type.kind !== kinds.UNION)) return undefined;
    const next = findIn(btf, type, Buffer.from(`${name}\0`, 'latin1'));
    if (next === undefined) return undefined;
    found = { ...next, bit: found.bit + next.bit };
    type = bare(btf, next.type);
  }
  const member = { offset: found.bit >> 3, size: sizeOf(btf, found.type) };
  return found.width === 0 ? member : { ...member, bits: { shift: found.bit & 7, width: found.width } };
}

/** What a name in a wanted enum stands for, as a number of 32 bits; undefined: no such enum in this file, or no such name. */
export function findEnumerator(btf: Btf, name: string, enumerator: string): number | undefined {
  const id = btf.enums.get(name);
  if (id === undefined) return undefined;
  const { data, at, memberCount } = record(btf, id);
  const wanted = Buffer.from(`${enumerator}\0`, 'latin1');
  for (let i = 0; i < memberCount; i++) {
    const place = at + 3 + 2 * i;
    if (nameIs(btf, word(data, place), wanted)) return word(data, place + 1);
  }
  return undefined;
}
