import type { FieldSlots } from './field-slots.ts';
import { FIELD_SLOTS, type LookAction } from './record.ts';

/** How the counters' map is laid out: a slice for each processor. */
export interface CounterSlices {
  /** Of each slice. */
  readonly counters: number;
  readonly processors: number;
}

/** What a program is made for. */
export interface MachineOptions extends CounterSlices {
  readonly hook: number;
  /** Bytes of the records' map, its header and padding included. */
  readonly size: number;
  /** What its tests look at. */
  readonly fields: FieldSlots;
  /** What rules look at where a packet comes to them. */
  readonly looks: ReadonlySet<LookAction>;
  /** What a limit gains in each of the kernel's ticks; asked for where there are limits. */
  readonly creditsPerTick?: number;
  /** The kernel's; asked for where rules ask when connections expire. */
  readonly ticksPerSecond?: number;
  /** Whether a match reads 12 bytes of transport header. */
  readonly twelveBytes: boolean;
  readonly inNames: boolean;
  readonly outNames: boolean;
  /** The name of the device that a program isn't told of at this hook (`toldDevices`); 16 bytes, none unless given. */
  readonly device?: Uint8Array;
  /** Whether there is something to look up. */
  readonly lookups: boolean;
  /** Whether a rule jumps, so that a chain may have to be returned from. */
  readonly jumps: boolean;
  readonly offsets: KernelOffsets;
  /** The cookie of the network namespace that it filters in; asked for where rules ask whose sockets are. */
  readonly namespace?: bigint;
}

/** Where the kernel keeps what its own filters can't ask for; from its BTF. */
export interface KernelOffsets {
  readonly skb: {
    readonly dev: number;
    readonly dst: number;
    readonly nfct: number;
    readonly head: number;
    readonly data: number;
    readonly macHeader: number;
  };
  readonly dst: {
    readonly dev: number;
    /** Missing where routes have no realms. */
    readonly realm?: number;
  };
  /** Of the memory that a packet is made of: what isn't in one piece, and where the rest is. */
  readonly pieces: {
    readonly length: number;
    readonly dataLength: number;
    readonly end: number;
    readonly next: number;
    /** In struct skb_shared_info. */
    readonly fragments: number;
    readonly firstFragment: number;
    readonly list: number;
    /** Of a fragment: its size as a struct, and where in it its length is. */
    readonly fragmentSize: number;
    readonly fragmentLength: number;
  };
  readonly device: {
    readonly name: number;
    readonly privFlags: number;
    readonly group: number;
    readonly type: number;
  };
  /** From a task to a timer's clock, from there to a processor's, which know what two of them are ahead of the monotonic one. */
  readonly clocks: {
    readonly ofTask: number;
    readonly ofProcessor: number;
    readonly realTime: number;
    readonly atomicTime: number;
  };
  /** Of sockets and who opened them. Missing where the kernel doesn't tell all of it. */
  readonly sockets?: {
    /** In a packet. */
    readonly ofPacket: number;
    /** In struct sock. */
    readonly state: number;
    readonly listener: number;
    readonly namespace: number;
    readonly socket: number;
    /** In struct net. */
    readonly cookie: number;
    /** In struct socket, and of a file. */
    readonly file: number;
    readonly credential: number;
    /** In a credential. */
    readonly user: number;
    readonly group: number;
    readonly groups: number;
    /** In its groups. */
    readonly groupCount: number;
    readonly firstGroup: number;
  };
  /** Missing where the module isn't loaded yet. */
  readonly conntrack?: {
    readonly status: number;
    readonly mark: number;
    readonly timeout: number;
    /** Its two tuples. */
    readonly original: number;
    readonly reply: number;
    /** In a tuple; all in network order. */
    readonly source: number;
    readonly sourcePort: number;
    readonly destination: number;
    readonly destinationPort: number;
    readonly protocol: number;
    /** What a connection has only where somebody asked for it. Missing where the kernel doesn't tell. */
    readonly extensions?: {
      /** From a connection to all that it has, and there the first of the bytes that say where each kind is, by its number. */
      readonly ofConnection: number;
      readonly places: number;
      readonly accounting?: number;
      /** Of a direction's counter: how large it is, and what it has. */
      readonly counterSize: number;
      readonly packets: number;
      readonly bytes: number;
      readonly labels?: number;
      /** Of labels: the first of their bytes. */
      readonly bits: number;
    };
  };
}

/** Names of the maps in the program. */
export const machineMaps = { records: 'records', counters: 'counters' } as const;

export const MOST_JUMPS = 64;

/** What a program is called with: struct __sk_buff (linux/bpf.h). */
export const context = {
  ...{ len: 0, packetType: 4, mark: 8, queue: 12, protocol: 16 },
  ...{ vlanThere: 20, vlanTag: 24, vlanProtocol: 28, interfaceIndex: 40, receiveHash: 68 },
} as const;

/** enum bpf_func_id (linux/bpf.h). */
export const helpers = {
  random: 7,
  processor: 8,
  skbLoadBytes: 26,
  skbLoadBytesRelative: 68,
  probeReadKernel: 113,
  jiffies: 118,
  currentTask: 158,
  atomicTime: 208,
} as const;

const FIELDS = -168 - 4 * FIELD_SLOTS;

/**
 * The frame, from its end. What every program has comes first, and what is largest last: the verifier copies and
 * compares a frame as deep as the program uses it, again and again. No deeper than 504: may_goto takes 8 more, and
 * with more than 512 kernels before 6.14 that have no JIT run past a table of theirs.
 */
export const frame = {
  length: -8,
  /** Whether the packet is odd: bytes of its transport header as a need, and the bits below. */
  odd: -16,
  // one behind the other, as they mostly are in a packet, and so that the addresses lie at a multiple of 8
  transport: -40,
  ipHeader: -60,
  slice: -80,
  best: -88,
  /** What looks need, 24 bytes. */
  key: -112,
  depth: -120,
  scratch: -128,
  /** The packet, where a look needs it. */
  context: -136,
  inName: -152,
  outName: -168,
  fields: FIELDS,
  jumps: FIELDS - 4 * MOST_JUMPS,
} as const;

export const odd = { fragment: 0x100, offsetOne: 0x200, header: 0x400 } as const;

export const NONE = 0xffffffff;

/** Of the depth, which counts in bytes of the jumps' stack: so the verifier knows it for bounded in each round. */
export const DEPTH_MASK = 8 * MOST_JUMPS - 4;

/** Of a place among the records, which takes nothing from it. */
export const PLACE_MASK = 0x7fffffff;

/**
 * Of a place in a packet, its end and what one option or chunk takes included: a packet of several segments may have 512 KiB
 * (GSO_MAX_SIZE). It takes nothing from it, and makes it as large to the verifier in each round of a loop.
 */
export const WITHIN_PACKET = 0x1fffff;
