import { describe, expect, it } from 'vitest';
import { errno } from '../../protocol/errno.ts';
import { checking, texts } from '../testing/context.ts';
import { checkErrno, expectBytesKept } from '../testing/extension.ts';
import { anyHeader, headerOf, notTcp, tcp } from '../testing/header.ts';
import { loadErrors, nftMissing } from '../testing/nft-load.ts';
import { nftOf } from '../testing/target-nft.ts';
import { type TproxyInfo, tproxy } from './tproxy.ts';

const none = { mask: 0, mark: 0, address: 0, port: 0, beyond: [0, 0, 0] } as const;
const key = { meta: { key: 'mark' } };

/** `socket` and `mark` of the rule in front of the drop. */
const cases: readonly {
  readonly info: TproxyInfo;
  readonly saved: string;
  readonly socket: object;
  readonly mark: readonly object[];
}[] = [
  {
    info: { ...none, port: 3129 },
    saved: '--on-port 3129 --on-ip 0.0.0.0 --tproxy-mark 0x0/0x0',
    socket: { port: 3129 },
    mark: [],
  },
  {
    info: { ...none, address: 0x7f000001, mark: 5, mask: 0xffffffff },
    saved: '--on-port 0 --on-ip 127.0.0.1 --tproxy-mark 0x5/0xffffffff',
    socket: { addr: '127.0.0.1' },
    mark: [{ mangle: { key, value: 5 } }],
  },
  {
    info: { ...none, address: 1, port: 65535, mark: 0x15, mask: 0xf },
    saved: '--on-port 65535 --on-ip 0.0.0.1 --tproxy-mark 0x15/0xf',
    socket: { addr: '0.0.0.1', port: 65535 },
    mark: [{ mangle: { key, value: { '^': [{ '&': [key, 0xfffffff0] }, 0x15] } } }],
  },
  {
    info: { ...none, port: 1, mark: 0, mask: 0xff },
    saved: '--on-port 1 --on-ip 0.0.0.0 --tproxy-mark 0x0/0xff',
    socket: { port: 1 },
    mark: [{ mangle: { key, value: { '&': [key, 0xffffff00] } } }],
  },
  {
    info: { ...none, port: 1, mark: 0x80000000, mask: 0 },
    saved: '--on-port 1 --on-ip 0.0.0.0 --tproxy-mark 0x80000000/0x0',
    socket: { port: 1 },
    mark: [{ mangle: { key, value: { '^': [key, 0x80000000] } } }],
  },
];

describe('TPROXY', () => {
  it('has the sizes of its structs', () => {
    expect(Object.values(tproxy.revisions).map(({ size }) => size)).toEqual([16, 28]);
    expectBytesKept(tproxy, [...cases.map(({ info }) => info), { ...none, beyond: [1, 2, 3] }]);
    expect(tproxy.placement).toEqual({ table: 'mangle', hooks: 1 });
  });

  it('reads both structs', () => {
    const fields = '0f00000015000000';
    const info = { mask: 0xf, mark: 0x15, address: 0x0a000001, port: 80 };
    const read = (revision: 0 | 1, hex: string) =>
      tproxy.revisions[revision]?.decode(Uint8Array.from(Buffer.from(hex, 'hex')));
    expect(read(0, `${fields}0a00000100500000`)).toEqual({ ...info, beyond: [0, 0, 0] });
    expect(read(1, `${fields}0a00000100000001000000020000000300500000`)).toEqual({ ...info, beyond: [1, 2, 3] });
  });

  it.each(cases)('$saved', ({ info, saved, socket, mark }) => {
    const [, port, , address, , marks] = saved.split(' ');
    const listed = ` TPROXY redirect ${address}:${port} mark ${marks}`;
    expect(texts(tproxy, info, tcp)).toEqual([listed, listed, ` ${saved}`]);
    expect(tproxy.nft(info, { header: tcp, table: 'mangle', hooks: 1 })).toEqual({
      statements: [{ jump: { target: '%chain' } }],
      chain: [
        [
          { match: { op: '==', left: { meta: { key: 'l4proto' } }, right: 6 } },
          { tproxy: socket },
          ...mark,
          { accept: null },
        ],
        [{ drop: null }],
      ],
    });
  });

  it('neither address nor port is left to the kernel', () => {
    expect(nftOf(tproxy, none, tcp)).toContain('wants an address or a port');
  });

  it.each([
    { title: '-p tcp', header: tcp, code: undefined },
    { title: '-p udp', header: headerOf(17), code: undefined },
    { title: '! -p tcp', header: notTcp, code: errno.EINVAL },
    { title: '-p icmp', header: headerOf(1), code: errno.EINVAL },
    { title: 'no -p', header: anyHeader, code: errno.EINVAL },
  ])('check: $title', ({ header, code }) => expect(checkErrno(tproxy, none, checking(header))).toBe(code));

  it.skipIf(nftMissing)(`nft loads them (${nftMissing ?? 'here'})`, () => {
    const chains = [tcp, headerOf(17)].flatMap((header) =>
      cases.map(({ info }) => tproxy.nft(info, { header, table: 'mangle', hooks: 1 }).chain ?? []),
    );
    expect(loadErrors(chains)).toBe('');
  });
});
