import type { NftLimit, NftLog } from '../json.ts';
import { type Datum, type SmallDatum, type SmallSize, writeDatum } from './datum.ts';
import type { Load } from './load.ts';
import { dataAttribute, expressionAttribute, LIST_ELEMENT, verdictAttribute } from './numbers.ts';
import type { Subject } from './step.ts';
import { unsupported } from './unsupported.ts';
import { type MessageWriter, prepared, swap32 } from './writer.ts';

/** The kernel's expressions as attributes; the numbers are those of enum nft_NAME_attributes (linux/netfilter/nf_tables.h). */

const names = [
  'payload',
  'meta',
  'ct',
  'exthdr',
  'bitwise',
  'byteorder',
  'cmp',
  'range',
  'lookup',
  'objref',
  'limit',
  'log',
  'reject',
  'immediate',
  'match',
  'target',
] as const;
type ExpressionName = (typeof names)[number];

const nameAttributes = Object.fromEntries(
  names.map((name) => [name, prepared((writer) => writer.text(expressionAttribute.name, name))]),
) as Readonly<Record<ExpressionName, Uint32Array>>;

/** The one register in use. */
const REGISTER = 1;
const VERDICT_REGISTER = 0;

/** One expression: its name, and its own attributes by `write`. */
export function expression(writer: MessageWriter, name: ExpressionName, write: (writer: MessageWriter) => void): void {
  const element = writer.open(LIST_ELEMENT);
  writer.copy(nameAttributes[name]);
  const data = writer.open(expressionAttribute.data);
  write(writer);
  writer.close(data);
  writer.close(element);
}

/** Loads are made once and copied: there are only so many fields and keys. */
const loads = new Map<number, Uint32Array>();

/** Tells loads apart. */
function loadKey(load: Load): number {
  switch (load.kind) {
    case 'payload':
      return ((load.base << 20) | (load.offset << 8) | load.bits) * 4;
    case 'meta':
      return load.key * 4 + 1;
    case 'ct':
      return (load.key * 4 + (load.direction ?? 2)) * 4 + 2;
    case 'tcp option':
      return load.option * 4 + 3;
    default:
      return load satisfies never;
  }
}

/** Loads register 1, masks and turns it as the subject says. */
export function writeSubject(writer: MessageWriter, { load, mask, size, swapped }: Subject): void {
  writeLoad(writer, load);
  if (mask !== undefined) writeBitwise(writer, mask, 0);
  if (swapped === true) writeByteorder(writer, size);
}

function writeLoad(writer: MessageWriter, load: Load): void {
  const key = loadKey(load);
  let known = loads.get(key);
  if (known === undefined) {
    known = prepared((into) => writeLoadExpression(into, load));
    loads.set(key, known);
  }
  writer.copy(known);
}

const TCP_OPTION = 1; // NFT_EXTHDR_OP_TCPOPT
const PRESENT = 1; // NFT_EXTHDR_F_PRESENT

function writeLoadExpression(writer: MessageWriter, load: Load): void {
  switch (load.kind) {
    case 'payload':
      expression(writer, 'payload', () => {
        writer.u32(1, REGISTER);
        writer.u32(2, load.base);
        writer.u32(3, load.offset / 8);
        writer.u32(4, load.bits / 8);
      });
      break;
    case 'meta':
      expression(writer, 'meta', () => {
        writer.u32(2, load.key);
        writer.u32(1, REGISTER);
      });
      break;
    case 'ct':
      expression(writer, 'ct', () => {
        writer.u32(2, load.key);
        writer.u32(1, REGISTER);
        if (load.direction !== undefined) writer.u8(3, load.direction);
      });
      break;
    case 'tcp option':
      expression(writer, 'exthdr', () => {
        writer.u32(1, REGISTER);
        writer.u8(2, load.option);
        writer.u32(3, 0);
        writer.u32(4, 1);
        writer.u32(6, TCP_OPTION);
        writer.u32(5, PRESENT);
      });
      break;
    default:
      load satisfies never;
  }
}

/** register = (register & mask) ^ xor */
function writeBitwise(writer: MessageWriter, mask: SmallDatum, xor: number): void {
  expression(writer, 'bitwise', () => {
    writer.u32(1, REGISTER);
    writer.u32(2, REGISTER);
    writer.u32(3, mask.size);
    writeDatum(writer, 4, mask);
    writeDatum(writer, 5, { size: mask.size, word: xor });
  });
}

const HTON = 1; // NFT_BYTEORDER_HTON

function writeByteorder(writer: MessageWriter, size: number): void {
  expression(writer, 'byteorder', () => {
    writer.u32(1, REGISTER);
    writer.u32(2, REGISTER);
    writer.u32(3, HTON);
    writer.u32(4, size);
    writer.u32(5, size);
  });
}

export function writeCompare(writer: MessageWriter, op: number, value: Datum): void {
  if ('word' in value) {
    const { words, operator, datum } = compareForms[value.size];
    const start = writer.copy(words);
    writer.patch(start + operator, swap32(op));
    writer.patch(start + datum, value.word);
  } else writeCompareExpression(writer, op, value);
}

