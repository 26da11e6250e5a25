import { describe, expect, it } from 'vitest';
import { address, checksum, ip, quad } from '../packets/packet.ts';
import { icmp, plain, tcp, udp } from '../packets/transport.ts';
import { answerTo } from './answer.ts';

const SYN = 2;
const RST = 4;
const ACK = 16;
const FIN = 1;

function tcpOf(packet: Buffer | undefined): { flags?: number; sequence?: number; acknowledgement?: number } {
  const body = packet?.subarray(20);
  return { flags: body?.[13], sequence: body?.readUInt32BE(4), acknowledgement: body?.readUInt32BE(8) } as object;
}

describe('answerTo', () => {
  it.each([
    ['a SYN', { flags: SYN, sequence: 7 }, { flags: SYN | ACK, sequence: 500, acknowledgement: 8 }],
    [
      'a SYN, ACK',
      { flags: SYN | ACK, sequence: 7, acknowledgement: 9 },
      { flags: ACK, sequence: 9, acknowledgement: 8 },
    ],
    [
      'data',
      { flags: ACK, sequence: 7, acknowledgement: 9, data: 5 },
      { flags: ACK, sequence: 9, acknowledgement: 12 },
    ],
    [
      'a FIN',
      { flags: FIN | ACK, sequence: 7, acknowledgement: 9 },
      { flags: FIN | ACK, sequence: 9, acknowledgement: 8 },
    ],
  ])('%s', (_, fields, expected) => {
    const answer = answerTo(ip(tcp({ sport: 1, dport: 2, ...fields })), 'reply');
    expect(tcpOf(answer)).toEqual(expected);
    expect(answer?.subarray(12, 20)).toEqual(Buffer.concat([quad(address.right), quad(address.left)]));
    expect(answer?.subarray(20, 24)).toEqual(Buffer.from([0, 2, 0, 1]));
    expect(checksum(answer?.subarray(0, 20) ?? Buffer.of(1))).toBe(0);
  });

  it('a datagram by one with the ports changed about, a ping by its echo', () => {
    expect(answerTo(ip(udp({ sport: 3, dport: 4, data: 2 })), 'reply')?.subarray(20, 26)).toEqual(
      Buffer.from([0, 4, 0, 3, 0, 10]),
    );
    const echo = answerTo(ip(icmp({ type: 8, rest: 0x00070001 })), 'reply');
    expect([echo?.[20], echo?.readUInt32BE(24)]).toEqual([0, 0x00070001]);
  });

  it('an error quotes the packet', () => {
    const packet = ip(udp({ data: 100 }));
    const error = answerTo(packet, 'error');
    expect(error?.subarray(20, 22)).toEqual(Buffer.from([3, 3]));
    expect(error?.subarray(28)).toEqual(packet.subarray(0, 28));
  });

  it.each([
    ['RST', ip(tcp({ flags: RST }))],
    ['an echo reply', ip(icmp({ type: 0 }))],
    ['another protocol', ip(plain(47))],
    ['a later fragment', ip(udp({ data: 20 }), { fragmentOffset: 2 })],
    ['a header that is cut off', ip(tcp(), { cut: 12 })],
    ['nothing', Buffer.alloc(0)],
  ])('nothing answers %s', (_, packet) => {
    expect(answerTo(packet, 'reply')).toBeUndefined();
  });
});
