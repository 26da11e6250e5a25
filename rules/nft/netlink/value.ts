import type { NftExpression } from '../json.ts';
import { type Datum, datumOfBigint, datumOfBytes, inHostOrder, inNetworkOrder, isSmall } from './datum.ts';
import type { Notation, Operand } from './load.ts';
import { unsupported } from './unsupported.ts';

/** Numbers as texts, which may be too large for JSON's. */
const decimal = /^(?:\d+|0x[\da-f]+)$/i;

/** The number that a value stands for, where it is below 2^53. */
export function numberOf(value: NftExpression, notation: Notation): number {
  if (typeof value === 'number') return whole(value, notation);
  if (typeof value === 'boolean') return notation === 'boolean' ? Number(value) : unsupported(`${value}`);
  if (typeof value !== 'string') return unsupported(`value ${JSON.stringify(value)}`);
  if (notation === 'address') return addressNumber(value);
  if (notation === 'milliseconds') return milliseconds(value);
  if (notation === 'class' && value.includes(':')) return classNumber(value);
  const named = typeof notation === 'object' && Object.hasOwn(notation, value) ? notation[value] : undefined;
  if (named !== undefined) return named;
  if (!decimal.test(value)) return unsupported(`value "${value}"`);
  return whole(Number(value), notation);
}

function whole(value: number, notation: Notation): number {
  if (!Number.isSafeInteger(value)) return unsupported(`number ${value}`);
  if (notation === 'interface name' || notation === 'text' || notation === 'ethernet address' || notation === 'boolean')
    return unsupported(`number ${value} for a ${notation}`);
  return notation === 'milliseconds' ? value * 1000 : value;
}

/** The number that a value stands for, of any size; several are those bits together. */
export function bigintOf(value: NftExpression, operand: Operand): bigint {
  const { notation, bits } = operand;
  if (Array.isArray(value)) {
    if (bits !== true) return unsupported('a list of what is no flags');
    return value.reduce<bigint>((sum, one) => sum | bigintOf(one, operand), 0n);
  }
  if (typeof value === 'object' && '|' in value) {
    return bigintOf(value['|'][0], operand) | bigintOf(value['|'][1], operand);
  }
  if (notation === 'bit') return 1n << BigInt(numberOf(value, 'number'));
  if (notation === 'nanoseconds') return BigInt(numberOf(value, 'number')) * 1_000_000_000n;
  if (notation === 'ethernet address' && typeof value === 'string') return ethernetAddress(value);
  if (notation === 'number' && typeof value === 'string' && decimal.test(value)) return BigInt(value);
  return BigInt(numberOf(value, notation));
}

/** The same for bits, several of which may be given at once. */
export function bitsOf(value: NftExpression, notation: Notation): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, one) => (sum | numberOf(one, notation)) >>> 0, 0);
  if (typeof value === 'object' && '|' in value)
    return (bitsOf(value['|'][0], notation) | bitsOf(value['|'][1], notation)) >>> 0;
  return numberOf(value, notation);
}

/** A value as the operand's register holds it; `shift` as in Evaluated. */
export function datumOf(value: NftExpression, operand: Operand, shift = 0): Datum {
  const { size, hostOrder, notation, bits } = operand;
  if (notation === 'interface name' || notation === 'text') {
    return typeof value === 'string' ? textDatum(value, operand) : unsupported(`text ${JSON.stringify(value)}`);
  }
  if (shift === 0 && isSmall(size) && bits !== true && typeof value !== 'object') {
    const number = numberOf(value, notation);
    return hostOrder === true ? inHostOrder(number, size) : inNetworkOrder(number, size);
  }
  return datumOfBigint(bigintOf(value, operand) << BigInt(shift), size, hostOrder === true);
}

/** The same, in network order whatever the operand's: for greater and less. */
export function orderedDatumOf(value: NftExpression, operand: Operand, shift = 0): Datum {
  return datumOf(value, operand.hostOrder === true ? { ...operand, hostOrder: false } : operand, shift);
}

function textDatum(text: string, { notation, size }: Operand): Datum {
  if (notation === 'interface name') return interfaceName(text);
  const bytes = new TextEncoder().encode(text);
  if (bytes.length === 0 || bytes.length >= size || /[*\\]/.test(text)) return unsupported(`text "${text}"`);
  const padded = new Uint8Array(size);
  padded.set(bytes);
  return { size, bytes: padded };
}

/** Bytes of an interface's name that are compared: all 16, or those before a trailing `*`. */
export function interfaceName(name: string): Datum {
  const isPrefix = name.endsWith('*') && !name.endsWith('\\*');
  const text = isPrefix ? name.slice(0, -1) : name.replace(/\\\*$/, '*');
  const bytes = new TextEncoder().encode(text);
  if (bytes.length === 0 || bytes.length > 15 || text.includes('\\')) return unsupported(`interface name "${name}"`);
  const padded = new Uint8Array(isPrefix ? bytes.length : 16);
  padded.set(bytes);
  return { size: padded.length, bytes: padded };
}

/** All bits of an address but the last so many are on. */
export function prefixMask(length: number, size: number): Datum {
  const bytes = Uint8Array.from({ length: size }, (_, at) => {
    const on = Math.min(8, Math.max(0, length - 8 * at));
    return (0xff00 >> on) & 0xff;
  });
  return datumOfBytes(bytes);
}

const DOT = 0x2e;
const ZERO = 0x30;

/** Four numbers of one to three digits. */
function addressNumber(text: string): number {
  let [address, byte, digits, dots] = [0, 0, 0, 0];
  for (let at = 0; at <= text.length; at += 1) {
    const code = at < text.length ? text.charCodeAt(at) : DOT;
    const digit = code - ZERO;
    if (digit >= 0 && digit <= 9 && digits < 3) {
      byte = byte * 10 + digit;
      digits += 1;
    } else if (code === DOT && digits > 0 && byte <= 255) {
      address = address * 256 + byte;
      [byte, digits] = [0, 0];
      dots += 1;
    } else return unsupported(`address "${text}"`);
  }
  return dots === 4 ? address : unsupported(`address "${text}"`);
}

/** "00:11:22:aa:bb:cc" */
function ethernetAddress(text: string): bigint {
  if (!/^[\da-f]{2}(?::[\da-f]{2}){5}$/i.test(text)) return unsupported(`Ethernet address "${text}"`);
  return BigInt(`0x${text.replaceAll(':', '')}`);
}

/** Major and minor number, hexadecimal. */
function classNumber(text: string): number {
  const [, major, minor] = /^([\da-f]{1,4}):([\da-f]{1,4})$/i.exec(text) ?? [];
  if (major === undefined || minor === undefined) return unsupported(`class "${text}"`);
  return Number.parseInt(major, 16) * 65536 + Number.parseInt(minor, 16);
}

/** "5s", "5s999ms", a number of seconds. */
function milliseconds(text: string): number {
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const [, seconds, rest = '0'] = /^(\d+)s(?:(\d+)ms)?$/.exec(text) ?? [];
  return seconds === undefined ? unsupported(`time "${text}"`) : Number(seconds) * 1000 + Number(rest);
}