function writeCompareExpression(writer: MessageWriter, op: number, value: Datum): void {
  expression(writer, 'cmp', () => {
    writer.u32(1, REGISTER);
    writer.u32(2, op);
    writeDatum(writer, 3, value);
  });
}

/** A comparison of so many bytes, and where in it the operator and the value stand: most expressions are comparisons. */
function compareForm(size: SmallSize) {
  const [marker, word] = [0x7f7f7f7f, 0x55aa55aa];
  const words = prepared((writer) => writeCompareExpression(writer, marker, { size, word }));
  return { words, operator: words.indexOf(marker), datum: words.indexOf(word) };
}

const compareForms = { 1: compareForm(1), 2: compareForm(2), 3: compareForm(3), 4: compareForm(4) } as const;

const OUTSIDE = 1; // NFT_RANGE_NEQ

/** Not from `from` to `to`. */
export function writeOutside(writer: MessageWriter, from: Datum, to: Datum): void {
  expression(writer, 'range', () => {
    writer.u32(1, REGISTER);
    writer.u32(2, OUTSIDE);
    writeDatum(writer, 3, from);
    writeDatum(writer, 4, to);
  });
}

const LOOKUP_INVERTED = 1; // NFT_LOOKUP_F_INV

/** In a set of the same batch. */
export function writeLookup(writer: MessageWriter, name: string, id: number, inverted: boolean): void {
  expression(writer, 'lookup', () => {
    writer.u32(2, REGISTER);
    writer.text(1, name);
    writer.u32(4, id);
    if (inverted) writer.u32(5, LOOKUP_INVERTED);
  });
}

/** A named object: it counts, or lets pass as many as it allows. */
export function writeObject(writer: MessageWriter, type: number, name: string): void {
  expression(writer, 'objref', () => {
    writer.u32(1, type);
    writer.text(2, name);
  });
}

const seconds: Readonly<Record<NftLimit['per'], number>> = {
  second: 1,
  minute: 60,
  hour: 3_600,
  day: 86_400,
  week: 604_800,
};
const PACKETS = 0; // NFT_LIMIT_PKTS

/** What a limit and a limit object have in common. */
export function writeLimitData(writer: MessageWriter, { rate, per, burst, inv = false }: NftLimit): void {
  writer.u64(1, rate);
  writer.u64(2, seconds[per]);
  writer.u32(3, burst);
  writer.u32(4, PACKETS);
  writer.u32(5, inv ? 1 : 0); // NFT_LIMIT_F_INV
}

export function writeLimit(writer: MessageWriter, limit: NftLimit): void {
  expression(writer, 'limit', () => writeLimitData(writer, limit));
}

const levels: readonly string[] = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug'];
/** NF_LOG_* (linux/netfilter/nf_log.h) by nft's names. */
const logFlags: Readonly<Record<string, number>> = {
  'tcp sequence': 1,
  'tcp options': 2,
  'ip options': 4,
  skuid: 8,
  ether: 0x20,
  all: 0x2f,
};

export function writeLog(writer: MessageWriter, { prefix, level, flags = [] }: NftLog): void {
  const number = level === undefined ? undefined : levels.indexOf(level);
  if (number === -1) unsupported(`log level "${level ?? ''}"`);
  const bits = [flags].flat().reduce((sum, flag) => sum | (logFlags[flag] ?? unsupported(`log flag "${flag}"`)), 0);
  expression(writer, 'log', () => {
    if (prefix !== undefined) writer.text(2, prefix);
    if (number !== undefined) writer.u32(5, number);
    if (bits !== 0) writer.u32(6, bits);
  });
}

export function writeReject(writer: MessageWriter, type: number, code: number): void {
  expression(writer, 'reject', () => {
    writer.u32(1, type);
    writer.u8(2, code);
  });
}

/** A verdict that ends the rule. */
export function writeVerdict(writer: MessageWriter, code: number, chain: string | undefined): void {
  expression(writer, 'immediate', () => {
    writer.u32(1, VERDICT_REGISTER);
    const data = writer.open(2);
    const verdict = writer.open(dataAttribute.verdict);
    writer.u32(verdictAttribute.code, code);
    if (chain !== undefined) writer.text(verdictAttribute.chain, chain);
    writer.close(verdict);
    writer.close(data);
  });
}

const META_MARK = 3; // NFT_META_MARK
const MARK: Load = { kind: 'meta', key: META_MARK };

/** mark = (mark & mask) ^ xor, or xor alone. */
export function writeMark(writer: MessageWriter, mask: number | undefined, xor: number): void {
  if (mask === undefined) {
    expression(writer, 'immediate', () => {
      writer.u32(1, REGISTER);
      writeDatum(writer, 2, { size: 4, word: xor });
    });
  } else {
    writeLoad(writer, MARK);
    writeBitwise(writer, { size: 4, word: mask }, xor);
  }
  expression(writer, 'meta', () => {
    writer.u32(2, META_MARK);
    writer.u32(3, REGISTER);
  });
}
