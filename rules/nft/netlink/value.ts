import type { NftExpression } from '../json.ts';
import { type Datum, inHostOrder, inNetworkOrder, type SmallDatum } from './datum.ts';
import type { Notation, Operand } from './load.ts';
import { unsupported } from './unsupported.ts';

/** The number that a value stands for. */
export function numberOf(value: NftExpression, notation: Notation): number {
  if (typeof value === 'number') return Number.isInteger(value) ? value : unsupported(`number ${value}`);
  if (typeof value === 'boolean') return notation === 'boolean' ? Number(value) : unsupported(`${value}`);
  if (typeof value !== 'string') return unsupported(`value ${JSON.stringify(value)}`);
  if (notation === 'address') return addressNumber(value);
  if (notation === 'milliseconds') return milliseconds(value);
  const named = typeof notation === 'object' ? notation[value] : undefined;
  return named ?? unsupported(`value "${value}"`);
}

/** The same for bits, several of which may be given at once. */
export function bitsOf(value: NftExpression, notation: Notation): number {
  if (!Array.isArray(value)) return numberOf(value, notation);
  return value.reduce<number>((sum, one) => (sum | numberOf(one, notation)) >>> 0, 0);
}

/** A number as the operand's register holds it. */
export function datumOf(value: number, { size, hostOrder }: Operand): SmallDatum {
  if (size === 16) return unsupported(`number ${value} for a text`);
  return hostOrder === true ? inHostOrder(value, size) : inNetworkOrder(value, size);
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

/** "5s", "5s999ms". */
function milliseconds(text: string): number {
  const [, seconds, rest = '0'] = /^(\d+)s(?:(\d+)ms)?$/.exec(text) ?? [];
  return seconds === undefined ? unsupported(`time "${text}"`) : Number(seconds) * 1000 + Number(rest);
}
