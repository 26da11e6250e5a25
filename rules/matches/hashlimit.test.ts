import { describe, expect, it } from 'vitest';
import { errno } from '../../protocol/errno.ts';
import type { NftContext } from '../extension.ts';
import type { HeaderMatch } from '../ir.ts';
import type { NftExpression, NftLimit, NftSet } from '../nft/json.ts';
import type { HashlimitInfo } from '../rate/hashlimit-info.ts';
import { checking, texts } from '../testing/context.ts';
import { checkErrno, expectRoundTrips, room } from '../testing/extension.ts';
import { anyHeader } from '../testing/header.ts';
import { hashlimit } from './hashlimit.ts';

const [DIP, DPT, SIP, SPT, INVERT, BYTES, RATE_MATCH] = [1, 2, 4, 8, 0x10, 0x20, 0x40] as const;
const SECOND = 1_000_000n;
const DAY = 86_400n * SECOND;

const of = (info: Partial<HashlimitInfo> = {}): HashlimitInfo => ({
  revision: 3,
  name: room(255, 'a'),
  mode: 0,
  avg: SECOND,
  burst: 5n,
  size: 0,
  max: 0,
  gc_interval: 1_000,
  expire: 1_000,
  interval: 0,
  srcmask: 32,
  dstmask: 32,
  pad: new Uint8Array(1),
  pad2: new Uint8Array(6),
  hinfo: 0n,
  ...info,
});
const named = (length: number, text: string, info: Partial<HashlimitInfo> = {}) =>
  of({ name: room(length, text), ...info });

