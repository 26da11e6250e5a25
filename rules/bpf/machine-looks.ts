import type { Assembler } from './assembler.ts';
import { FP, R0, R1, R2, R3, R4, type Register } from './instruction.ts';
import { chunks } from './machine-chunks.ts';
import { classicLooks } from './machine-classic.ts';
import { extensionLooks } from './machine-extensions.ts';
import { frame, helpers, type MachineOptions, WITHIN_PACKET } from './machine-frame.ts';
import { ownerGroups } from './machine-owner.ts';
import { fieldOf, loadInto, record } from './machine-read.ts';
import { text } from './machine-text.ts';
import { type LookAction, needSizes, recordOffsets, wholeTcp } from './record.ts';
import { texts } from './text-look.ts';

/** Where the machine goes on for a look. */
export function lookLabel(look: LookAction): string {
  return `look-${look}`;
}

const ofPacket: readonly LookAction[] = [
  ...(['tcpOption', 'segmentSize', 'u32Load', 'u32At', 'classicLoad', 'classicIndirect', 'classicLink'] as const),
  ...(['dccpOption', 'chunks'] as const),
  ...(['connectionCount', 'connectionLabel'] as const),
  ...texts,
];

/** Whether looks read the packet once more: its context is kept then. */
export function readPacket({ looks }: MachineOptions): boolean {
  return ofPacket.some((look) => looks.has(look));
}

/**
 * What records look at where a packet comes to them. Each begins at its label with r3 the record, and ends at `true` or
 * `false` with r3 the record again, or at `drop`.
 */
export function looks(code: Assembler, options: MachineOptions): void {
  for (const look of options.looks) {
    code.label(lookLabel(look));
    makers[look](code, options);
  }
  if (options.looks.has('u32Load') || options.looks.has('u32At')) u32Read(code, options);
}

const makers: Readonly<Record<LookAction, (code: Assembler, options: MachineOptions) => void>> = {
  random,
  nth,
  limit,
  quota,
  tcpOption,
  segmentSize,
  dccpOption,
  chunks,
  u32Load(code, options) {
    // 0, as nothing else stands there: one that the verifier doesn't know of
    code.load(4, R2, R3, recordOffsets.second).store(4, FP, fieldOf(options, 'registerX'), { register: R2 });
    code.load(4, R1, R3, recordOffsets.first).jump('u32-read');
  },
  u32At(code, options) {
    // as the kernel's u32 that overflows, or that passes the packet's end
    code.load(4, R1, FP, fieldOf(options, 'registerX')).load(4, R2, FP, fieldOf(options, 'registerA'));
    code.alu('add', R1, { register: R2 }).constant(R2, 0xffffffffn).branch(R1, '>', { register: R2 }, 'false');
    code.store(4, FP, fieldOf(options, 'registerX'), { register: R1 }).load(4, R2, R3, recordOffsets.first);
    code.alu('add', R1, { register: R2 }).jump('u32-read');
  },
  ownerGroups,
  u32And: (code, options) => arithmetic(code, options, 'and'),
  u32Left: (code, options) => arithmetic(code, options, 'lsh'),
  u32Right: (code, options) => arithmetic(code, options, 'rsh'),
  text: (code, options) => text(code, options, 'text'),
  longText: (code, options) => text(code, options, 'longText'),
  blockText: (code, options) => text(code, options, 'blockText'),
  longBlockText: (code, options) => text(code, options, 'longBlockText'),
  ...classicLooks,
  ...extensionLooks,
};

/** xt_statistic.c, XT_STATISTIC_MODE_RANDOM. */
function random(code: Assembler): void {
  code.call(helpers.random).alu('and', R0, 0x7fffffff);
  record(code).load(4, R1, R3, recordOffsets.first).branch(R0, '<', { register: R1 }, 'true').jump('false');
}

/** xt_statistic.c, XT_STATISTIC_MODE_NTH. */
function nth(code: Assembler): void {
  record(code).load(4, R2, R3, recordOffsets.first);
  code.label('nth-again').mayGoto('drop').load(4, R0, R3, recordOffsets.second);
  code.move(R1, R0).alu32('add', R1, 1).branch(R0, '!=', { register: R2 }, 'nth-next').move(R1, { value: 0 });
  code.label('nth-next');
  exchanged(code, recordOffsets.second, 'nth-again').branch(R1, '==', 0, 'true').jump('false');
}

/** Stores r1 where r0 still is what is there, else begins again. */
function exchanged(code: Assembler, at: number, again: string): Assembler {
  return code.move(R4, R0).compareExchange(4, R3, at, R1).branch(R0, '!=', { register: R4 }, again);
}

