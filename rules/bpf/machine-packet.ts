import type { Assembler } from './assembler.ts';
import { noDevice, toldDevices } from './device-classes.ts';
import { FP, type Operand, R0, R1, R2, R3, R4, R5, R6, R7, R8, R9 } from './instruction.ts';
import { frame, helpers, type MachineOptions, machineMaps, NONE, odd } from './machine-frame.ts';
import { COUNTER_SIZE, type Field, fields, HEADER_TRAITS, headerOffsets } from './record.ts';

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

function field(name: Field): number {
  return frame.fields + 4 * fields[name];
}

/** Reads the packet once. */
export function prologue(code: Assembler, options: MachineOptions): void {
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
