import type { Assembler } from './assembler.ts';
import { FP, R0, R1, R2, R5, R6, R7, R8, R9 } from './instruction.ts';
import { clock } from './machine-clock.ts';
import { conntrack } from './machine-conntrack.ts';
import { deviceType, incomingGroup, names, realm, sender } from './machine-devices.ts';
import { context, frame, helpers, type MachineOptions, MOST_JUMPS, machineMaps, NONE, odd } from './machine-frame.ts';
import { readPacket } from './machine-looks.ts';
import { owner } from './machine-owner.ts';
import { fieldOf, loadBytes } from './machine-read.ts';
import {
  COUNTER_SIZE,
  type Field,
  HEADER_TRAITS,
  headerOffsets,
  memoryFields,
  NOTICES_THERE,
  needSizes,
  twelveBytes,
  wholeTcp,
} from './record.ts';
import { texts } from './text-look.ts';

/** struct iphdr (linux/ip.h). */
const ip = { tos: 1, totalLength: 2, fragment: 6, ttl: 8, protocol: 9, source: 12, destination: 16 } as const;
const IP_HEADER = 20;
const TCP_FLAGS = 13;
const AH_SPI = 4;
const DCCP_TYPE = 8;
const [TCP, DCCP, AH, SCTP] = [6, 33, 51, 132];

/**
 * Reads the packet once. r7 is 0 until the traits are read, but nothing that the verifier knows of: numbers that it
 * knows, and that differ from path to path, it would follow path by path, and round by round through the loop.
 */
export function prologue(code: Assembler, options: MachineOptions): void {
  const wanted = options.fields;
  code.move(R6, R1);
  if (readPacket(options)) code.store(8, FP, frame.context, { register: R1 });
  code.mapValue(R7, machineMaps.records).load(8, R7, R7, headerOffsets.zero);
  code.load(4, R2, R6, context.len).store(8, FP, frame.length, { register: R2 });
  for (const [name, from] of [
    ['mark', context.mark],
    ['packetType', context.packetType],
    ['wholeLength', context.len],
    ['queue', context.queue],
    ['vlanThere', context.vlanThere],
    ['vlanTag', context.vlanTag],
    ['interfaceIndex', context.interfaceIndex],
    ['receiveHash', context.receiveHash],
  ] as const) {
    if (wanted.has(name)) code.load(4, R1, R6, from).store(4, FP, fieldOf(options, name), { register: R1 });
  }
  for (const [name, from] of [
    ['frameProtocol', context.protocol],
    ['vlanProtocol', context.vlanProtocol],
  ] as const) {
    if (wanted.has(name))
      code.load(4, R1, R6, from).swap(R1, 16).store(4, FP, fieldOf(options, name), { register: R1 });
  }
  code.store(8, FP, frame.odd, { register: R7 });
  code.call(helpers.processor);
  if (wanted.has('processor')) code.store(4, FP, fieldOf(options, 'processor'), { register: R0 });
  code.alu('mul', R0, options.counters * COUNTER_SIZE).store(8, FP, frame.slice, { register: R0 });
  names(code, options);
  incomingGroup(code, options);
  sender(code, options);
  deviceType(code, options);
  realm(code, options);
  clock(code, options);
  owner(code, options);
  conntrack(code, options);
  const mostlyTransport = needSizes[wholeTcp];
  for (const at of [0, 8, 16]) code.store(8, FP, frame.transport + at, { register: R7 });
  // nearly every packet has an IP header without options and as much behind it: one call reads both
  code.load(8, R9, FP, frame.length).branch(R9, '<', IP_HEADER + mostlyTransport, 'small');
  loadBytes(code, { from: 0, to: frame.ipHeader, size: IP_HEADER + mostlyTransport }).branch(R0, '!=', 0, 'drop');
  transportAt(code);
  fragmentOf(code).branch(R1, '!=', 0, 'forget').branch(R8, '==', IP_HEADER, 'parsed');
  code.label('forget');
  for (const at of [0, 8, 16]) code.store(8, FP, frame.transport + at, { register: R7 });
  code.jump('header-read');
  code.label('small');
  loadBytes(code, { from: 0, to: frame.ipHeader, size: IP_HEADER }).branch(R0, '!=', 0, 'drop');
  transportAt(code);
  code.label('header-read');
  fragmentOf(code).branch(R1, '==', 0, 'whole');
  code.move(R2, { value: odd.fragment }).branch(R1, '!=', 1, 'later-fragment').alu('or', R2, odd.offsetOne);
  code
    .label('later-fragment')
    .alu('xor', R2, { register: R7 })
    .store(8, FP, frame.odd, { register: R2 })
    .jump('parsed');
  code.label('whole');
  const isOdd = (bits: number) => code.move(R2, R7).alu('xor', R2, bits).store(8, FP, frame.odd, { register: R2 });
  const levels = ([wholeTcp, ...(options.twelveBytes ? [twelveBytes] : []), 2, 1] as const).map(
    (need) => [need, needSizes[need]] as const,
  );
  for (const [need, size] of levels) {
    const shorter = `shorter-${size}`;
    code.branch(R9, 's<', size, shorter);
    loadBytes(code, { from: { register: R8 }, to: frame.transport, size }).branch(R0, '!=', 0, 'drop');
    // all but TCP need 12 bytes at most, most of them 8
    const needMore = need === twelveBytes || !options.twelveBytes ? [TCP] : [TCP, AH, DCCP, SCTP];
    if (need === twelveBytes || need === 2) {
      code.load(1, R1, FP, frame.ipHeader + ip.protocol);
      for (const protocol of needMore) code.branch(R1, '==', protocol, `cut-${size}`);
      code.jump('parsed').label(`cut-${size}`);
    }
    if (need !== wholeTcp) isOdd(odd.header | need);
    code.jump('parsed').label(shorter);
  }
  isOdd(odd.header);
  code.label('parsed');

  notices(code, options);
  // traits
  code.load(1, R1, FP, frame.ipHeader + ip.protocol).alu('or', R7, { register: R1 });
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
  fieldsOf(code, options);
  code.load(8, R6, FP, frame.ipHeader + ip.source);
  code.load(8, R2, FP, frame.odd).constant(R9, -1n).branch(R2, '==', 0, 'begin').constant(R9, HEADER_TRAITS);
  code.label('begin');
  code.mapValue(R5, machineMaps.records);
  zero(code).alu('xor', R9, { register: R1 });
  // the branch has told something of it
  zero(code).alu('xor', R2, { register: R1 }).store(8, FP, frame.odd, { register: R2 });
  loopState(code, options);
  code.load(4, R8, R5, headerOffsets.start + 4 * options.hook);
  code.jump('loop');
}

