import { Assembler } from './assembler.ts';
import { noDevice, toldDevices } from './device-classes.ts';
import { FP, type Instruction, type Operand, R0, R1, R2, R3, R4, R5, R6, R7, R8, R9 } from './instruction.ts';
import {
  actions,
  COUNTER_SIZE,
  type Field,
  fields,
  HEADER_TRAITS,
  headerOffsets,
  NAME_SIZE,
  RECORD_SIZE,
  ROUND,
  recordOffsets,
} from './record.ts';

/**
 * The program that filters: a machine that works off records (record.ts). One program for each hook; what differs
 * from table to table is data. It is a socket filter that the kernel's own xt match `bpf` runs, so it sees the packet
 * from its IP header on, and its result is that match's: 1 for a packet that is accepted.
 *
 * Registers throughout the loop:
 *   r6 addresses, r7 traits of the packet (record.ts), r8 where the record lies in the value,
 *   r9 which traits can be told of it, r3 the record, r4 its action word; the others are scratch.
 */
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
const helpers = { mapLookup: 1, processor: 8, skbLoadBytes: 26, probeReadKernel: 113 } as const;
/** struct __sk_buff (linux/bpf.h). */
const context = { len: 0, packetType: 4, mark: 8 } as const;
/** struct iphdr (linux/ip.h). */
const ip = { tos: 1, totalLength: 2, fragment: 6, ttl: 8, protocol: 9, source: 12, destination: 16 } as const;
const IP_HEADER = 20;
const TCP_FLAGS = 13;
const TCP = 6;
/** _nfct (linux/skbuff.h): the connection's address and, in its lowest bits, enum ip_conntrack_info. */
const NFCT_INFO = 7;
const UNTRACKED = 7;
const REPLY = 3;
/** linux/netfilter/xt_conntrack.h */
const state = { invalid: 1, snat: 1 << 6, dnat: 1 << 7, untracked: 1 << 8 } as const;
/** enum ip_conntrack_status (linux/netfilter/nf_conntrack_common.h). */
const status = { snat: 4, dnat: 5 } as const;