/**
 * xt_limit.c, limit_mt. A bucket is full until the first packet comes, as it is in the kernel, which alone takes a
 * day without any for less (its u32 wraps).
 */
function limit(code: Assembler, { creditsPerTick }: MachineOptions): void {
  if (creditsPerTick === undefined) throw new RangeError("what a limit gains isn't given");
  code.call(helpers.jiffies);
  record(code).move(R2, R0).exchange(8, R3, recordOffsets.filled, R2);
  code.branch(R2, '!=', 0, 'limit-since').move(R2, R0).label('limit-since');
  code.alu('sub', R0, { register: R2 }).alu32('mul', R0, creditsPerTick).move(R2, R0);
  code.label('limit-again').mayGoto('drop').load(4, R0, R3, recordOffsets.credit);
  code.move(R1, R0).alu32('add', R1, { register: R2 }).load(4, R4, R3, recordOffsets.second);
  code.branch(R1, '<=', { register: R4 }, 'limit-kept').move(R1, R4).label('limit-kept');
  code.load(4, R4, R3, recordOffsets.first).branch(R1, '<', { register: R4 }, 'limit-spent');
  code.alu32('sub', R1, { register: R4 });
  exchanged(code, recordOffsets.credit, 'limit-again').jump('true');
  code.label('limit-spent');
  exchanged(code, recordOffsets.credit, 'limit-again').jump('false');
}

/** xt_quota.c, quota_mt: a packet that is too long takes what is left. */
function quota(code: Assembler): void {
  record(code).load(8, R2, FP, frame.length);
  code.label('quota-again').mayGoto('drop').load(8, R0, R3, recordOffsets.filled);
  code.move(R4, R0).branch(R0, '<', { register: R2 }, 'quota-over').move(R1, R0).alu('sub', R1, { register: R2 });
  code.compareExchange(8, R3, recordOffsets.filled, R1).branch(R0, '!=', { register: R4 }, 'quota-again').jump('true');
  code.label('quota-over').move(R1, { value: 0 });
  code.compareExchange(8, R3, recordOffsets.filled, R1).branch(R0, '!=', { register: R4 }, 'quota-again').jump('false');
}

/** In the frame's key: where the next option begins, and where they end; bytes from the IP header on. */
const [at, end] = [frame.key, frame.key + 8];
const TCP_LENGTH = 12;
const TCP_HEADER = needSizes[wholeTcp];

/** xt_tcpudp.c, tcp_mt and tcp_find_option; the header was there whole when the ports were compared. */
function tcpOption(code: Assembler): void {
  code.load(1, R1, FP, frame.transport + TCP_LENGTH);
  options(code, 'option', () => {
    record(code).load(1, R1, FP, frame.scratch).load(4, R2, R3, recordOffsets.first);
    code.branch(R1, '==', { register: R2 }, 'true');
  });
}

const [SEGMENT_SIZE, ITS_BYTES] = [2, 4];

/** xt_tcpmss.c, tcpmss_mt: of whatever stands behind the IP header. */
function segmentSize(code: Assembler): void {
  ipHeader(code, R1).load(8, R2, FP, frame.length).alu('sub', R2, { register: R1 });
  code.branch(R2, 's<', TCP_HEADER, 'drop').alu('add', R1, TCP_LENGTH);
  loadInto(code, { from: R1, to: frame.scratch, size: 1 }).load(1, R1, FP, frame.scratch);
  options(code, 'segment', () => {
    code.load(1, R1, FP, frame.scratch).branch(R1, '!=', SEGMENT_SIZE, 'segment-other');
    code.load(8, R1, FP, at).load(8, R2, FP, end).alu('sub', R2, { register: R1 });
    code.branch(R2, 's<', ITS_BYTES, 'segment-long').alu('add', R1, 1);
    loadInto(code, { from: R1, to: frame.scratch, size: ITS_BYTES - 1 })
      .load(1, R1, FP, frame.scratch)
      .branch(R1, '!=', ITS_BYTES, 'segment-long');
    code
      .load(1, R1, FP, frame.scratch + 1)
      .alu('lsh', R1, 8)
      .load(1, R2, FP, frame.scratch + 2);
    code.alu('or', R1, { register: R2 });
    record(code).load(4, R2, R3, recordOffsets.first).alu32('sub', R1, { register: R2 });
    code.load(4, R2, R3, recordOffsets.second).branch(R1, '<=', { register: R2 }, 'true').jump('false');
    code.label('segment-other');
  });
}

