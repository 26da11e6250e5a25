import { bytes, defineStruct, u8, u32, u64 } from '../../protocol/struct.ts';
import type { Revision } from '../extension.ts';
import type { HashlimitScale } from './hashlimit-rate.ts';

const header = 'linux/netfilter/xt_hashlimit.h';
const table = { size: u32, max: u32, gc_interval: u32, expire: u32 };
const masks = { srcmask: u8, dstmask: u8 };

const xt_hashlimit_mtinfo1 = defineStruct('xt_hashlimit_mtinfo1', header, {
  name: bytes(16),
  mode: u32,
  avg: u32,
  burst: u32,
  ...table,
  ...masks,
  pad2: bytes(2),
  hinfo: u64,
});
const rates = { avg: u64, burst: u64, mode: u32 };
const xt_hashlimit_mtinfo2 = defineStruct('xt_hashlimit_mtinfo2', header, {
  name: bytes(255),
  pad: bytes(1),
  ...rates,
  ...table,
  ...masks,
  pad2: bytes(2),
  hinfo: u64,
});
const xt_hashlimit_mtinfo3 = defineStruct('xt_hashlimit_mtinfo3', header, {
  name: bytes(255),
  pad: bytes(1),
  ...rates,
  ...table,
  interval: u32,
  ...masks,
  pad2: bytes(6),
  hinfo: u64,
});

/** `hinfo` is the kernel's own. */
export interface HashlimitInfo {
  readonly revision: 1 | 2 | 3;
  readonly name: Uint8Array;
  /** XT_HASHLIMIT_*. */
  readonly mode: number;
  /** Time between packets in 1/10,000 s (revision 1) or µs; or the cost of 16 bytes, a share of 2^32. */
  readonly avg: bigint;
  readonly burst: bigint;
  readonly size: number;
  readonly max: number;
  /** Milliseconds, as `expire`. */
  readonly gc_interval: number;
  readonly expire: number;
  /** Seconds; revision 3. */
  readonly interval: number;
  readonly srcmask: number;
  readonly dstmask: number;
  readonly pad: Uint8Array;
  readonly pad2: Uint8Array;
  readonly hinfo: bigint;
}

/** XT_HASHLIMIT_*: what tells buckets apart, and how they are asked. */
export const hashMode = {
  DIP: 1,
  DPT: 2,
  SIP: 4,
  SPT: 8,
  INVERT: 0x10,
  BYTES: 0x20,
  RATE_MATCH: 0x40,
} as const;
/** The modes that tell buckets apart. */
export const HASHES = hashMode.DIP | hashMode.DPT | hashMode.SIP | hashMode.SPT;

export const WHOLE_ADDRESS = 32;

export const hashlimitRevisions: Readonly<Record<1 | 2 | 3, Revision<HashlimitInfo>>> = {
  1: {
    size: xt_hashlimit_mtinfo1.size,
    decode(data) {
      const { avg, burst, ...info } = xt_hashlimit_mtinfo1.read(data);
      return { ...info, avg: BigInt(avg), burst: BigInt(burst), revision: 1, interval: 0, pad: new Uint8Array(1) };
    },
    encode: ({ avg, burst, ...info }) =>
      xt_hashlimit_mtinfo1.write({ ...info, avg: Number(avg), burst: Number(burst) }),
  },
  2: {
    size: xt_hashlimit_mtinfo2.size,
    decode: (data) => ({ ...xt_hashlimit_mtinfo2.read(data), revision: 2, interval: 0 }),
    encode: (info) => xt_hashlimit_mtinfo2.write(info),
  },
  3: {
    size: xt_hashlimit_mtinfo3.size,
    decode: (data) => ({ ...xt_hashlimit_mtinfo3.read(data), revision: 3 }),
    encode: (info) => xt_hashlimit_mtinfo3.write(info),
  },
};

/** What a period of a revision counts. */
export function scaleOf({ revision }: HashlimitInfo): HashlimitScale {
  return revision === 1 ? 'coarse' : 'fine';
}
