import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyHeader } from '../testing/header.ts';
import { loadRules, nftMissing } from '../testing/nft-load.ts';
import { noNames } from '../text/no-names.ts';
import { type LogInfo, log } from './log.ts';

const info = (level: number, logflags: number, prefix: string | Uint8Array = ''): LogInfo => {
  const room = new Uint8Array(30);
  room.set(typeof prefix === 'string' ? new TextEncoder().encode(prefix) : prefix);
  return { level, logflags, prefix: room };
};
const all = ['tcp sequence', 'tcp options', 'ip options', 'skuid', 'ether'];
const long = 'A'.repeat(29);

const cases = [
  {
    what: info(4, 0),
    numeric: 'flags 0 level 4',
    words: 'level warn',
    saved: '',
    nft: { level: 'warn' },
    listed: 'log',
  },
  {
    what: info(0, 0),
    numeric: 'flags 0 level 0',
    words: 'level emerg',
    saved: ' --log-level 0',
    nft: { level: 'emerg' },
    listed: 'log level emerg',
  },
  {
    what: info(1, 0),
    numeric: 'flags 0 level 1',
    words: 'level alert',
    saved: ' --log-level 1',
    nft: { level: 'alert' },
    listed: 'log level alert',
  },
  {
    what: info(2, 0),
    numeric: 'flags 0 level 2',
    words: 'level crit',
    saved: ' --log-level 2',
    nft: { level: 'crit' },
    listed: 'log level crit',
  },
  {
    what: info(3, 0),
    numeric: 'flags 0 level 3',
    words: 'level err',
    saved: ' --log-level 3',
    nft: { level: 'err' },
    listed: 'log level err',
  },
  {
    what: info(5, 0),
    numeric: 'flags 0 level 5',
    words: 'level notice',
    saved: ' --log-level 5',
    nft: { level: 'notice' },
    listed: 'log level notice',
  },
  {
    what: info(6, 0),
    numeric: 'flags 0 level 6',
    words: 'level info',
    saved: ' --log-level 6',
    nft: { level: 'info' },
    listed: 'log level info',
  },
  {
    what: info(7, 0),
    numeric: 'flags 0 level 7',
    words: 'level debug',
    saved: ' --log-level 7',
    nft: { level: 'debug' },
    listed: 'log level debug',
  },
  {
    what: info(4, 1),
    numeric: 'flags 1 level 4',
    words: 'level warn tcp-sequence',
    saved: ' --log-tcp-sequence',
    nft: { level: 'warn', flags: ['tcp sequence'] },
    listed: 'log flags tcp sequence',
  },
  {
    what: info(4, 2),
    numeric: 'flags 2 level 4',
    words: 'level warn tcp-options',
    saved: ' --log-tcp-options',
    nft: { level: 'warn', flags: ['tcp options'] },
    listed: 'log flags tcp options',
  },
  {
    what: info(4, 4),
    numeric: 'flags 4 level 4',
    words: 'level warn ip-options',
    saved: ' --log-ip-options',
    nft: { level: 'warn', flags: ['ip options'] },
    listed: 'log flags ip options',
  },
  {
    what: info(4, 8),
    numeric: 'flags 8 level 4',
    words: 'level warn uid',
    saved: ' --log-uid',
    nft: { level: 'warn', flags: ['skuid'] },
    listed: 'log flags skuid',
  },
  {
    what: info(4, 32),
    numeric: 'flags 32 level 4',
    words: 'level warn macdecode',
    saved: ' --log-macdecode',
    nft: { level: 'warn', flags: ['ether'] },
    listed: 'log flags ether',
  },
  {
    what: info(4, 47, 'a b'),
    numeric: 'flags 47 level 4 prefix "a b"',
    words: 'level warn tcp-sequence tcp-options ip-options uid macdecode prefix "a b"',
    saved: ' --log-prefix "a b" --log-tcp-sequence --log-tcp-options --log-ip-options --log-uid --log-macdecode',
    nft: { prefix: 'a b', level: 'warn', flags: all },
    listed: 'log prefix "a b" flags all',
  },
  {
    what: info(4, 0, 'x"\\y\'z$%s\t'),
    numeric: 'flags 0 level 4 prefix "x"\\y\'z$%s\t"',
    words: 'level warn prefix "x"\\y\'z$%s\t"',
    saved: ' --log-prefix "x\\"\\\\y\\\'z$%s\t"',
    nft: { prefix: 'x"\\y\'z$%s\t', level: 'warn' },
    listed: 'log prefix "x"\\y\'z$%s\t"',
  },
  {
    what: info(3, 0, long),
    numeric: `flags 0 level 3 prefix "${long}"`,
    words: `level err prefix "${long}"`,
    saved: ` --log-prefix ${long} --log-level 3`,
    nft: { prefix: long, level: 'err' },
    listed: `log prefix "${long}" level err`,
  },
  {
    what: info(4, 0, 'plain_-09\0rest'),
    numeric: 'flags 0 level 4 prefix "plain_-09"',
    words: 'level warn prefix "plain_-09"',
    saved: ' --log-prefix plain_-09',
    nft: { prefix: 'plain_-09', level: 'warn' },
    listed: 'log prefix "plain_-09"',
  },
  // Flags without a name do nothing in the kernel.
  {
    what: info(4, 0x10),
    numeric: 'flags 16 level 4',
    words: 'level warn unknown-flags',
    saved: '',
    nft: { level: 'warn' },
    listed: 'log',
  },
  // Text is a byte a character, JSON is UTF-8.
  {
    what: info(4, 0, 'é'),
    numeric: 'flags 0 level 4 prefix "Ã©"',
    words: 'level warn prefix "Ã©"',
    saved: ' --log-prefix "Ã©"',
    nft: { prefix: 'é', level: 'warn' },
    listed: 'log prefix "é"',
  },
];

