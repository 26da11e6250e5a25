/**
 * Blobs byte by byte for tests, well-formed or not: written without the codec under test, with
 * the offsets of linux/netfilter_ipv4/ip_tables.h spelled out.
 */
export interface RawEntry {
  /** struct ipt_ip, 84 bytes; zeros match everything. */
  readonly ip?: Uint8Array;
  readonly matches?: readonly Uint8Array[];
  readonly target: Uint8Array;
  /** Overrides for the two offsets that otherwise follow from the parts. */
  readonly targetOffset?: number;
  readonly nextOffset?: number;
  readonly nfcache?: number;
  readonly comefrom?: number;
}

export const verdicts = { drop: -1, accept: -2, queue: -4, return: -5 } as const;

/** struct ipt_ip of a few fields: protocol @80, flags @82, invflags @83, source @0. */
export function ip(fields: { protocol?: number; flags?: number; inverted?: number; source?: number }): Uint8Array {
  const bytes = Buffer.alloc(84);
  bytes.writeUInt32BE(fields.source ?? 0, 0);
  if (fields.source !== undefined) bytes.writeUInt32BE(0xffffffff, 8);
  bytes.writeUInt16LE(fields.protocol ?? 0, 80);
  bytes.writeUInt8(fields.flags ?? 0, 82);
  bytes.writeUInt8(fields.inverted ?? 0, 83);
  return bytes;
}

/** struct xt_entry_match or xt_entry_target: 32 bytes of size, name[29], revision @31; then the data. */
export function extension(name: string, revision: number, data: Uint8Array, size = 32 + data.length): Uint8Array {
  const bytes = Buffer.alloc(32 + data.length);
  bytes.writeUInt16LE(size, 0);
  bytes.write(name, 2, 29, 'latin1');
  bytes.writeUInt8(revision, 31);
  bytes.set(data, 32);
  return bytes;
}

/** struct xt_standard_target: 40 bytes, verdict @32. */
export function standard(verdict: number, size = 40, revision = 0): Uint8Array {
  const data = Buffer.alloc(8);
  data.writeInt32LE(verdict, 0);
  return extension('', revision, data, size);
}

/** struct xt_error_target: 64 bytes, errorname[30] @32. */
export function errorTarget(name: string, size = 64, revision = 0): Uint8Array {
  const data = Buffer.alloc(32);
  data.write(name, 0, 30, 'latin1');
  return extension('ERROR', revision, data, size);
}

/** struct ipt_entry (112 bytes) with its matches and target. */
export function entry(raw: RawEntry): Uint8Array {
  const head = Buffer.alloc(112);
  const matches = Buffer.concat(raw.matches ?? []);
  const targetOffset = 112 + matches.length;
  if (raw.ip) head.set(raw.ip, 0);
  head.writeUInt32LE(raw.nfcache ?? 0, 84);
  head.writeUInt16LE(raw.targetOffset ?? targetOffset, 88);
  head.writeUInt16LE(raw.nextOffset ?? targetOffset + raw.target.length, 90);
  head.writeUInt32LE(raw.comefrom ?? 0, 92);
  return Buffer.concat([head, matches, raw.target]);
}

/** A standard entry without conditions: 152 bytes. */
export const plain = (verdict: number): Uint8Array => entry({ target: standard(verdict) });
/** A user chain's head, or the end of the table: 176 bytes. */
export const head = (name: string): Uint8Array => entry({ target: errorTarget(name) });

export interface RawReplace {
  readonly name?: string | Uint8Array;
  readonly validHooks?: number;
  readonly numEntries?: number;
  readonly size?: number;
  readonly hookEntry?: readonly number[];
  readonly underflow?: readonly number[];
  readonly numCounters?: number;
}

/** Offsets of entries that stand one behind the other, and behind the last. */
export function offsetsOf(entries: readonly Uint8Array[]): readonly number[] {
  let offset = 0;
  return [0, ...entries.map((bytes) => (offset += bytes.length))];
}

/** struct ipt_replace (96 bytes) for table filter, and the entries. */
export function replace(raw: RawReplace, entries: readonly Uint8Array[]): Uint8Array {
  const bytes = Buffer.alloc(96);
  const body = Buffer.concat(entries);
  if (typeof raw.name === 'string' || raw.name === undefined) bytes.write(raw.name ?? 'filter', 0, 32, 'latin1');
  else bytes.set(raw.name, 0);
  bytes.writeUInt32LE(raw.validHooks ?? 0x0e, 32);
  bytes.writeUInt32LE(raw.numEntries ?? entries.length, 36);
  bytes.writeUInt32LE(raw.size ?? body.length, 40);
  for (let hook = 0; hook < 5; hook += 1) {
    bytes.writeUInt32LE(raw.hookEntry?.[hook] ?? 0, 44 + 4 * hook);
    bytes.writeUInt32LE(raw.underflow?.[hook] ?? 0, 64 + 4 * hook);
  }
  bytes.writeUInt32LE(raw.numCounters ?? 4, 84);
  return Buffer.concat([bytes, body]);
}

/**
 * Table filter: `input` are INPUT's rules, the policies ACCEPT, `user` everything behind OUTPUT,
 * then the end. Hook entries and underflows are right unless overridden.
 */
export function filter(parts: {
  readonly input?: readonly Uint8Array[];
  readonly forward?: readonly Uint8Array[];
  readonly output?: readonly Uint8Array[];
  readonly user?: readonly Uint8Array[];
  readonly end?: readonly Uint8Array[];
  readonly raw?: RawReplace;
}): Uint8Array {
  const { input = [], forward = [], output = [], user = [], end = [head('ERROR')] } = parts;
  const policy = plain(verdicts.accept);
  const entries = [...input, policy, ...forward, policy, ...output, policy, ...user, ...end];
  const at = offsetsOf(entries);
  const first = [0, input.length + 1, input.length + forward.length + 2];
  const last = [input.length, input.length + forward.length + 1, input.length + forward.length + output.length + 2];
  return replace(
    {
      hookEntry: [0, ...first.map((index) => at[index] ?? 0), 0],
      underflow: [0, ...last.map((index) => at[index] ?? 0), 0],
      ...parts.raw,
    },
    entries,
  );
}

/** A copy with some of its bytes overwritten, for what can't be said by parts. */
export function patched(bytes: Uint8Array, offset: number, ...values: readonly number[]): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy.set(values, offset);
  return copy;
}