/** Of DCCP's headers by their types, in words of 4 bytes: half a byte each, from the lowest (dccp_packet_hdr_len, linux/dccp.h). */
const DCCP_LENGTHS = 0x3333332232222031n;
const dccp = { doff: 4, type: 8, size: 12 } as const;

/** xt_dccp.c, dccp_find_option. */
function dccpOption(code: Assembler): void {
  code.load(1, R1, FP, frame.transport + dccp.type).move(R2, R1);
  // with the longer sequence number, 4 bytes more
  code
    .alu('and', R2, 1)
    .alu('add', R2, dccp.size / 4)
    .alu('rsh', R1, 1)
    .alu('and', R1, 15)
    .alu('mul', R1, 4);
  code.constant(R4, DCCP_LENGTHS).alu('rsh', R4, { register: R1 }).alu('and', R4, 15);
  code.alu('add', R2, { register: R4 }).load(1, R1, FP, frame.transport + dccp.doff);
  code.branch(R1, '<', { register: R2 }, 'drop').branch(R1, '==', { register: R2 }, 'false');
  ipHeader(code, R4).alu('lsh', R1, 2).alu('lsh', R2, 2);
  code.alu('add', R1, { register: R4 }).alu('add', R2, { register: R4 });
  optionsBetween(code, 'dccp-option', () => {
    record(code).load(1, R1, FP, frame.scratch).load(4, R2, R3, recordOffsets.first);
    code.branch(R1, '==', { register: R2 }, 'true');
  });
}

/** r1 is TCP's byte with the header's length. Calls for each option, its kind in `scratch`; where they end, the look is false. */
function options(code: Assembler, name: string, each: () => void): void {
  code.alu('rsh', R1, 4).alu('lsh', R1, 2).branch(R1, '<', TCP_HEADER, 'drop');
  ipHeader(code, R2).alu('add', R1, { register: R2 }).alu('add', R2, TCP_HEADER);
  optionsBetween(code, name, each);
}

/** The same of options from r2 to r1. */
function optionsBetween(code: Assembler, name: string, each: () => void): void {
  code.store(8, FP, at, { register: R2 }).store(8, FP, end, { register: R1 });
  code.load(8, R2, FP, frame.length).branch(R1, '>', { register: R2 }, 'drop');
  code.label(`${name}-next`).mayGoto('drop').load(8, R1, FP, at).load(8, R2, FP, end);
  code.branch(R1, '>=', { register: R2 }, `${name}-none`);
  loadInto(code, { from: R1, to: frame.scratch, size: 1 });
  each();
  code.load(1, R2, FP, frame.scratch).move(R1, { value: 1 }).branch(R2, '<', 2, `${name}-step`);
  // an option with a length, which no option has in the last byte
  code.label(`${name}-long`).load(8, R1, FP, at).alu('add', R1, 1).load(8, R2, FP, end);
  code.branch(R1, '>=', { register: R2 }, `${name}-none`);
  loadInto(code, { from: R1, to: frame.scratch, size: 1 })
    .load(1, R1, FP, frame.scratch)
    .branch(R1, '!=', 0, `${name}-step`)
    .move(R1, { value: 1 });
  code.label(`${name}-step`).load(8, R2, FP, at).alu('add', R2, { register: R1 }).alu('and', R2, WITHIN_PACKET);
  code.store(8, FP, at, { register: R2 }).jump(`${name}-next`);
  code.label(`${name}-none`);
  record(code).jump('false');
}

/** Its length. */
function ipHeader(code: Assembler, to: Register): Assembler {
  return code.load(1, to, FP, frame.ipHeader).alu('and', to, 15).alu('lsh', to, 2);
}

/** xt_u32.c, u32_match_it: r1 is where to read. */
function u32Read(code: Assembler, machineOptions: MachineOptions): void {
  code.label('u32-read').move(R2, R1).alu('add', R2, 4).load(8, R4, FP, frame.length);
  code.branch(R2, '>', { register: R4 }, 'false');
  loadInto(code, { from: R1, to: frame.scratch, size: 4 }).load(4, R1, FP, frame.scratch).swap(R1, 32);
  code.store(4, FP, fieldOf(machineOptions, 'registerA'), { register: R1 });
  record(code).jump('true');
}

function arithmetic(code: Assembler, machineOptions: MachineOptions, operation: 'and' | 'lsh' | 'rsh'): void {
  const value = fieldOf(machineOptions, 'registerA');
  code.load(4, R1, FP, value).load(4, R2, R3, recordOffsets.first).alu32(operation, R1, { register: R2 });
  code.store(4, FP, value, { register: R1 }).jump('true');
}
