/**
 * What the machine (machine.ts) works on: a table as records of 64 bytes in one value of an array map. Each has a
 * compare and an action:
 *
 *    0  u64 addresses: source in the lower half, destination in the upper, as they stand in the packet
 *    8  u64 which bits of them count
 *   16  u64 traits, see `traits`
 *   24  u64 which bits of them count
 *   32  u8  action; u8 bytes of transport header it reads, as a `Need`; u8 whether a fragment at offset 8 is dropped
 *   36  u32 bytes to the next rule, where the compare fails
 *   40      operands of the action
 *
 * Little-endian, as the machines are that it runs on.
 */
export const RECORD_SIZE = 64;

export const recordOffsets = {
  addresses: 0,
  addressMask: 8,
  traits: 16,
  traitMask: 24,
  action: 32,
  need: 33,
  dropsOffsetOne: 34,
  skip: 36,
  /** Of verdicts: where its counter lies in the slice of a processor; bytes. */
  counter: 40,
  /** Of jumps: the record of the chain's begin; of `take`: bytes to the record behind its rules. */
  target: 44,
  /** Of tests: records to go on by, u16 each. */
  whenTrue: 40,
  whenFalse: 42,
  /** Of tests of fields: the field times 4. Of names: where they lie, name and mask of 16 bytes each. */
  subject: 44,
  first: 48,
  second: 52,
  /** Of limits; of quotas, what is left; of texts, how long they are, and the bit of the last byte; of classic loads, how many bytes. */
  credit: 44,
  filled: 56,
  /** Of probes: where the table (lookup-table.ts) lies in the value, its slots less one, and the masks. */
  table: 40,
  tableMask: 44,
  probeAddressMask: 48,
  probeTraitMask: 56,
} as const;

/**
 * Bits of the traits: protocol, whether it is a fragment but the first, TCP's flags, the type of service, and the
 * transport header's first four bytes as they come (ports; type and code).
 */
export const traits = {
  protocol: 0n,
  fragment: 8n,
  tcpFlags: 16n,
  tos: 24n,
  transport: 32n,
} as const;

/** The traits of a packet whose transport header isn't there whole; the others can't be told. */
export const HEADER_TRAITS = 0xff0001ffn;

/** Bytes of transport header that a match reads: none, 4, 8, 12, 20. */
export type Need = 0 | 1 | 2 | 3 | 4;
export const needSizes = [0, 4, 8, 12, 20] as const;
export const wholeTcp: Need = 4;
/** What few tables need: a program is told of it. */
export const twelveBytes: Need = 3;

/** What is done where the compare holds. Up to `return`: counted. */
export const actions = {
  accept: 0,
  drop: 1,
  next: 2,
  jump: 3,
  goto: 4,
  return: 5,
  /** Goes on with the next record. */
  pass: 6,
  /** Whether (field ^ first) & second is 0. */
  masked: 7,
  /** Whether field − first <= second, as u32: a range. */
  within: 8,
  /** Whether field & second isn't 0. */
  any: 9,
  inName: 10,
  outName: 11,
  /** Looks up, under its masks, the first rule that is as the packet. */
  probe: 12,
  /** Goes on with the first rule that a probe found. */
  take: 13,
  // What is looked at only where a rule comes to it (machine-looks.ts):
  /** By chance, `first` of 2^31 times. */
  random: 14,
  /** Counts `second` on; where it is `first` it becomes 0, and the test holds. */
  nth: 15,
  /** A bucket: `credit` of at most `second`, `first` for a packet, filled since `filled`. */
  limit: 16,
  /** Whether TCP's header has the option `first`. */
  tcpOption: 17,
  /** Whether TCP's header asks for segments of size `first` to `first` + `second`. */
  segmentSize: 18,
  /** u32: what there is at `first`, or at `first` behind where the value leads to; then arithmetic on it. */
  u32Load: 19,
  u32At: 20,
  u32And: 21,
  u32Left: 22,
  u32Right: 23,
  /** Whether the packet fits into the bytes that are left at `filled`, which become fewer, or none. */
  quota: 24,
  // Whether there is a text between `first` and `second`: any, of more than 64 bytes, and both within one block of memory.
  text: 25,
  longText: 26,
  blockText: 27,
  longBlockText: 28,
  // Instructions of classic programs (classic-program.ts).
  classicLoad: 29,
  classicIndirect: 30,
  classicLink: 31,
  classicTake: 32,
  classicPut: 33,
  classicMath: 34,
  classicCompare: 35,
  classicRandom: 36,
  /** Whether one of the owner's other groups lies in `first` to `first` + `second`. */
  ownerGroups: 37,
  // Of what the packet's connection has (machine-extensions.ts):
  /** Whether what went over it, of `credit`, lies between `first` and `filled`, u64 each; the wrong way round: beside them. */
  connectionCount: 38,
  /** Whether one of the bits `second` of byte `first` is set in its labels. */
  connectionLabel: 39,
  /** Whether DCCP's header has the option `first`. */
  dccpOption: 40,
  /** Whether there are SCTP's chunks of the types behind the record, in the way of `first`; `filled`: of each a bit. */
  chunks: 41,
} as const;

/** Actions that are looks: what a program is told that it needs. */
export type LookAction =
  | 'random'
  | 'nth'
  | 'limit'
  | 'tcpOption'
  | 'segmentSize'
  | 'u32Load'
  | 'u32At'
  | 'u32And'
  | 'u32Left'
  | 'u32Right'
  | 'quota'
  | 'ownerGroups'
  | ExtensionAction
  | 'dccpOption'
  | 'chunks'
  | TextAction
  | ClassicAction;