describe('hashlimit', () => {
  it.each([
    [1, 56],
    [2, 304],
    [3, 312],
  ])('revision %i takes %i bytes', (number, size) => expect(hashlimit.revisions[number]?.size).toBe(size));
  it('keeps every byte', () => expectRoundTrips(hashlimit));

  it('reads a rate of revision 1 as the others', () => {
    const bytes = Buffer.alloc(56);
    bytes.write('a');
    for (const [index, value] of [INVERT | SIP, 10_000, 5, 7, 8, 1_000, 2_000].entries())
      bytes.writeUInt32LE(value, 16 + 4 * index);
    bytes[44] = 24;
    bytes[45] = 32;
    const info = hashlimit.revisions[1]?.decode(bytes);
    expect(info && hashlimit.save(info, { header: anyHeader })).toBe(
      ' --hashlimit-above 1/sec --hashlimit-burst 5 --hashlimit-mode srcip --hashlimit-name a --hashlimit-htable-size 7 --hashlimit-htable-max 8 --hashlimit-htable-expire 2000 --hashlimit-srcmask 24',
    );
  });

  // each as iptables 1.8.9 writes it
  it.each<[HashlimitInfo, string, string]>([
    [of(), ' limit: up to 1/sec burst 5', ' --hashlimit-upto 1/sec --hashlimit-burst 5 --hashlimit-name a'],
    [
      of({ mode: INVERT | SIP | SPT | DIP | DPT, expire: 60_000, avg: 8_571_428n }),
      ' limit: above 7/min burst 5 mode srcip-srcport-dstip-dstport',
      ' --hashlimit-above 7/min --hashlimit-burst 5 --hashlimit-mode srcip,srcport,dstip,dstport --hashlimit-name a',
    ],
    [
      of({ size: 12, max: 13, gc_interval: 14, expire: 15, srcmask: 24, dstmask: 0, avg: 3_003n }),
      ' limit: up to 333/sec burst 5 htable-size 12 htable-max 13 htable-gcinterval 14 htable-expire 15 srcmask 24 dstmask 0',
      ' --hashlimit-upto 333/sec --hashlimit-burst 5 --hashlimit-name a --hashlimit-htable-size 12 --hashlimit-htable-max 13 --hashlimit-htable-gcinterval 14 --hashlimit-htable-expire 15 --hashlimit-srcmask 24 --hashlimit-dstmask 0',
    ],
    [
      of({ avg: DAY / 13n, expire: 86_400_000 }),
      ' limit: up to 13/day burst 5',
      ' --hashlimit-upto 13/day --hashlimit-burst 5 --hashlimit-name a',
    ],
    [
      of({ avg: 0n }),
      ' limit: up to inf burst 5 htable-expire 1000',
      ' --hashlimit-upto inf --hashlimit-burst 5 --hashlimit-name a --hashlimit-htable-expire 1000',
    ],
    [
      of({ avg: DAY + 1n, burst: 1n, expire: 86_400_000 }),
      ' limit: up to 0/day burst 1',
      ' --hashlimit-upto 0/day --hashlimit-burst 1 --hashlimit-name a',
    ],
    // 4 kb a second, 400 kb at once
    [
      of({ mode: BYTES, avg: 16_711_935n, burst: 100n, expire: 60_000 }),
      ' limit: up to 4kb/s burst 400kb',
      ' --hashlimit-upto 4kb/s --hashlimit-burst 400kb --hashlimit-name a',
    ],
    [
      of({ mode: BYTES, avg: 6_553n, burst: 0n, expire: 15_000 }),
      ' limit: up to 10mb/s',
      ' --hashlimit-upto 10mb/s --hashlimit-name a',
    ],
    // rates that are no multiple of the unit; a wait of its own
    [
      of({ mode: BYTES, avg: 556_599n, burst: 9n, expire: 1 }),
      ' limit: up to 123440b/s burst 1mb htable-expire 1',
      ' --hashlimit-upto 123440b/s --hashlimit-burst 1mb --hashlimit-name a --hashlimit-htable-expire 1',
    ],
    [
      of({ mode: BYTES, avg: 0n, burst: 0n, expire: 15_000 }),
      ' limit: up to 68719476704b/s',
      ' --hashlimit-upto 68719476704b/s --hashlimit-name a',
    ],
    // -L shows the packets of the whole interval
    [
      of({ mode: SIP | RATE_MATCH, avg: 25_000n, burst: 20n, interval: 10 }),
      ' limit: up to 4/sec burst 20 mode srcip rate-match rate-interval 10',
      ' --hashlimit-upto 40/sec --hashlimit-burst 20 --hashlimit-mode srcip --hashlimit-name a --hashlimit-rate-match --hashlimit-rate-interval 10',
    ],
    [
      of({ mode: RATE_MATCH, avg: 25_000n, interval: 1 }),
      ' limit: up to 40/sec burst 5 rate-match',
      ' --hashlimit-upto 40/sec --hashlimit-burst 5 --hashlimit-name a --hashlimit-rate-match',
    ],
  ])('%#', (info, list, save) => expect(texts(hashlimit, info, anyHeader)).toEqual([list, list, save]));

  // each asked of the kernel
  it.each<[string, HashlimitInfo, number | undefined]>([
    ['a rate', of(), undefined],
    ['no gc interval', of({ gc_interval: 0 }), errno.EINVAL],
    ['no expiry', of({ expire: 0 }), errno.EINVAL],
    ['a source mask of 33', of({ srcmask: 33 }), errno.EINVAL],
    ['a destination mask of 33', of({ dstmask: 33 }), errno.EINVAL],
    ['masks of 0', of({ srcmask: 0, dstmask: 0 }), undefined],
    ['another mode', of({ mode: 0x80 }), errno.EINVAL],
    ['every mode', of({ mode: 0x7f, interval: 1 }), undefined],
    ['rate match', of({ mode: RATE_MATCH, interval: 1 }), undefined],
    ['rate match of revision 2', of({ mode: RATE_MATCH, interval: 1, revision: 2 }), errno.EINVAL],
    ['rate match of nothing', of({ mode: RATE_MATCH, interval: 1, avg: 0n }), errno.ERANGE],
    ['rate match of 2^32', of({ mode: RATE_MATCH, interval: 1, avg: 1n << 32n }), errno.ERANGE],
    ['rate match in no time', of({ mode: RATE_MATCH }), errno.EINVAL],
    ['rate match of nothing in no time', of({ mode: RATE_MATCH, avg: 0n }), errno.ERANGE],
    ['rate match without burst', of({ mode: RATE_MATCH, interval: 1, burst: 0n }), undefined],
    ['bytes', of({ mode: BYTES, avg: 0xffffffffn, burst: 0n }), undefined],
    ['too many bytes', of({ mode: BYTES, avg: 1n }), errno.EINVAL],
    ['too many bytes in 32 bits', of({ mode: BYTES, avg: 1n << 32n }), errno.EINVAL],
    ['bytes beyond 32 bits', of({ mode: BYTES, avg: (1n << 32n) + 5n }), undefined],
    ['no burst', of({ burst: 0n }), errno.ERANGE],
    ['no limit', of({ avg: 0n }), undefined],
    ['a large burst', of({ avg: DAY, burst: 213_503_982n }), undefined],
    ['too large a burst', of({ avg: DAY, burst: 213_503_983n }), errno.ERANGE],
    ['a burst that wraps', of({ avg: DAY, burst: 1_000_000n }), errno.ERANGE],
    ['a product that wraps to much', of({ avg: 1n << 63n, burst: 3n }), undefined],
    ['a product that wraps to nothing', of({ avg: 1n << 63n, burst: 2n }), errno.ERANGE],
    ['the largest of both', of({ avg: (1n << 64n) - 1n, burst: (1n << 64n) - 1n }), errno.ERANGE],
    ['the largest burst', of({ avg: 1n, burst: (1n << 64n) - 1n }), undefined],
    ['revision 1, the largest', of({ revision: 1, avg: 0xffffffffn, burst: 2n }), undefined],
    ['revision 1, no burst', of({ revision: 1, burst: 0n }), errno.ERANGE],
    ['a name of 15', named(16, 'x'.repeat(15), { revision: 1 }), undefined],
    ['a name of 16', named(16, 'x'.repeat(16), { revision: 1 }), errno.ENAMETOOLONG],
    ['a name of 255', named(255, 'x'.repeat(255)), errno.ENAMETOOLONG],
    ['no name', named(255, ''), errno.EINVAL],
    ['a path', named(255, 'a/b'), errno.EINVAL],
  ])('%s', (_, info, code) => expect(checkErrno(hashlimit, info)).toBe(code));

  const saddr = { payload: { protocol: 'ip', field: 'saddr' } };
  const daddr = { payload: { protocol: 'ip', field: 'daddr' } };
  const sport = { payload: { protocol: 'th', field: 'sport' } };
  const dport = { payload: { protocol: 'th', field: 'dport' } };
  const all: NftExpression = { '&': [saddr, '0.0.0.0'] };
  const [TCP, ICMP] = [6, 1];
  const tcpHeader: HeaderMatch = { ...anyHeader, protocol: TCP };
  const behindTcp: Partial<NftContext> = {
    header: tcpHeader,
    before: [{ name: 'tcp', revision: 0, data: new Uint8Array(16) }],
  };
  const nftOf = (info: HashlimitInfo, context: Partial<NftContext> = {}) =>
    hashlimit.nft(info, { ...checking(), ...context });

  it.each<[string, HashlimitInfo, NftExpression, NftLimit]>([
    ['nothing', of(), all, { rate: 1, per: 'second', burst: 5 }],
    ['above', of({ mode: INVERT, burst: 6n }), all, { rate: 1, per: 'second', burst: 6, inv: true }],
    ['the source', of({ mode: SIP }), saddr, { rate: 1, per: 'second', burst: 5 }],
    [
      'a network',
      of({ mode: DIP, dstmask: 9, avg: 60n * SECOND }),
      { '&': [daddr, '255.128.0.0'] },
      { rate: 1, per: 'minute', burst: 5 },
    ],
    ['a half', of({ mode: SIP, srcmask: 1 }), { '&': [saddr, '128.0.0.0'] }, { rate: 1, per: 'second', burst: 5 }],
    [
      'all sources',
      of({ mode: SIP | DIP, srcmask: 0, avg: DAY / 7n, burst: 1n }),
      { concat: [{ '&': [saddr, '0.0.0.0'] }, daddr] },
      { rate: 7, per: 'day', burst: 1 },
    ],
    ['the fastest', of({ avg: 1n }), all, { rate: 1_000_000, per: 'second', burst: 5 }],
    // 32,000 credits a second, 30,000 a packet
    ['revision 1', of({ revision: 1, avg: 10_000n }), all, { rate: 64, per: 'minute', burst: 5 }],
  ])('%s in nft', (_, info, elem, limit) => {
    const { alternatives, ...more } = nftOf(info);
    const set = { op: 'update', elem, set: '@%seen', stmt: [{ limit }] };
    expect(alternatives).toEqual([[{ set }]]);
    expect(more).toMatchObject({ stateful: true, secondBest: true, exclusive: 'hashlimit a' });
    expect(more.transport).toBeUndefined();
  });

  it.each<[string, HashlimitInfo, Partial<NftSet>]>([
    ['usual', of(), { type: 'ipv4_addr', flags: ['timeout'], size: 65_536, timeout: 1 }],
    ['two addresses', of({ mode: SIP | DIP }), { type: ['ipv4_addr', 'ipv4_addr'] }],
    ['part of a second', of({ expire: 60_001 }), { timeout: 61 }],
    ['the second that the kernel may take', of({ expire: 1_500, gc_interval: 500 }), { timeout: 2 }],
    ['buckets', of({ size: 16 }), { size: 128 }],
    ['entries', of({ size: 16, max: 100 }), { size: 100 }],
    ['fewer entries than buckets', of({ size: 160, max: 100 }), { size: 160 }],
    ['more buckets than the kernel has', of({ size: 2_000_000, max: 5 }), { size: 1_048_576 }],
  ])('a set: %s', (_, info, set) => {
    expect(nftOf(info).objects).toMatchObject([{ tag: 'seen', body: { set } }]);
  });

  it.each<[string, Partial<NftContext>]>([
    ['behind -m tcp', behindTcp],
    ['with ! -f', { header: { ...tcpHeader, flags: 1, inverted: 0x20 } }],
  ])('ports %s', (_, context) => {
    const { alternatives, objects, transport } = nftOf(of({ mode: SIP | SPT | DPT }), context);
    expect(alternatives).toMatchObject([[{ set: { elem: { concat: [saddr, sport, dport] } } }]]);
    expect(objects).toMatchObject([{ body: { set: { type: ['ipv4_addr', 'inet_service', 'inet_service'] } } }]);
    expect(transport).toEqual({ bytes: 4 });
  });

  it('knows no limit', () => {
    expect(nftOf(of({ avg: 0n }))).toMatchObject({ alternatives: [[]], secondBest: true });
    expect(nftOf(of({ avg: 0n, mode: INVERT }))).toMatchObject({ alternatives: [] });
  });

  it.each<[string, HashlimitInfo, Partial<NftContext>]>([
    ['measure rates', of({ mode: RATE_MATCH, interval: 1 }), {}],
    ['by 16', of({ mode: BYTES }), {}],
    ['a burst of 4294967296 packets', of({ avg: 1n, burst: 1n << 32n }), {}],
    ['no whole second', of({ expire: 1_500, gc_interval: 499 }), {}],
    ['a table of 1048577 entries', of({ max: 1_048_577 }), {}],
    ['a table of 8388608 entries', of({ size: 1_048_576 }), {}],
    ['a protocol that may have none', of({ mode: DPT }), {}],
    ['a protocol that may have none', of({ mode: DPT }), { ...behindTcp, header: { ...tcpHeader, inverted: 0x40 } }],
    ['a protocol that may have none', of({ mode: DPT }), { ...behindTcp, header: { ...tcpHeader, protocol: ICMP } }],
    ['fragments that have none', of({ mode: DPT }), { header: tcpHeader }],
    ['fragments that have none', of({ mode: DPT }), { header: { ...tcpHeader, flags: 1 } }],
    ['fragments that have none', of({ mode: DPT }), { header: { ...tcpHeader, inverted: 0x20 } }],
    [
      'fragments that have none',
      of({ mode: DPT }),
      { header: tcpHeader, before: [{ name: 'ttl', revision: 0, data: new Uint8Array(2) }] },
    ],
  ])('leaves to the kernel: %s', (words, info, context) => expect(() => nftOf(info, context)).toThrow(words));
});
