import type { NftExpression } from '../json.ts';
import { u8, u32 } from './expression.ts';
import type { Load, Notation, Operand } from './load.ts';
import { unsupported } from './unsupported.ts';

/** NFT_EXTHDR_OP_* */
const operation = { tcp: 1, ip: 2, sctp: 3 } as const;
const PRESENT = 1; // NFT_EXTHDR_F_PRESENT

type Fields = Readonly<Record<string, readonly [offset: number, bits: number]>>;
interface Option {
  readonly type: number;
  readonly fields: Fields;
}

function option(type: number, fields: Fields = {}): Option {
  return { type, fields };
}

/** Kind and length come first in all but the shortest. */
const tcpCommon: Fields = { kind: [0, 8], length: [8, 8] };
const tcpOptions: Readonly<Record<string, Option>> = {
  eol: option(0),
  nop: option(1),
  maxseg: option(2, { size: [16, 16] }),
  window: option(3, { count: [16, 8] }),
  'sack-perm': option(4),
  'sack-permitted': option(4),
  sack: option(5, { left: [16, 32], right: [48, 32] }),
  timestamp: option(8, { tsval: [16, 32], tsecr: [48, 32] }),
};

const ipCommon: Fields = { type: [0, 8], length: [8, 8], ptr: [16, 8], addr: [24, 32] };
const ipOptions: Readonly<Record<string, Option>> = {
  rr: option(7, ipCommon),
  lsrr: option(131, ipCommon),
  ssrr: option(137, ipCommon),
  ra: option(148, { type: [0, 8], length: [8, 8], value: [16, 16] }),
};

const chunkCommon: Fields = { type: [0, 8], flags: [8, 8], length: [16, 16] };
const chunks: Readonly<Record<string, Option>> = Object.fromEntries(
  Object.entries({
    data: 0,
    init: 1,
    'init-ack': 2,
    sack: 3,
    heartbeat: 4,
    'heartbeat-ack': 5,
    abort: 6,
    shutdown: 7,
    'shutdown-ack': 8,
    error: 9,
    'cookie-echo': 10,
    'cookie-ack': 11,
    ecne: 12,
    cwr: 13,
    'shutdown-complete': 14,
    'asconf-ack': 0x80,
    'forward-tsn': 0xc0,
    asconf: 0xc1,
  }).map(([name, type]) => [name, option(type, chunkCommon)]),
);

function fieldLoad(op: number, type: number, offset: number, bits: number): Load {
  const attributes = [u8(2, type), u32(3, offset / 8), u32(4, Math.ceil(bits / 8)), u32(6, op)];
  return { kind: 'other', name: 'exthdr', register: 1, attributes };
}

function presenceLoad(op: number, type: number): Load {
  const attributes = [u8(2, type), u32(3, 0), u32(4, 1), u32(6, op), u32(5, PRESENT)];
  return { kind: 'other', name: 'exthdr', register: 1, attributes };
}

function operandOfField(op: number, type: number, [offset, bits]: readonly [number, number]): Operand {
  if (offset % 8 !== 0 || bits % 8 !== 0 || bits > 128) return unsupported(`bits ${offset}, ${bits} of an option`);
  const load = fieldLoad(op, type, offset, bits);
  return { load, size: bits / 8, notation: 'number' };
}

/** Whether one is there. */
function presence(op: number, type: number): Operand {
  const notation: Notation = 'boolean';
  return { load: presenceLoad(op, type), size: 1, notation };
}

type Named = { readonly name: string; readonly field?: string };

function named(op: number, what: string, options: Readonly<Record<string, Option>>, { name, field }: Named): Operand {
  const found = options[name];
  if (found === undefined) return unsupported(`${what} "${name}"`);
  if (field === undefined) return presence(op, found.type);
  const place = { ...(op === operation.tcp ? tcpCommon : {}), ...found.fields }[field];
  return place === undefined ? unsupported(`${what} ${name} ${field}`) : operandOfField(op, found.type, place);
}

type Of<Key extends string> = Extract<NftExpression, Readonly<Record<Key, unknown>>>[Key];

export function tcpOption(option: Of<'tcp option'>): Operand {
  if (!('base' in option)) return named(operation.tcp, 'tcp option', tcpOptions, option);
  const { base, offset, len } = option;
  const operand = operandOfField(operation.tcp, base, [offset, len]);
  return offset === 0 && len === 8 ? { ...operand, presence: presenceLoad(operation.tcp, base) } : operand;
}

export function ipOption(option: Of<'ip option'>): Operand {
  return named(operation.ip, 'ip option', ipOptions, option);
}

export function sctpChunk(chunk: Of<'sctp chunk'>): Operand {
  return named(operation.sctp, 'sctp chunk', chunks, chunk);
}

/** The kind of a TCP option. */
export function tcpOptionKind(name: string): number {
  return tcpOptions[name]?.type ?? unsupported(`tcp option "${name}"`);
}
