import { describe, expect, it } from 'vitest';
import { errno } from '../../protocol/errno.ts';
import type { NftAlternatives } from '../extension.ts';
import { checking, texts } from '../testing/context.ts';
import { checkErrno, expectRoundTrips } from '../testing/extension.ts';
import { anyHeader } from '../testing/header.ts';
import { loadErrors, nftMissing } from '../testing/nft-load.ts';
import { type PolicyInfo, policy } from './policy.ts';

type Element = PolicyInfo['pol'][number];

const [IN, OUT, NONE, STRICT] = [1, 2, 4, 8] as const;
const [SADDR, DADDR, PROTO, MODE, SPI, REQID] = [1, 2, 4, 8, 0x10, 0x20] as const;

const address = (a4: number) => ({ a4, rest: new Uint8Array(12) });
const element = (match: number, invert = 0, info: Partial<Element> = {}): Element => ({
  saddr: address(0),
  smask: address(0),
  daddr: address(0),
  dmask: address(0),
  spi: 0,
  reqid: 0,
  proto: 0,
  mode: 0,
  match,
  invert,
  ...info,
});
const empty = element(0);
const of = (flags: number, ...elements: readonly Element[]): PolicyInfo => ({
  pol: [elements[0] ?? empty, elements[1] ?? empty, elements[2] ?? empty, elements[3] ?? empty],
  flags,
  len: elements.length,
});

const tunnel = element(SADDR | DADDR | PROTO | MODE | SPI | REQID, 0, {
  saddr: address(0x0a000000),
  smask: address(0xff00ff00),
  daddr: address(0x0a000000),
  dmask: address(0xff000000),
  spi: 1,
  reqid: 1,
  proto: 50,
  mode: 1,
});

describe('policy', () => {
  it('has the size of struct xt_policy_info', () => expect(policy.revisions[0]?.size).toBe(308));
  it('keeps every byte', () => expectRoundTrips(policy));

  // each as iptables 1.8.9 writes it: -nL, -S
  it.each<[PolicyInfo, string, string]>([
    [of(IN | NONE), ' policy match dir in pol none', ' --dir in --pol none'],
    [of(OUT, empty), ' policy match dir out pol ipsec', ' --dir out --pol ipsec'],
    [
      of(OUT, element(PROTO, 0, { proto: 108 })),
      ' policy match dir out pol ipsec proto 108',
      ' --dir out --pol ipsec --proto ipcomp',
    ],
    [
      of(IN, element(REQID | SPI | PROTO | MODE, 0x3f, { reqid: 5, spi: 16, proto: 50 })),
      ' policy match dir in pol ipsec ! reqid 5 ! spi 0x10 ! proto 50 ! mode transport',
      ' --dir in --pol ipsec ! --reqid 5 ! --spi 0x10 ! --proto esp ! --mode transport',
    ],
    [
      of(IN | STRICT, tunnel, element(REQID, 0, { reqid: 2 })),
      ' policy match dir in pol ipsec strict [0] reqid 1 spi 0x1 proto 50 mode tunnel tunnel-dst 10.0.0.0/8 tunnel-src 10.0.0.0/255.0.255.0 [1] reqid 2',
      ' --dir in --pol ipsec --strict --reqid 1 --spi 0x1 --proto esp --mode tunnel --tunnel-dst 10.0.0.0/8 --tunnel-src 10.0.0.0/255.0.255.0 --next --reqid 2',
    ],
    [
      of(
        IN,
        element(SADDR | DADDR | MODE, SADDR | DADDR, {
          daddr: address(0x01020304),
          dmask: address(0xffffffff),
          mode: 7,
        }),
      ),
      ' policy match dir in pol ipsec mode ??? ! tunnel-dst 1.2.3.4 ! tunnel-src 0.0.0.0/0',
      ' --dir in --pol ipsec --mode ??? ! --tunnel-dst 1.2.3.4 ! --tunnel-src 0.0.0.0/0',
    ],
  ])('%#', (info, list, save) => expect(texts(policy, info, anyHeader)).toEqual([list, list, save]));

  it('names protocols unless numeric', () => {
    const info = of(IN, element(PROTO, 0, { proto: 50 }));
    const names = { service: () => undefined, protocol: (number: number) => `p${number}`, address: () => undefined };
    expect(policy.print(info, { numeric: false, names, header: anyHeader })).toBe(
      ' policy match dir in pol ipsec proto p50',
    );
  });

  // each asked of the kernel
  it.each([
    ['INPUT', 1, 0, errno.EINVAL],
    ['INPUT', 1, IN, undefined],
    ['INPUT', 1, OUT, errno.EINVAL],
    ['INPUT', 1, IN | OUT, errno.EINVAL],
    ['INPUT', 1, NONE, errno.EINVAL],
    ['INPUT', 1, IN | NONE, undefined],
    ['FORWARD', 2, OUT, undefined],
    ['FORWARD', 2, 0xffff, undefined],
    ['OUTPUT', 3, IN, errno.EINVAL],
    ['OUTPUT', 3, OUT, undefined],
    ['OUTPUT', 3, IN | OUT, errno.EINVAL],
    ['POSTROUTING', 4, IN, errno.EINVAL],
    ['PREROUTING', 0, OUT, errno.EINVAL],
  ])('%s, flags %i', (_, hook, flags, code) => {
    expect(checkErrno(policy, of(flags, empty), { ...checking(anyHeader), hooks: 1 << hook })).toBe(code);
  });

  it.each([
    [0, undefined],
    [4, undefined],
    [5, errno.EINVAL],
  ])('%i elements', (len, code) => expect(checkErrno(policy, { ...of(IN), len })).toBe(code));

  const came = (right: boolean): NftAlternatives => [
    [{ match: { op: '==', left: { meta: { key: 'ipsec' } }, right } }],
  ];
  const leaves = (right: boolean): NftAlternatives => [
    [{ match: { op: '==', left: { rt: { key: 'ipsec' } }, right } }],
  ];
  const expressible: readonly (readonly [string, PolicyInfo, NftAlternatives])[] = [
    ['in, none', of(IN | NONE), came(false)],
    ['in, none, whatever else', of(IN | OUT | NONE | STRICT, tunnel), came(false)],
    ['in, any', of(IN, empty), came(true)],
    ['in, any: only the first element counts', of(IN | OUT, empty, tunnel), came(true)],
    ['out, none', of(OUT | NONE), leaves(false)],
    ['out, any', of(OUT, empty), leaves(true)],
    ['no element', of(IN), []],
  ];

  it.each(expressible)('%s: in nft', (_, info, alternatives) => {
    expect(policy.nft(info, checking())).toEqual({ alternatives });
  });

  it.each([
    ['strict', of(IN | STRICT, empty)],
    ['an element that tests', of(IN, tunnel)],
    ['an element that tests, outgoing', of(OUT, element(REQID))],
  ])('%s: is left to the kernel', (_, info) => {
    expect(() => policy.nft(info, checking())).toThrow('policy: ');
  });

  it.skipIf(nftMissing)(`loads into nft (${nftMissing ?? 'here'})`, () => {
    expect(loadErrors(expressible.map(([, , alternatives]) => alternatives))).toBe('');
  });
});
