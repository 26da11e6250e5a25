import { describe, expect, it } from 'vitest';
import { errno } from '../../protocol/errno.ts';
import type { NftStatement } from '../nft/json.ts';
import { checking, texts } from '../testing/context.ts';
import { checkErrno, expectBytesKept } from '../testing/extension.ts';
import { anyHeader, headerOf, notTcp, tcp } from '../testing/header.ts';
import { loadErrors, nftMissing } from '../testing/nft-load.ts';
import { nftOf, translated } from '../testing/target-nft.ts';
import { savedTarget } from '../text/extension-text.ts';
import { type CtInfo, ct } from './ct.ts';

function room(length: number, text: string): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes.set(Buffer.from(text, 'latin1'));
  return bytes;
}

const NOTRACK = 1;
const ALIAS = 2;
const ORIGINAL = 4;
const REPLY = 8;
const MARK = 16;

function info(
  fields: Partial<Omit<CtInfo, 'helper' | 'timeout'>> & { helper?: string; timeout?: string } = {},
): CtInfo {
  const { helper = '', timeout = '', ...rest } = fields;
  const plain = { revision: 2, flags: 0, zone: 0, ctEvents: 0, expEvents: 0, ct: 0n } as const;
  return { ...plain, ...rest, helper: room(16, helper), timeout: room(32, timeout) };
}

const tracked: NftStatement = { match: { op: '!=', left: { ct: { key: 'state' } }, right: 'untracked' } };
const zone = (value: number, dir?: 'original' | 'reply'): readonly NftStatement[] => [
  tracked,
  { mangle: { key: { ct: { key: 'zone', ...(dir === undefined ? {} : { dir }) } }, value } },
];
const before = 'only once conntrack has seen the packet';

/** `nft`: statements, or why there are none. */
const cases: readonly {
  readonly info: CtInfo;
  readonly options: string;
  readonly nft: readonly NftStatement[] | string;
}[] = [
  { info: info(), options: '', nft: zone(0) },
  { info: info({ flags: NOTRACK }), options: '--notrack', nft: [{ notrack: null }] },
  { info: info({ zone: 65535 }), options: '--zone 65535', nft: zone(65535) },
  { info: info({ zone: 7, flags: ORIGINAL }), options: '--zone-orig 7', nft: zone(7, 'original') },
  { info: info({ zone: 7, flags: REPLY }), options: '--zone-reply 7', nft: zone(7, 'reply') },
  { info: info({ zone: 7, flags: ORIGINAL | REPLY }), options: '--zone 7', nft: zone(7) },
  { info: info({ flags: ORIGINAL }), options: '', nft: zone(0, 'original') },
  { info: info({ flags: MARK }), options: '--zone mark', nft: 'no zone out of the mark' },
  { info: info({ flags: MARK | REPLY, zone: 3 }), options: '--zone-reply mark', nft: 'no zone out of the mark' },
  {
    info: info({ ctEvents: 0x3ff }),
    options: '--ctevents new,related,destroy,reply,assured,protoinfo,helper,mark,natseqinfo,secmark',
    nft: before,
  },
  {
    info: info({ ctEvents: 5, expEvents: 1, zone: 5 }),
    options: '--ctevents new,destroy --expevents new --zone 5',
    nft: before,
  },
  { info: info({ ctEvents: 0x400 }), options: '--ctevents ', nft: before },
  { info: info({ helper: 'ftp' }), options: '--helper ftp', nft: 'attaches a helper' },
  { info: info({ timeout: 'short' }), options: '--timeout short', nft: 'timeout policies' },
  {
    info: info({ helper: 'ftp', timeout: 'short', flags: NOTRACK }),
    options: '--notrack --helper ftp --timeout short',
    nft: [{ notrack: null }],
  },
];