export type ClassicAction =
  | 'classicLoad'
  | 'classicIndirect'
  | 'classicLink'
  | 'classicTake'
  | 'classicPut'
  | 'classicMath'
  | 'classicCompare'
  | 'classicRandom';
/** Of connections. */
export type ExtensionAction = 'connectionCount' | 'connectionLabel';
export type TextAction = 'text' | 'longText' | 'blockText' | 'longBlockText';
export type Action = keyof typeof actions;

/** What a test can look at, u32 each: those that most tables ask for, at the slots that they have unless nobody does. */
export const fields = {
  source: 0,
  destination: 1,
  sourcePort: 2,
  destinationPort: 3,
  protocol: 4,
  /** The packet's length as its header has it. */
  length: 5,
  ttl: 6,
  tos: 7,
  tcpFlags: 8,
  icmpType: 9,
  mark: 10,
  packetType: 11,
  /** One bit: XT_CONNTRACK_STATE_*. */
  conntrackState: 12,
  conntrackStatus: 13,
  connmark: 14,
  /** The transport header's first four bytes as one number. */
  spi: 15,
} as const;

/** Fields that few tables ask for: each gets a slot that the table leaves free (field-slots.ts). */
export type RareField =
  /** The first two bytes of the sender's address in the Ethernet header, and `SENDER_THERE`; 0 where there is no such header. */
  | 'macStart'
  /** Its last four bytes. */
  | 'macRest'
  /** The number of the processor. */
  | 'processor'
  /** Of the device that the packet came by. */
  | 'inGroup'
  /** Of an authentication header. */
  | 'ahSpi'
  /** One bit: 1 << the packet's type in DCCP's header. */
  | 'dccpType'
  /** TCP's flags where there are 20 bytes behind the IP header, later fragments included, and `NOTICES_THERE`. */
  | 'tcpNotices'
  /**
   * What looks have worked out so far: of u32, the number and where it reads from; of texts, where one begins and where its
   * record lies; of classic programs, A and X.
   */
  | 'registerA'
  | 'registerX'
  | MemoryField
  /** Bytes of the packet, whatever its header has. */
  | 'wholeLength'
  | 'frameProtocol'
  | 'queue'
  | 'receiveHash'
  | 'vlanTag'
  | 'vlanThere'
  | 'vlanProtocol'
  /** Of the packet's route. */
  | 'realm'
  /** One of `owners`. */
  | 'ownerKind'
  /** Of the packet's socket: who opened it; `NOBODY` where that isn't known. */
  | 'ownerUser'
  | 'ownerGroup'
  /** Where the credential of whoever opened it lies: the lower half of the address, and the upper; 0 where nobody did. */
  | 'credentialStart'
  | 'credentialRest'
  /** Of the device that the packet is at, 0 where there is none. */
  | 'interfaceIndex'
  | 'deviceType'
  | ClockField
  | ConnectionField;

/** When the packet comes by, in UTC. */
export type ClockField =
  /** Since 1970. */
  | 'seconds'
  /** Since midnight. */
  | 'daySeconds'
  /** One bit: 1 << the day, 1 for Monday. */
  | 'weekday'
  /** One bit: 1 << the day. */
  | 'monthday'
  /** The same of the day before. */
  | 'monthdayBefore';

/** What is known of the packet's connection, each as the kernel has it; numbers in host order, 0 where there is none. */
export type ConnectionField =
  | 'ctProtocol'
  /** 1: the packet is an answer. */
  | 'ctDirection'
  /** Seconds. */
  | 'ctExpires'
  | `ct${'Original' | 'Reply'}${'Source' | 'Destination'}${'' | 'Port'}`;
/** What classic programs remember. */
export const MEMORY_PLACES = 16;
export type MemoryField = `memory${number}`;
export const memoryFields: readonly MemoryField[] = Array.from(
  { length: MEMORY_PLACES },
  (_, at) => `memory${at}` as const,
);

export type Field = keyof typeof fields | RareField;

/** Of what kind a packet's socket is, a bit each: there is none, one that no file leads to (the kernel's own), or one that somebody opened. */
export const owners = { noSocket: 1, noFile: 2, somebody: 4 } as const;
/** The id of a user or group that nobody has: it is invalid to the kernel. */
export const NOBODY = 0xffffffff;

/** Set in `macStart` where there is an Ethernet header. */
export const SENDER_THERE = 0x10000;

/** Set in `tcpNotices` where there are flags. */
export const NOTICES_THERE = 0x100;

/** So many fields a table can ask for. */
export const FIELD_SLOTS = 20;

/** Before the first record: where each hook begins, then where each one's policy is; u32 each. Then zeros. */
export const HEADER_SIZE = 64;
export const headerOffsets = { start: 0, policy: 20, zero: 40 } as const;

/**
 * So many records the machine compares in one round, from wherever it begins. Behind the last one there is room for the
 * rest of a round; nothing comes of what lies there, as the last rule of each chain holds for every packet.
 */
export const ROUND = 4;
export const PADDING_SIZE = (ROUND - 1) * RECORD_SIZE;

/** Name and mask of an interface, 16 bytes each (struct ipt_ip); they lie behind the records. */
export const NAME_SIZE = 32;

/** Packets, bytes. */
export const COUNTER_SIZE = 16;
