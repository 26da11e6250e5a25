import { describe, expect, test } from 'vitest';
import { masked } from './masked.ts';
import { checksum, type IpFields, ip, type Transport, usualId } from './packet.ts';

const icmp = (type: number): Transport => ({
  protocol: 1,
  bytes: () => Buffer.from([type, 0, 0xab, 0xcd, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]),
});
const udp: Transport = { protocol: 17, bytes: () => Buffer.from([0, 53, 0, 53, 0, 8, 0xab, 0xcd]) };

/** A packet's bytes, its id (4) and checksum (10) zeros. */
function withoutId(packet: Buffer): Buffer {
  const copy = Buffer.from(packet);
  copy.writeUInt16BE(0, 4);
  copy.writeUInt16BE(0, 10);
  return copy;
}

describe('what is masked of a packet', () => {
  test.each<[title: string, transport: Transport, fields: IpFields, isKept: boolean]>([
    ['of the tests', udp, {}, true],
    ['of the tests, with options', udp, { options: [1, 1, 1, 1] }, true],
    ['of a stack', udp, { id: usualId + 1 }, false],
    ['of a stack that numbers none', udp, { id: 0 }, false],
    ['an echo request of the tests', icmp(8), {}, true],
    ['an echo request of a stack', icmp(8), { id: 7 }, false],
    ['an answer of the kernel', icmp(3), { id: 7 }, false],
    ["an answer of the kernel, by chance with the tests' id", icmp(3), {}, false],
    ['such an answer behind options', icmp(11), { options: [1, 1, 1, 1] }, false],
    ['what only looks like one: no ICMP', { ...udp, bytes: icmp(3).bytes }, {}, true],
  ])('%s', (_title, transport, fields, isKept) => {
    const packet = ip(transport, fields);
    const before = Buffer.from(packet);
    expect(masked(packet)).toEqual(isKept ? packet : withoutId(packet));
    expect(packet).toEqual(before);
    expect(checksum(packet.subarray(0, ((packet[0] ?? 0) & 0xf) * 4))).toBe(0);
  });

  test.each([0, 3, 4, 5, 11, 12])('the answer of type %i: all but the id stays', (type) => {
    const packet = ip(icmp(type));
    expect(masked(packet)).toEqual(withoutId(packet));
  });

  test.each([0, 4])("a timestamp reply: the time of day, the sum over it, but not the asker's time", (options) => {
    const packet = ip(icmp(14), { options: Array.from({ length: options }, () => 1) });
    const wanted = withoutId(packet);
    const body = wanted.subarray(20 + options);
    body.fill(0, 2, 4); // checksum
    body.fill(0, 12); // received, transmitted
    expect(masked(packet)).toEqual(wanted);
    expect(body.subarray(4, 12)).toEqual(Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]));
  });

  test.each([11, 4, 1, 0])('a packet that is cut at %i bytes, in its header, has none to keep', (length) => {
    const packet = ip(udp).subarray(0, length);
    const wanted = Buffer.from(packet);
    wanted.subarray(4, 6).fill(0);
    wanted.subarray(10, 12).fill(0);
    expect(masked(packet)).toEqual(wanted);
  });
});
