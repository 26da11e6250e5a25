import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { conntrackRevisions, conntrackFlag as flag } from './info.ts';

const ones = 'ff'.repeat(16);
const none = '00'.repeat(16);

/** As iptables 1.8.9 sends `! --ctstate NEW,DNAT --ctproto 6 --ctorigsrc 10.0.0.0/8 ! --ctorigdst 1.2.3.4 --ctorigsrcport 1:2 ! --ctrepldstport 80 --ctstatus NONE ! --ctexpire 1:5 --ctdir REPLY`. */
const revision3 = [
  ...['0a000000000000000000000000000000', `ff000000${'00'.repeat(12)}`],
  ...['01020304000000000000000000000000', ones, none, none, none, none],
  '0100000005000000', // expires
  '0600', // protocol
  '0100000000005000', // ports, host-endian
  'cf19',
  '8918', // flags
  '8800',
  '0000', // masks
  '0200000000005000', // upper ends of the ports
  '0000',
].join('');

describe('conntrack revisions', () => {
  it('reads what iptables sends', () => {
    const info = conntrackRevisions[3].decode(Buffer.from(revision3, 'hex'));
    expect(info).toMatchObject({
      ports: {
        origsrc: { low: 1, high: 2 },
        origdst: { low: 0, high: 0 },
        replsrc: { low: 0, high: 0 },
        repldst: { low: 80, high: 80 },
      },
      expires: { min: 1, max: 5 },
      protocol: 6,
      matchFlags:
        flag.state |
        flag.protocol |
        flag.origsrc |
        flag.origdst |
        flag.origsrcPort |
        flag.repldstPort |
        flag.status |
        flag.expires |
        flag.direction,
      invertFlags: flag.state | flag.origdst | flag.repldstPort | flag.expires | flag.direction,
      states: 0x88,
      statuses: 0,
    });
    expect(Buffer.from(info.addresses.origsrc.mask).toString('hex')).toBe(`ff000000${'00'.repeat(12)}`);
    expect(Buffer.from(info.addresses.origdst.address).toString('hex')).toBe(`01020304${'00'.repeat(12)}`);
  });

  it('reads one port in network order, and masks of 8 bits, in revision 1', () => {
    const data = new Uint8Array(152);
    data.set([0, 80, 0, 81, 0, 0, 0xff, 0xff, 0x01, 0x0f, 0x00, 0x02, 0xff, 0x0f], 138);
    expect(conntrackRevisions[1].decode(data)).toMatchObject({
      ports: { origsrc: { low: 80, high: 80 }, origdst: { low: 81, high: 81 }, repldst: { low: 65535, high: 65535 } },
      matchFlags: 0x0f01,
      invertFlags: 0x0200,
      states: 0xff,
      statuses: 0x0f,
    });
  });

  it('has no room for a range of ports in revisions 1 and 2', () => {
    const info = conntrackRevisions[3].decode(Buffer.from(revision3, 'hex'));
    expect(() => conntrackRevisions[2].encode(info)).toThrow('wanted a single port, found 1:2');
  });

  it.each([
    { revision: 1, used: 152 },
    { revision: 2, used: 154 },
    { revision: 3, used: 162 },
  ] as const)('revision $revision keeps all bytes but the padding', ({ revision, used }) => {
    const { size, decode, encode } = conntrackRevisions[revision];
    fc.assert(
      fc.property(fc.uint8Array({ minLength: size, maxLength: size }), (data) => {
        expect(encode(decode(data))).toEqual(
          new Uint8Array([...data.subarray(0, used), ...new Uint8Array(size - used)]),
        );
      }),
    );
    expect(() => decode(new Uint8Array(size - 1))).toThrow(`wanted ${size} bytes`);
  });
});
