import type { Look } from '../../rules/bpf/test.ts';

/** What a match of a rule keeps from packet to packet. */
export interface State {
  left?: number;
  bytes?: bigint;
}

/**
 * What the kernel's matches do that look at more than fields, or remember. Buckets aren't filled: no time passes.
 *
 * @param length of the packet
 * @param transport what stands behind its IP header
 * @returns `drop` where the packet is broken
 */
export function lookAt(look: Look, length: number, transport: Buffer, state: State): boolean | 'drop' {
  const { kind, first = 0, second = 0, credit = 0, bytes = 0n } = look;
  switch (kind) {
    case 'nth': {
      const count = state.left ?? second;
      state.left = count === first ? 0 : (count + 1) >>> 0;
      return state.left === 0;
    }
    case 'limit': {
      const left = state.left ?? credit;
      state.left = left >= first ? left - first : left;
      return left >= first;
    }
    case 'quota': {
      const left = (state.bytes ?? bytes) - BigInt(length);
      state.bytes = left < 0n ? 0n : left;
      return left >= 0n;
    }
    case 'tcpOption':
      return tcpOptions(transport)?.some(([option]) => option === first) ?? 'drop';
    case 'segmentSize': {
      const options = tcpOptions(transport);
      if (options === undefined) return 'drop';
      const size = options.find((option) => option[0] === 2 && option[1] === 4 && option.length >= 4)?.readUInt16BE(2);
      return size !== undefined && size >= first && size <= first + second;
    }
    case 'dccpOption':
      return dccpOptions(transport)?.some(([option]) => option === first) ?? 'drop';
    case 'chunks':
      return chunksMeet(look, transport);
    default:
      throw new TypeError(`${kind} isn't looked at alone`);
  }
}

/** From the begin of each option to the end of all, in a TCP header; undefined where it isn't there whole. */
function tcpOptions(transport: Buffer): readonly Buffer[] | undefined {
  const length = transport.length < 20 ? 0 : (transport.readUInt8(12) >> 4) * 4;
  if (length < 20 || length > transport.length) return undefined;
  return optionsIn(transport.subarray(20, length));
}

function optionsIn(bytes: Buffer): readonly Buffer[] {
  const options: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const option = bytes.subarray(at);
    options.push(option);
    at += (option[0] ?? 0) < 2 ? 1 : option[1] || 1;
  }
  return options;
}

/** From the begin of each option to the end of all, in a DCCP header; undefined where it isn't there whole. */
function dccpOptions(transport: Buffer): readonly Buffer[] | undefined {
  const [words = 0, type = 0] = [transport[4], transport[8]];
  const ofType = [4, 12, 0, 8, 8, 8, 8, 12, 8, 8][(type >> 1) & 15] ?? 12;
  const begin = 12 + (type & 1) * 4 + ofType;
  if (words * 4 < begin) return undefined;
  if (words * 4 === begin) return [];
  if (words * 4 > transport.length) return undefined;
  return optionsIn(transport.subarray(begin, words * 4));
}

/** match_packet (net/netfilter/xt_sctp.c). */
function chunksMeet({ first, bytes = 0n, data = new Uint8Array() }: Look, transport: Buffer): boolean | 'drop' {
  let seen = 0n;
  let at = 12;
  do {
    if (at + 4 > transport.length || transport.readUInt16BE(at + 2) === 0) return 'drop';
    const [type = 0, flags = 0] = transport.subarray(at);
    at += (transport.readUInt16BE(at + 2) + 3) & ~3;
    const [asked = 0, mask = 0, wanted = 0, bit = 0] = data.subarray(4 * type);
    const meets = asked !== 0 && (flags & mask) === wanted;
    if (meets && first === 1) return true;
    if (!meets && first === 4) return false;
    if (meets) seen |= 1n << BigInt(bit);
  } while (at < transport.length);
  return first === 4 || (first === 2 && seen === bytes);
}
