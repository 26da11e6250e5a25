import { cannotExpress } from '../extension.ts';
import type { InterfaceMatch } from '../ir.ts';
import type { Condition } from './condition.ts';

type Direction = 'iif' | 'oif';

/** Room of an interface name, its NUL included (IFNAMSIZ). */
const SIZE = 16;

/** Longest string that nft takes for a name, escapes included. */
const LONGEST = 15;

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * A test of the interface a packet came by or leaves by. The kernel compares the 16 bytes of the
 * device's name under a mask (ifname_compare_aligned, net/ipv4/netfilter/ip_tables.c); without a device
 * (`! -i lo` in OUTPUT) the name is empty, for nft too. Throws `not-expressible` for masks that are no
 * leading bytes and for names that nft can't be told.
 */
export function interfaceTest(direction: Direction, { name, mask }: InterfaceMatch, inverted: boolean): Condition {
  const length = maskedBytes(direction, mask);
  if (length === 0) return inverted ? 'never' : [];
  const op = inverted ? '!=' : '==';
  const wanted = name.subarray(0, length);
  const end = wanted.indexOf(0);
  if (end >= 0 && wanted.subarray(end).some((byte) => byte !== 0)) {
    cannotExpress(`bytes behind the end of an interface name (${direction}) are compared`);
  }
  // no device's name fills all 16 bytes
  if (end < 0 && length === SIZE) return inverted ? [] : 'never';
  if (end === 0) return [{ match: { op, left: { meta: { key: direction } }, right: 0 } }];
  const text = nameText(direction, end < 0 ? wanted : wanted.subarray(0, end));
  // 15 bytes leave room for the NUL only
  const right = end < 0 && length < SIZE - 1 ? wildcard(text) : literal(text);
  return [{ match: { op, left: { meta: { key: `${direction}name` } }, right } }];
}

/** How many leading bytes are compared. */
function maskedBytes(direction: Direction, mask: Uint8Array): number {
  let length = 0;
  while (mask[length] === 0xff) length += 1;
  for (let at = length; at < SIZE; at += 1) {
    if (mask[at] !== 0) {
      cannotExpress(`interface mask (${direction}) ${Buffer.from(mask).toString('hex')} is not one of leading bytes`);
    }
  }
  return length;
}

function nameText(direction: Direction, bytes: Uint8Array): string {
  const text = utf8(bytes);
  if (text === undefined)
    return cannotExpress(`interface name (${direction}) ${Buffer.from(bytes).toString('hex')} is not UTF-8`);
  if (text.startsWith('@')) return cannotExpress(`interface name "${text}": nft takes a leading @ for a set`);
  return text;
}

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** A leading part of the name: nft's trailing `*`. A backslash before it would take its meaning away. */
function wildcard(prefix: string): string {
  if (prefix.endsWith('\\')) cannotExpress(`interface prefix "${prefix}": nft takes its backslash for an escape`);
  return `${prefix}*`;
}

/** A whole name. One that ends in `*` is escaped; nft then takes every backslash of it for an escape. */
function literal(name: string): string {
  if (!name.endsWith('*')) return name;
  if (name.includes('\\') || Buffer.byteLength(name) === LONGEST) {
    cannotExpress(`interface name "${name}": nft can't be told that its * is no wildcard`);
  }
  return `${name.slice(0, -1)}\\*`;
}