const context = { header: anyHeader, names: noNames, table: 'filter', hooks: 2 } as const;

describe('LOG', () => {
  it('has the size of struct xt_log_info', () => expect(log.revisions[0]?.size).toBe(32));

  it('keeps any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (data) => {
        const revision = log.revisions[0];
        expect(revision?.encode(revision.decode(data))).toEqual(data);
      }),
    );
  });

  it.each(cases)('$saved ($numeric)', ({ what, numeric, words, saved, nft }) => {
    expect(log.print(what, { ...context, numeric: true })).toBe(` LOG ${numeric}`);
    expect(log.print(what, { ...context, numeric: false })).toBe(` LOG ${words}`);
    expect(log.save(what, context)).toBe(saved);
    expect(log.nft(what, context).statements).toEqual([{ log: nft }]);
    expect(() => log.check(what, { table: 'raw', hooks: 1, header: anyHeader })).not.toThrow();
  });

  it.each([
    { why: 'level 8', what: info(8, 0), reason: 'wanted a level from 0 to 7, found 8' },
    { why: 'a prefix without NUL', what: info(4, 0, 'A'.repeat(30)), reason: "isn't NUL-terminated within 30 bytes" },
    {
      why: 'a last byte behind the NUL',
      what: info(4, 0, `${'\0'.repeat(29)}x`),
      reason: "isn't NUL-terminated within 30 bytes",
    },
  ])('refuses $why', ({ what, reason }) => {
    expect(() => log.check(what, { table: 'filter', hooks: 2, header: anyHeader })).toThrow(reason);
  });

  it("can't express a prefix that is no UTF-8", () => {
    expect(() => log.nft(info(4, 0, Uint8Array.of(0xe9)), context)).toThrow('UTF-8');
  });

  it.skipIf(nftMissing)(`nft loads and lists them (${nftMissing ?? 'here'})`, () => {
    expect(loadRules(cases.map(({ what }) => log.nft(what, context).statements)).map(({ text }) => text)).toEqual(
      cases.map(({ listed }) => listed),
    );
  });
});