/** The frame, from its end. */
const frame = {
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

const odd = { fragment: 0x100, offsetOne: 0x200, header: 0x400 } as const;

const NONE = 0xffffffff;

/** Of the depth, which counts in bytes of the jumps' stack: so the verifier knows it for bounded in each round. */
const DEPTH_MASK = 8 * MOST_JUMPS - 4;

/** Of a place among the records, which takes nothing from it. */
const PLACE_MASK = 0x7fffffff;

/** The machine for one hook. */
export function machine(options: MachineOptions): readonly Instruction[] {
  const code = new Assembler();
  prologue(code, options);
  loop(code, options);
  verdicts(code, options);
  tests(code, options);
  code.label('accept').move(R0, { value: 1 }).exit();
  // Also where a record, a chain or the packet isn't as it must be: what can't be judged is dropped.
  code.label('drop').move(R0, { value: 0 }).exit();
  return code.instructions;
}

function field(name: Field): number {
  return frame.fields + 4 * fields[name];
}

/** Reads the packet once. */
function prologue(code: Assembler, options: MachineOptions): void {
  const wanted = options.fields;
  code.move(R6, R1);
  code.load(4, R2, R6, context.len).store(8, FP, frame.length, { register: R2 });
  for (const [name, from] of [
    ['mark', context.mark],
    ['packetType', context.packetType],
  ] as const) {
    if (wanted.has(name)) code.load(4, R1, R6, from).store(4, FP, field(name), { register: R1 });
  }
  code.store(8, FP, frame.odd, 0);
  code
    .call(helpers.processor)
    .alu('mul', R0, options.counters * COUNTER_SIZE)
    .store(8, FP, frame.slice, { register: R0 });
  names(code, options);
  conntrack(code, options);
  loadBytes(code, { from: 0, to: frame.ipHeader, size: IP_HEADER }).branch(R0, '!=', 0, 'drop');

  // the transport header: r8 bytes of IP header, r9 bytes behind it
  code.load(1, R8, FP, frame.ipHeader).alu('and', R8, 15).alu('lsh', R8, 2);
  code.load(8, R9, FP, frame.length).alu('sub', R9, { register: R8 });
  for (const at of [0, 8, 16]) code.store(8, FP, frame.transport + at, 0);
  code
    .load(2, R1, FP, frame.ipHeader + ip.fragment)
    .swap(R1, 16)
    .alu('and', R1, 0x1fff);
  code.branch(R1, '==', 0, 'whole');
  code.move(R2, { value: odd.fragment }).branch(R1, '!=', 1, 'later-fragment').alu('or', R2, odd.offsetOne);
  code.label('later-fragment').store(8, FP, frame.odd, { register: R2 }).jump('parsed');
  code.label('whole');
  for (const [need, size] of [
    [3, 20],
    [2, 8],
    [1, 4],
  ] as const) {
    const shorter = `shorter-${size}`;
    code.branch(R9, 's<', size, shorter);
    loadBytes(code, { from: { register: R8 }, to: frame.transport, size }).branch(R0, '!=', 0, 'drop');
    // all but TCP need 8 bytes at most
    if (need === 2) code.load(1, R1, FP, frame.ipHeader + ip.protocol).branch(R1, '!=', TCP, 'parsed');
    if (need !== 3) code.store(8, FP, frame.odd, odd.header | need);
    code.jump('parsed').label(shorter);
  }
  code.store(8, FP, frame.odd, odd.header);
  code.label('parsed');

  // traits
  code.load(1, R7, FP, frame.ipHeader + ip.protocol);
  code
    .load(1, R1, FP, frame.ipHeader + ip.tos)
    .alu('lsh', R1, 24)
    .alu('or', R7, { register: R1 });
  code.load(8, R2, FP, frame.odd).alu('and', R2, odd.fragment).alu('or', R7, { register: R2 });
  code.load(4, R1, FP, frame.transport).alu('lsh', R1, 32).alu('or', R7, { register: R1 });
  code.load(1, R1, FP, frame.ipHeader + ip.protocol).branch(R1, '!=', TCP, 'traits');
  code
    .load(1, R1, FP, frame.transport + TCP_FLAGS)
    .alu('lsh', R1, 16)
    .alu('or', R7, { register: R1 });
  code.label('traits');
  fieldsOf(code, wanted);
  code.load(8, R6, FP, frame.ipHeader + ip.source);
  code.load(8, R2, FP, frame.odd).constant(R9, -1n).branch(R2, '==', 0, 'begin').constant(R9, HEADER_TRAITS);
  code.label('begin');
  // A zero that the verifier doesn't know of: with numbers that it knows it would follow the loop round by round.
  code.mapValue(R5, machineMaps.records).load(4, R1, R5, headerOffsets.zero);
  for (const known of [R2, R7, R9] as const) code.alu('xor', known, { register: R1 });
  code.store(8, FP, frame.odd, { register: R2 }).store(8, FP, frame.depth, { register: R1 });
  code.constant(R2, BigInt(NONE)).alu('xor', R2, { register: R1 }).store(8, FP, frame.best, { register: R2 });
  code.load(4, R8, R5, headerOffsets.start + 4 * options.hook);
  code.jump('loop');
}

interface BytesWanted {
  /** Bytes behind the IP header's begin. */
  readonly from: Operand;
  readonly to: number;
  readonly size: number;
}

/** r0: 0, or negative where they aren't there; r6 is the context. */
function loadBytes(code: Assembler, { from, to, size }: BytesWanted): Assembler {
  return code
    .move(R1, R6)
    .alu('mov', R2, from)
    .move(R3, FP)
    .alu('add', R3, to)
    .move(R4, { value: size })
    .call(helpers.skbLoadBytes);
}

/** r1 gets a pointer that is `offset` behind what r1 points to; 0 where that can't be read. */
function follow(code: Assembler, offset: number): Assembler {
  return code
    .alu('add', R1, offset)
    .move(R3, R1)
    .store(8, FP, frame.scratch, 0)
    .move(R1, FP)
    .alu('add', R1, frame.scratch)
    .move(R2, { value: 8 })
    .call(helpers.probeReadKernel)
    .load(8, R1, FP, frame.scratch);
}

/** The context is the packet's struct sk_buff itself; only its address is used. */
function names(code: Assembler, { hook, inNames, outNames, device = noDevice, offsets }: MachineOptions): void {
  const put = (to: number, name: Uint8Array) => {
    const view = new DataView(name.buffer, name.byteOffset, 16);
    for (const at of [0, 8]) {
      code.constant(R1, view.getBigUint64(at, true)).store(8, FP, to + at, { register: R1 });
    }
  };
  const read = (to: number) =>
    code
      .alu('add', R1, offsets.device.name)
      .move(R3, R1)
      .move(R1, FP)
      .alu('add', R1, to)
      .move(R2, { value: 16 })
      .call(helpers.probeReadKernel);
  const outDevice = (none: string) => {
    code.move(R1, R6);
    follow(code, offsets.skb.dst).alu('and', R1, -2).branch(R1, '==', 0, none);
    follow(code, offsets.dst.dev).branch(R1, '==', 0, none);
  };
  if (inNames) {
    put(frame.inName, toldDevices[hook] === 'in' ? device : noDevice);
    if (hook === PREROUTING || hook === INPUT || hook === FORWARD) {
      code.move(R1, R6);
      follow(code, offsets.skb.dev).branch(R1, '==', 0, 'no-in');
      if (hook === FORWARD) {
        // what a bridge forwards has the port that it leaves by there; it came by the bridge, and leaves by it
        code.move(R9, R1);
        follow(code, offsets.device.privFlags).move(R2, R1).move(R1, R9);
        code.branch(R2, '&', IFF_BRIDGE_PORT, 'bridged').jump('routed').label('bridged');
        outDevice('no-in');
        code.label('routed');
      }
      read(frame.inName).label('no-in');
    }
  }
  if (outNames) {
    put(frame.outName, toldDevices[hook] === 'out' ? device : noDevice);
    if (hook === FORWARD || hook === POSTROUTING) {
      outDevice('no-out');
      read(frame.outName).label('no-out');
    }
  }
}

const [PREROUTING, INPUT, FORWARD, POSTROUTING] = [0, 1, 2, 4];
/** enum netdev_priv_flags (linux/netdevice.h). */
const IFF_BRIDGE_PORT = 1 << 9;

/** As xt_conntrack.c's conntrack_mt tells the state; 0 for no status and no mark. */
function conntrack(code: Assembler, { fields: wanted, offsets }: MachineOptions): void {
  const isWanted = wanted.has('conntrackState') || wanted.has('conntrackStatus') || wanted.has('connmark');
  if (!isWanted || offsets.conntrack === undefined) return;
  for (const name of ['conntrackStatus', 'connmark'] as const) code.store(4, FP, field(name), 0);
  code.move(R1, R6);
  follow(code, offsets.skb.nfct);
  code.move(R8, R1).alu('and', R8, NFCT_INFO).alu('and', R1, ~NFCT_INFO).move(R9, R1);
  code.store(4, FP, field('conntrackState'), state.untracked).branch(R8, '==', UNTRACKED, 'tracked');
  code.store(4, FP, field('conntrackState'), state.invalid).branch(R9, '==', 0, 'tracked');
  // the connection's mark, then its status
  code.move(R1, R9);
  follow(code, offsets.conntrack.mark).store(4, FP, field('connmark'), { register: R1 });
  code.move(R1, R9);
  follow(code, offsets.conntrack.status).store(4, FP, field('conntrackStatus'), { register: R1 }).move(R9, R1);
  // XT_CONNTRACK_STATE_BIT: 1 << (info % REPLY + 1)
  code.alu('mod', R8, REPLY).alu('add', R8, 1).move(R1, { value: 1 }).alu('lsh', R1, { register: R8 });
  for (const which of ['snat', 'dnat'] as const) {
    code.move(R2, R9).alu('rsh', R2, status[which]).alu('and', R2, 1).branch(R2, '==', 0, `no-${which}`);
    code.alu('or', R1, state[which]).label(`no-${which}`);
  }
  code.store(4, FP, field('conntrackState'), { register: R1 }).label('tracked');
}

function fieldsOf(code: Assembler, wanted: ReadonlySet<Field>): void {
  const put = (name: Field, read: () => Assembler) => {
    if (wanted.has(name)) read().store(4, FP, field(name), { register: R1 });
  };
  put('source', () => code.load(4, R1, FP, frame.ipHeader + ip.source).swap(R1, 32));
  put('destination', () => code.load(4, R1, FP, frame.ipHeader + ip.destination).swap(R1, 32));
  put('sourcePort', () => code.load(2, R1, FP, frame.transport).swap(R1, 16));
  put('destinationPort', () => code.load(2, R1, FP, frame.transport + 2).swap(R1, 16));
  put('protocol', () => code.load(1, R1, FP, frame.ipHeader + ip.protocol));
  put('length', () => code.load(2, R1, FP, frame.ipHeader + ip.totalLength).swap(R1, 16));
  put('ttl', () => code.load(1, R1, FP, frame.ipHeader + ip.ttl));
  put('tos', () => code.load(1, R1, FP, frame.ipHeader + ip.tos));
  put('tcpFlags', () => code.load(1, R1, FP, frame.transport + TCP_FLAGS));
  put('icmpType', () => code.load(2, R1, FP, frame.transport).swap(R1, 16));
  put('spi', () => code.load(4, R1, FP, frame.transport).swap(R1, 32));
}

/**
 * Compares record after record, some of them in each round. It ends by a verdict, or by running out: then the packet
 * is dropped. Where the next record is the next to compare, which is what mostly comes, nothing waits for the skip to
 * be read: the processor guesses the branch.
 */
function loop(code: Assembler, { size }: MachineOptions): void {
  code.label('miss').load(4, R1, R3, recordOffsets.skip).alu32('add', R8, { register: R1 });
  code.label('loop').mayGoto('drop');
  code.branch(R8, '>', size - ROUND * RECORD_SIZE, 'drop');
  code.mapValue(R3, machineMaps.records).alu('add', R3, { register: R8 });
  const round = Array.from({ length: ROUND }, (_, index) => index * RECORD_SIZE);
  for (const at of round) {
    code.load(8, R1, R3, at + recordOffsets.addresses).alu('xor', R1, { register: R6 });
    code.load(8, R2, R3, at + recordOffsets.addressMask).alu('and', R1, { register: R2 });
    code.load(8, R4, R3, at + recordOffsets.traits).alu('xor', R4, { register: R7 });
    code
      .load(8, R2, R3, at + recordOffsets.traitMask)
      .alu('and', R4, { register: R2 })
      .alu('and', R4, { register: R9 });
    code.alu('or', R1, { register: R4 }).branch(R1, '==', 0, `holds-${at}`);
    code.load(4, R1, R3, at + recordOffsets.skip).branch(R1, '!=', RECORD_SIZE, `skips-${at}`);
  }
  code.alu32('add', R8, ROUND * RECORD_SIZE).jump('loop');
  for (const at of round) {
    code.label(`skips-${at}`).alu32('add', R1, at).jump('skips');
    code.label(`holds-${at}`).move(R1, { value: at }).jump('holds');
  }
  code.label('skips').alu32('add', R8, { register: R1 }).jump('loop');
  // An unknown number, as the mask leaves it: the verifier, too, comes here once for all records of a round.
  code.label('holds').alu('add', R8, { register: R1 }).alu('and', R8, PLACE_MASK);
  code.branch(R8, '>', size - RECORD_SIZE, 'drop');
  code.mapValue(R3, machineMaps.records).alu('add', R3, { register: R8 });
  code.load(4, R4, R3, recordOffsets.action);
  code.load(8, R2, FP, frame.odd).branch(R2, '!=', 0, 'odd');
}

/** What is done where the compare holds: r3 is the record, r4 its action. */
function verdicts(code: Assembler, { hook, counters, processors }: MachineOptions): void {
  code.label('act').alu('and', R4, 0xff).branch(R4, '>', actions.return, 'test');
  // counted in the slice of this processor
  code.load(8, R1, FP, frame.slice).load(4, R2, R3, recordOffsets.counter).alu('add', R1, { register: R2 });
  // which tells the verifier that it is aligned
  code.alu('and', R1, -COUNTER_SIZE);
  code.branch(R1, '>', (processors * counters - 1) * COUNTER_SIZE, 'drop');
  code.mapValue(R2, machineMaps.counters).alu('add', R2, { register: R1 });
  code.move(R1, { value: 1 }).atomicAdd(8, R2, 0, R1);
  code.load(8, R1, FP, frame.length).atomicAdd(8, R2, 8, R1);
  code.branch(R4, '==', actions.accept, 'accept').branch(R4, '==', actions.drop, 'drop');
  code.branch(R4, '==', actions.next, 'miss').branch(R4, '==', actions.return, 'return');
  code.branch(R4, '==', actions.goto, 'goto');
  // jump: remembers the rule behind it
  code.load(8, R1, FP, frame.depth).branch(R1, '>=', 4 * MOST_JUMPS, 'drop');
  code.move(R2, R1).alu('add', R2, 4).alu('and', R2, DEPTH_MASK).store(8, FP, frame.depth, { register: R2 });
  code.load(4, R2, R3, recordOffsets.skip).alu('add', R2, { register: R8 });
  code
    .alu('and', R1, 4 * MOST_JUMPS - 4)
    .alu('add', R1, { register: FP })
    .store(4, R1, frame.jumps, { register: R2 });
  code.label('goto').load(4, R8, R3, recordOffsets.target).jump('loop');
  // a chain that nobody jumped to ends at its hook's policy
  code.label('return').load(8, R1, FP, frame.depth).branch(R1, '==', 0, 'policy');
  code.alu('sub', R1, 4).alu('and', R1, DEPTH_MASK).store(8, FP, frame.depth, { register: R1 });
  code
    .alu('and', R1, 4 * MOST_JUMPS - 4)
    .alu('add', R1, { register: FP })
    .load(4, R8, R1, frame.jumps)
    .jump('loop');
  code
    .label('policy')
    .mapValue(R1, machineMaps.records)
    .load(4, R8, R1, headerOffsets.policy + 4 * hook)
    .jump('loop');
  // The packet is a later fragment, or ends within its transport header: only what needs none of it goes on.
  code.label('odd').move(R1, R4).alu('rsh', R1, 8).alu('and', R1, 0xff).branch(R1, '==', 0, 'act');
  code.branch(R2, '&', odd.header, 'short').branch(R2, '&', odd.offsetOne, 'offset-one').jump('miss');
  code.label('offset-one').branch(R4, '&', 0x10000, 'drop').jump('miss');
  code.label('short').alu('and', R2, 0xff).branch(R1, '>', { register: R2 }, 'drop');
  code.load(8, R1, R3, recordOffsets.traits).alu('xor', R1, { register: R7 });
  code
    .load(8, R2, R3, recordOffsets.traitMask)
    .alu('and', R1, { register: R2 })
    .branch(R1, '!=', 0, 'miss')
    .jump('act');
}

function tests(code: Assembler, { inNames, outNames, shapes, size }: MachineOptions): void {
  code.label('test').branch(R4, '==', actions.pass, 'onward');
  if (shapes) code.branch(R4, '==', actions.probe, 'probe').branch(R4, '==', actions.take, 'take');
  if (inNames) code.branch(R4, '==', actions.inName, 'in-name');
  if (outNames) code.branch(R4, '==', actions.outName, 'out-name');
  // fields
  code.load(4, R1, R3, recordOffsets.subject).alu('and', R1, 0x3c).alu('add', R1, { register: FP });
  code.load(4, R1, R1, frame.fields);
  code.load(4, R2, R3, recordOffsets.second);
  code.branch(R4, '==', actions.any, 'any').branch(R4, '==', actions.within, 'within');
  code.branch(R4, '!=', actions.masked, 'drop');
  code.load(4, R4, R3, recordOffsets.first).alu('xor', R1, { register: R4 }).alu('and', R1, { register: R2 });
  code.branch(R1, '==', 0, 'true').jump('false');
  code.label('any').branch(R1, '&', { register: R2 }, 'true').jump('false');
  code.label('within').load(4, R4, R3, recordOffsets.first).alu32('sub', R1, { register: R4 });
  code.branch(R1, '<=', { register: R2 }, 'true');
  code.label('false').load(2, R1, R3, recordOffsets.whenFalse).jump('advance');
  code.label('onward').move(R1, { value: 1 }).jump('advance');
  code.label('true').load(2, R1, R3, recordOffsets.whenTrue);
  code.label('advance').alu('mul', R1, RECORD_SIZE).alu('add', R8, { register: R1 }).jump('loop');
  if (inNames) nameTest(code, 'in-name', frame.inName, size);
  if (outNames) nameTest(code, 'out-name', frame.outName, size);
  if (shapes) shapeLookup(code);
}

/** ip_tables compares 16 bytes under a mask (ifname_compare_aligned). */
function nameTest(code: Assembler, label: string, name: number, size: number): void {
  code
    .label(label)
    .load(4, R1, R3, recordOffsets.subject)
    .branch(R1, '>', size - NAME_SIZE, 'drop');
  code.mapValue(R2, machineMaps.records).alu('add', R2, { register: R1 }).move(R0, { value: 0 });
  for (const at of [0, 8]) {
    code
      .load(8, R1, FP, name + at)
      .load(8, R5, R2, at)
      .alu('xor', R1, { register: R5 });
    code
      .load(8, R5, R2, 16 + at)
      .alu('and', R1, { register: R5 })
      .alu('or', R0, { register: R1 });
  }
  code.branch(R0, '==', 0, 'true').jump('false');
}

function shapeLookup(code: Assembler): void {
  const key = frame.key;
  code.label('probe').load(8, R1, FP, frame.odd).branch(R1, '!=', 0, 'onward');
  code.load(4, R1, R3, recordOffsets.subject).store(8, FP, key, { register: R1 });
  code
    .load(8, R1, R3, recordOffsets.probeAddressMask)
    .alu('and', R1, { register: R6 })
    .store(8, FP, key + 8, { register: R1 });
  code
    .load(8, R1, R3, recordOffsets.probeTraitMask)
    .alu('and', R1, { register: R7 })
    .store(8, FP, key + 16, { register: R1 });
  code
    .map(R1, machineMaps.shapes)
    .move(R2, FP)
    .alu('add', R2, key)
    .call(helpers.mapLookup)
    .branch(R0, '==', 0, 'onward');
  code.load(4, R1, R0, 0).load(8, R2, FP, frame.best).branch(R1, '>=', { register: R2 }, 'onward');
  code.store(8, FP, frame.best, { register: R1 }).jump('onward');
  // an odd packet is compared with the rules one by one
  code.label('take').load(8, R1, FP, frame.odd).branch(R1, '!=', 0, 'onward');
  code.load(8, R2, FP, frame.best).constant(R1, BigInt(NONE)).store(8, FP, frame.best, { register: R1 });
  code.branch(R2, '==', { register: R1 }, 'found-none').move(R8, R2).jump('loop');
  code.label('found-none').load(4, R1, R3, recordOffsets.target).alu('add', R8, { register: R1 }).jump('loop');
}
