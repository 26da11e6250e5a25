/** BTF kinds (include/uapi/linux/btf.h). */
export const kind = {
  INT: 1,
  PTR: 2,
  ARRAY: 3,
  STRUCT: 4,
  UNION: 5,
  ENUM: 6,
  FWD: 7,
  TYPEDEF: 8,
  CONST: 10,
  FUNC: 12,
  FUNC_PROTO: 13,
  VAR: 14,
  DATASEC: 15,
  DECL_TAG: 17,
  TYPE_TAG: 18,
  ENUM64: 19,
} as const;

export interface BlobType {
  readonly kind: number;
  readonly name?: string;
  /** `size`, or the id of the type it is made of. */
  readonly sizeOrType?: number;
  /** info bit 31 of a struct: offsets have 24 bits, and the width of a bit field above. */
  readonly flagged?: boolean;
  /** In the info word; the length of `rest` in members unless given. */
  readonly count?: number;
  /** The words behind struct btf_type; a string stands for the offset of that name. */
  readonly rest?: readonly (number | string)[];
}

const wordsOfMember: Readonly<Record<number, number>> = {
  [kind.STRUCT]: 3,
  [kind.UNION]: 3,
  [kind.ENUM]: 2,
  [kind.FUNC_PROTO]: 2,
  [kind.DATASEC]: 3,
  [kind.ENUM64]: 3,
};

/** Strings one after another; those of the base aren't repeated, as in a module's BTF. */
export class Strings {
  readonly #first: number;
  readonly #base: Strings | undefined;
  readonly #offsets = new Map<string, number>();
  bytes = Buffer.alloc(0);

  constructor(base?: Strings) {
    this.#base = base;
    this.#first = base?.end ?? 0;
    if (base === undefined) this.offset('');
  }

  get end(): number {
    return this.#first + this.bytes.length;
  }

  known(text: string): number | undefined {
    return this.#base?.known(text) ?? this.#offsets.get(text);
  }

  offset(text: string): number {
    const known = this.known(text);
    if (known !== undefined) return known;
    const at = this.end;
    this.#offsets.set(text, at);
    this.bytes = Buffer.concat([this.bytes, Buffer.from(`${text}\0`)]);
    return at;
  }
}

/** A BTF file of these types; the first has id 1, or the id after the base's last. */
export function btfBlob(types: readonly BlobType[], strings = new Strings()): Buffer {
  const words: number[] = [];
  for (const type of types) {
    const rest = (type.rest ?? []).map((word) => (typeof word === 'string' ? strings.offset(word) : word));
    const each = wordsOfMember[type.kind];
    const count = type.count ?? (each === undefined ? 0 : rest.length / each);
    const info = ((type.flagged === true ? 0x80000000 : 0) | (type.kind << 24) | count) >>> 0;
    words.push(strings.offset(type.name ?? ''), info, type.sizeOrType ?? 0, ...rest);
  }
  const body = Buffer.from(Uint32Array.from(words).buffer);
  const header = Buffer.alloc(24);
  header.writeUInt16LE(0xeb9f, 0);
  header.writeUInt8(1, 2);
  header.writeUInt32LE(24, 4);
  header.writeUInt32LE(body.length, 12);
  header.writeUInt32LE(body.length, 16);
  header.writeUInt32LE(strings.bytes.length, 20);
  return Buffer.concat([header, body, strings.bytes]);
}
