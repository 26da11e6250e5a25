import type { Look } from './test.ts';

/** SCTP_CHUNK_MATCH_ANY, _ALL, _ONLY (linux/netfilter/xt_sctp.h). */
export const chunkModes = { any: 1, all: 2, only: 4 } as const;

/** Bytes of what a table has for each type: whether it is asked for, flags under a mask, a bit of its own where all must be there. */
export const chunkTable = { asked: 0, mask: 1, flags: 2, bit: 3, size: 4 } as const;
const TYPES = 256;
export const CHUNK_TABLE_SIZE = TYPES * chunkTable.size;
/** So many types can be told apart where all must be there. */
export const MOST_CHUNKS = 64;

export interface AskedChunk {
  readonly type: number;
  readonly mask: number;
  readonly flags: number;
}

/** What looks for chunks of some types; of no more than `MOST_CHUNKS` where all must be there. */
export function chunkLook(mode: keyof typeof chunkModes, asked: readonly AskedChunk[]): Look {
  const data = Buffer.alloc(CHUNK_TABLE_SIZE);
  for (const [index, { type, mask, flags }] of asked.entries()) {
    const at = type * chunkTable.size;
    data.writeUInt8(1, at + chunkTable.asked);
    data.writeUInt8(mask, at + chunkTable.mask);
    data.writeUInt8(flags, at + chunkTable.flags);
    data.writeUInt8(mode === 'all' ? index : 0, at + chunkTable.bit);
  }
  const all = mode === 'all' ? (1n << BigInt(asked.length)) - 1n : 0n;
  return { kind: 'chunks', first: chunkModes[mode], bytes: all, data };
}
