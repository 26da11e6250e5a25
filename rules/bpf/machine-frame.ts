import type { Field } from './record.ts';

/** What a program is made for. */
export interface MachineOptions {
  readonly hook: number;
  /** Bytes of the records' map, its header and padding included. */
  readonly size: number;
  /** Counters of each processor's slice, and how many processors there are. */
  readonly counters: number;
  readonly processors: number;
  /** What its tests look at. */
  readonly fields: ReadonlySet<Field>;
  readonly inNames: boolean;
  readonly outNames: boolean;
  /** The name of the device that a program isn't told of at this hook (`toldDevices`); 16 bytes, none unless given. */
  readonly device?: Uint8Array;
  readonly shapes: boolean;
  readonly offsets: KernelOffsets;
}

/** Where the kernel keeps what its own filters can't ask for; from its BTF. */
export interface KernelOffsets {
  readonly skb: { readonly dev: number; readonly dst: number; readonly nfct: number };
  readonly dst: { readonly dev: number };
  readonly device: { readonly name: number; readonly privFlags: number };
  /** Missing where the module isn't loaded yet. */
  readonly conntrack?: { readonly status: number; readonly mark: number };
}

/** Names of the maps in the program. */
export const machineMaps = { records: 'records', counters: 'counters', shapes: 'shapes' } as const;

export const MOST_JUMPS = 64;

/** enum bpf_func_id (linux/bpf.h). */
export const helpers = { mapLookup: 1, processor: 8, skbLoadBytes: 26, probeReadKernel: 113 } as const;

/** The frame, from its end. */
export const frame = {
  // so that the addresses in it lie at a multiple of 8
  ipHeader: -28,
  transport: -56,
  fields: -120,
  inName: -136,
  outName: -152,
  best: -160,
  depth: -168,
  length: -176,
  /** Whether the packet is odd: bytes of its transport header as a need, and the bits below. */
  odd: -184,
  slice: -192,
  key: -216,
  scratch: -224,
  jumps: -224 - 4 * MOST_JUMPS,
} as const;

export const odd = { fragment: 0x100, offsetOne: 0x200, header: 0x400 } as const;

export const NONE = 0xffffffff;

/** Of the depth, which counts in bytes of the jumps' stack: so the verifier knows it for bounded in each round. */
export const DEPTH_MASK = 8 * MOST_JUMPS - 4;

/** Of a place among the records, which takes nothing from it. */
export const PLACE_MASK = 0x7fffffff;