/** Where the transport header is: r8 bytes of IP header, r9 bytes behind it. */
function transportAt(code: Assembler): Assembler {
  code.load(1, R8, FP, frame.ipHeader).alu('and', R8, 15).alu('lsh', R8, 2);
  return code.load(8, R9, FP, frame.length).alu('sub', R9, { register: R8 });
}

/** r1: the fragment's offset. */
function fragmentOf(code: Assembler): Assembler {
  return code
    .load(2, R1, FP, frame.ipHeader + ip.fragment)
    .swap(R1, 16)
    .alu('and', R1, 0x1fff);
}

/** r1: 0 as r7 above; r5 is the value of the records' map. */
function zero(code: Assembler): Assembler {
  return code.load(8, R1, R5, headerOffsets.zero);
}

/**
 * What the loop has in the frame. All of it is written here, also what is written again before it is read: only so is
 * a second round the same as the first to the verifier. And each gets a zero of its own, as it takes copies for equal.
 */
function loopState(code: Assembler, options: MachineOptions): void {
  const { jumps, lookups, fields } = options;
  if (jumps) {
    zero(code).store(8, FP, frame.depth, { register: R1 });
    // anywhere, as far as it knows, and so everywhere
    zero(code)
      .move(R2, R1)
      .alu('and', R2, 4 * MOST_JUMPS - 4);
    code.alu('add', R2, { register: FP }).store(4, R2, frame.jumps, { register: R1 });
  }
  for (const name of ['registerA', 'registerX', ...memoryFields] as const) {
    if (fields.has(name)) zero(code).store(4, FP, fieldOf(options, name), { register: R1 });
  }
  if (readPacket(options) || options.looks.has('ownerGroups')) {
    for (const at of [0, 8, 16]) zero(code).store(8, FP, frame.key + at, { register: R1 });
    // texts and link layers have smaller numbers there
    const smaller = [...texts, 'classicIndirect', 'classicLink'] as const;
    if (smaller.some((look) => options.looks.has(look))) code.store(4, FP, frame.key + 4, { register: R1 });
    // half of it once more: so it is anything, as what looks read there
    for (const [width, at] of [
      [8, 0],
      [4, 4],
    ] as const)
      code.store(width, FP, frame.scratch + at, { register: R1 });
  }
  if (!lookups) return;
  zero(code).constant(R2, BigInt(NONE)).alu('xor', R2, { register: R1 }).store(8, FP, frame.best, { register: R2 });
}

/** TCP's flags, of whatever stands behind the IP header: as xt_ecn.c's match_tcp reads them. */
function notices(code: Assembler, options: MachineOptions): void {
  if (!options.fields.has('tcpNotices')) return;
  const to = fieldOf(options, 'tcpNotices');
  code.store(4, FP, to, { register: R7 }).branch(R9, 's<', needSizes[wholeTcp], 'no-notices');
  code.move(R1, R8).alu('add', R1, TCP_FLAGS);
  loadBytes(code, { from: { register: R1 }, to: frame.scratch, size: 1 }).branch(R0, '!=', 0, 'drop');
  code.load(1, R1, FP, frame.scratch).alu('or', R1, NOTICES_THERE).store(4, FP, to, { register: R1 });
  code.label('no-notices');
}

function fieldsOf(code: Assembler, options: MachineOptions): void {
  const put = (name: Field, read: () => Assembler) => {
    if (options.fields.has(name)) read().store(4, FP, fieldOf(options, name), { register: R1 });
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
  put('ahSpi', () => code.load(4, R1, FP, frame.transport + AH_SPI).swap(R1, 32));
  put('dccpType', () => {
    code
      .load(1, R2, FP, frame.transport + DCCP_TYPE)
      .alu('rsh', R2, 1)
      .alu('and', R2, 15);
    return code.move(R1, { value: 1 }).alu('lsh', R1, { register: R2 });
  });
}