describe('CT', () => {
  it('has the sizes of its structs', () => {
    expect(Object.values(ct.revisions).map(({ size }) => size)).toEqual([40, 72, 72]);
    expectBytesKept(ct, [...cases.map((one) => one.info), info({ ct: 0xffff888000000000n })]);
    expect(ct.placement).toEqual({ table: 'raw' });
  });

  it('reads its bytes', () => {
    const fields = '04000700010000000200000066747000000000000000000000000000';
    const hex = `${fields}${'73'.padEnd(72, '0')}0080ffff00000000`;
    expect(ct.revisions[2]?.decode(Uint8Array.from(Buffer.from(hex, 'hex')))).toEqual({
      ...info({ flags: 4, zone: 7, ctEvents: 1, expEvents: 2, helper: 'ftp', timeout: 's' }),
      ct: 0xffff8000n,
    });
  });

  it.each(cases)('CT $options', ({ info: one, options, nft }) => {
    const saved = options === '' ? '' : ` ${options}`;
    const listed = ` CT${saved.replaceAll('--', '')}`;
    expect(texts(ct, one)).toEqual([listed, listed, saved]);
    if (typeof nft === 'string') expect(nftOf(ct, one)).toContain(nft);
    else expect(nftOf(ct, one)).toEqual(nft);
  });

  it('is written as NOTRACK where it was', () => {
    const alias = info({ flags: NOTRACK | ALIAS });
    expect(texts(ct, alias)).toEqual([' NOTRACK', ' NOTRACK', '']);
    expect(nftOf(ct, alias)).toEqual([{ notrack: null }]);
    const text = (one: CtInfo) => {
      const data = ct.revisions[one.revision]?.encode(one) ?? new Uint8Array();
      return savedTarget({ name: 'CT', revision: one.revision, data }, anyHeader);
    };
    expect(text(alias)).toBe(' -j NOTRACK');
    expect(text(info({ flags: NOTRACK }))).toBe(' -j CT --notrack');
    expect(text(info({ flags: NOTRACK, revision: 1 }))).toBe(' -j CT --notrack');
  });

  it.each([
    { title: 'a protocol that nothing is answered with', header: headerOf(17), secondBest: false },
    { title: 'any protocol', header: anyHeader, secondBest: true },
    { title: 'TCP', header: tcp, secondBest: true },
  ])("leaves the kernel's own answers to the kernel's own: $title", ({ header, secondBest }) => {
    for (const one of [info(), info({ flags: NOTRACK }), info({ zone: 7, flags: REPLY })]) {
      expect(translated(ct, one, { header })).toMatchObject({ secondBest });
    }
  });

  it.each([
    { title: 'flags of revision 2', one: info({ flags: 0x1e }), code: undefined },
    { title: 'flags past them', one: info({ flags: 0x20 }), code: errno.EINVAL },
    { title: 'a zone by direction in revision 1', one: info({ flags: ORIGINAL, revision: 1 }), code: errno.EINVAL },
    {
      title: 'NOTRACK as an alias in revision 0',
      one: info({ flags: NOTRACK | ALIAS, revision: 0 }),
      code: errno.EINVAL,
    },
    { title: '--notrack in revision 0', one: info({ flags: NOTRACK, revision: 0 }), code: undefined },
    { title: 'a helper', one: info({ helper: 'ftp' }), header: tcp, code: undefined },
    { title: 'a helper without -p', one: info({ helper: 'ftp' }), code: errno.ENOENT },
    { title: 'a helper with ! -p', one: info({ helper: 'ftp' }), header: notTcp, code: errno.ENOENT },
    { title: 'a helper with -p 256', one: info({ helper: 'ftp' }), header: headerOf(256), code: errno.ENOENT },
    { title: 'a helper of 15 bytes', one: info({ helper: 'a23456789012345' }), header: tcp, code: undefined },
    { title: 'a helper of 16 bytes', one: info({ helper: 'a234567890123456' }), header: tcp, code: errno.ENAMETOOLONG },
    {
      title: 'a helper and a timeout of 32 bytes: the kernel looks for the helper first',
      one: info({ helper: 'ftp', timeout: 'x'.repeat(32) }),
      header: tcp,
      code: undefined,
    },
    { title: 'a timeout', one: info({ timeout: 'x' }), header: tcp, code: undefined },
    { title: 'a timeout without -p', one: info({ timeout: 'x' }), code: errno.EINVAL },
    { title: 'a timeout of 32 bytes', one: info({ timeout: 'x'.repeat(32) }), code: errno.ENAMETOOLONG },
    {
      title: 'whatever stands beside --notrack',
      one: info({ flags: NOTRACK, helper: 'a234567890123456' }),
      code: undefined,
    },
  ])('check: $title', ({ one, header, code }) => expect(checkErrno(ct, one, checking(header))).toBe(code));

  it.skipIf(nftMissing)(`nft loads them (${nftMissing ?? 'here'})`, () => {
    expect(loadErrors([cases.flatMap(({ nft }) => (typeof nft === 'string' ? [] : [nft]))])).toBe('');
  });
});
