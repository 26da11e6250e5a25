import { entry, errorTarget, extension, filter, head, ip, patched, plain, standard, verdicts } from './raw-blob.ts';

/** A blob and what kernel 6.18's ip_tables answers to it in a fresh namespace: an errno, or '' for success. */
export interface BlobCase {
  readonly title: string;
  readonly blob: Uint8Array;
  readonly expected: string;
  /** Ours where the kernel accepts a shape that we refuse. */
  readonly ours?: 'EOPNOTSUPP';
  /** The whole program's answer where validation is content but no data plane can carry it. */
  readonly supervised?: 'EOPNOTSUPP' | 'ELOOP';
}

const { accept, drop, queue } = verdicts;
const returns = verdicts.return;
const base = filter({});
/** Where entry 0 (INPUT's policy) starts in the blob; its target is at +112. */
const first = 96;
const withRule = (rule: Uint8Array): Uint8Array => filter({ input: [rule] });
const ruleOf = (target: Uint8Array, rest: object = {}): Uint8Array => withRule(entry({ target, ...rest }));
const comment = extension('comment', 0, Buffer.alloc(256));
const withMatches = (...matches: Uint8Array[]): Uint8Array => ruleOf(standard(accept), { matches });
const u16 = (value: number): readonly [number, number] => [value & 0xff, value >> 8];
const long = 'x'.repeat(29);

/** What check_entry_size_and_hooks and xt_check_entry_offsets look at. */
export const entryCases: readonly BlobCase[] = [
  { title: 'empty table', blob: base, expected: '' },
  { title: 'next_offset not a multiple of 8', blob: patched(base, first + 90, ...u16(150)), expected: 'EINVAL' },
  { title: 'next_offset 0', blob: patched(base, first + 90, 0, 0), expected: 'EINVAL' },
  {
    title: 'next_offset 112: an entry without room for a target',
    blob: patched(base, first + 90, ...u16(112)),
    expected: 'EINVAL',
  },
  {
    title: 'next_offset 136: less than an entry and a target',
    blob: patched(base, first + 90, ...u16(136)),
    expected: 'EINVAL',
  },
  { title: 'next_offset past the end', blob: patched(base, first + 456 + 90, ...u16(184)), expected: 'EINVAL' },
  { title: 'next_offset 65535', blob: patched(base, first + 90, 0xff, 0xff), expected: 'EINVAL' },
  {
    title: 'last entry cut: 112 bytes left',
    blob: filter({ end: [head('ERROR').subarray(0, 112)] }),
    expected: 'EINVAL',
  },
  { title: 'last entry cut: 8 bytes left', blob: filter({ end: [head('ERROR').subarray(0, 8)] }), expected: 'EINVAL' },
  { title: 'target_offset 0', blob: patched(base, first + 88, 0, 0), expected: 'EINVAL' },
  { title: 'target_offset 104: inside the entry', blob: patched(base, first + 88, ...u16(104)), expected: 'EINVAL' },
  {
    title: 'target_offset 128: target past the entry',
    blob: patched(base, first + 88, ...u16(128)),
    expected: 'EINVAL',
  },
  { title: 'target_offset 65535', blob: patched(base, first + 88, 0xff, 0xff), expected: 'EINVAL' },
  {
    title: 'target_offset 120: a match of 8 bytes',
    blob: ruleOf(standard(accept), { matches: [Buffer.alloc(8)] }),
    expected: 'EINVAL',
  },
  { title: 'target_size 0', blob: patched(base, first + 112, 0, 0), expected: 'EINVAL' },
  { title: 'target_size 31', blob: patched(base, first + 112, 31, 0), expected: 'EINVAL' },
  { title: 'standard target_size 32', blob: patched(base, first + 112, 32, 0), expected: 'EINVAL' },
  { title: 'standard target_size 48, past the entry', blob: patched(base, first + 112, 48, 0), expected: 'EINVAL' },
  {
    title: 'standard target with 8 bytes behind it',
    blob: ruleOf(Buffer.concat([standard(accept), Buffer.alloc(8)])),
    expected: 'EINVAL',
  },
  {
    title: 'standard target of 48 bytes',
    blob: ruleOf(extension('', 0, Buffer.from([0xfe, 0xff, 0xff, 0xff, ...Array(12).fill(0)]))),
    expected: 'EINVAL',
  },
  { title: 'standard target revision 1', blob: ruleOf(standard(accept, 40, 1)), expected: 'ENOENT' },
  { title: 'verdict 0', blob: ruleOf(standard(0)), expected: 'EINVAL' },
  { title: 'verdict -3: STOLEN', blob: ruleOf(standard(-3)), expected: 'EINVAL' },
  { title: 'verdict -4: QUEUE', blob: ruleOf(standard(queue)), expected: '', supervised: 'EOPNOTSUPP' },
  { title: 'verdict -6: STOP', blob: ruleOf(standard(-6)), expected: 'EINVAL' },
  { title: 'verdict INT_MIN', blob: ruleOf(standard(-0x80000000)), expected: 'EINVAL' },
  { title: 'flag 4', blob: ruleOf(standard(accept), { ip: ip({ flags: 4 }) }), expected: 'EINVAL' },
  { title: 'flags 3: fragment and goto', blob: ruleOf(standard(accept), { ip: ip({ flags: 3 }) }), expected: '' },
  { title: 'inverse flag 0x80', blob: ruleOf(standard(accept), { ip: ip({ inverted: 0x80 }) }), expected: 'EINVAL' },
  { title: 'inverse flags 0x7f', blob: ruleOf(standard(accept), { ip: ip({ inverted: 0x7f }) }), expected: '' },
  { title: 'protocol 65535', blob: ruleOf(standard(accept), { ip: ip({ protocol: 0xffff }) }), expected: '' },
  {
    title: 'garbage in nfcache, comefrom and counters',
    blob: patched(ruleOf(standard(accept), { nfcache: 7, comefrom: 0xffffffff }), first + 96, ...Array(16).fill(255)),
    expected: '',
  },
  {
    title: 'chain head with target_size 40',
    blob: filter({ user: [entry({ target: errorTarget('A', 40) }), plain(returns)] }),
    expected: 'EINVAL',
  },
  {
    title: 'chain head with 8 bytes behind its target',
    blob: filter({ user: [entry({ target: Buffer.concat([errorTarget('A'), Buffer.alloc(8)]) }), plain(returns)] }),
    expected: '',
  },
  {
    title: 'chain name without NUL',
    blob: filter({ user: [head('A'.repeat(30)), plain(returns)] }),
    expected: 'EINVAL',
  },
  { title: 'chain name of 29 bytes', blob: filter({ user: [head('A'.repeat(29)), plain(returns)] }), expected: '' },
  {
    title: 'ERROR revision 1',
    blob: filter({ user: [entry({ target: errorTarget('A', 64, 1) }), plain(returns)] }),
    expected: 'ENOENT',
  },

  { title: 'match_size 0', blob: withMatches(extension('comment', 0, Buffer.alloc(256), 0)), expected: 'EINVAL' },
  { title: 'match_size 31', blob: withMatches(extension('comment', 0, Buffer.alloc(256), 31)), expected: 'EINVAL' },
  {
    title: 'match_size past the target',
    blob: withMatches(extension('comment', 0, Buffer.alloc(256), 296)),
    expected: 'EINVAL',
  },
  {
    title: 'match_size short of the target',
    blob: withMatches(extension('comment', 0, Buffer.alloc(256), 280)),
    expected: 'EINVAL',
  },
  {
    title: 'second match unaligned',
    blob: withMatches(extension('comment', 0, Buffer.alloc(1)), extension('comment', 0, Buffer.alloc(263))),
    expected: 'EINVAL',
  },
  {
    title: 'match_size 65535',
    blob: withMatches(extension('comment', 0, Buffer.alloc(256), 65535)),
    expected: 'EINVAL',
  },
  { title: 'match comment', blob: withMatches(comment), expected: '' },
  { title: 'match comment twice', blob: withMatches(comment, comment), expected: '' },
  {
    title: 'match comment 8 bytes short',
    blob: withMatches(extension('comment', 0, Buffer.alloc(248))),
    expected: 'EINVAL',
  },
  {
    title: 'match comment 8 bytes long',
    blob: withMatches(extension('comment', 0, Buffer.alloc(264))),
    expected: 'EINVAL',
  },
  {
    title: 'match comment without data',
    blob: withMatches(extension('comment', 0, Buffer.alloc(0))),
    expected: 'EINVAL',
  },
  {
    title: 'match comment revision 1',
    blob: withMatches(extension('comment', 1, Buffer.alloc(256))),
    expected: 'EPROTOTYPE',
  },
  { title: 'match tcp revision 1', blob: withMatches(extension('tcp', 1, Buffer.alloc(16))), expected: 'ENOENT' },
  { title: 'unknown match', blob: withMatches(extension('nosuch', 0, Buffer.alloc(8))), expected: 'ENOENT' },
  { title: 'match without a name', blob: withMatches(extension('', 0, Buffer.alloc(8))), expected: 'ENOENT' },
  { title: 'match name without NUL', blob: withMatches(extension(long, 0, Buffer.alloc(8))), expected: 'EINVAL' },
  {
    title: 'match name with bytes behind its NUL',
    blob: withMatches(extension('comment\0xyz', 0, Buffer.alloc(256))),
    expected: '',
  },
  {
    title: 'unaligned unknown match before the target',
    blob: ruleOf(extension('nosuch', 0, Buffer.alloc(7)), { matches: [extension('nosuch', 0, Buffer.alloc(1))] }),
    expected: 'ENOENT',
  },
  { title: 'tcp without -p tcp', blob: withMatches(extension('tcp', 0, Buffer.alloc(16))), expected: 'EINVAL' },
  { title: 'unknown target', blob: ruleOf(extension('NOSUCH', 0, Buffer.alloc(8))), expected: 'ENOENT' },
  { title: 'target name without NUL', blob: ruleOf(extension(long, 0, Buffer.alloc(8))), expected: 'EINVAL' },
  { title: 'target MARK revision 7', blob: ruleOf(extension('MARK', 7, Buffer.alloc(8))), expected: 'ENOENT' },
  { title: 'target REJECT revision 1', blob: ruleOf(extension('REJECT', 1, Buffer.alloc(8))), expected: 'ENOENT' },
  { title: 'target MARK 8 bytes long', blob: ruleOf(extension('MARK', 2, Buffer.alloc(16))), expected: 'EINVAL' },
  { title: 'target MARK', blob: ruleOf(extension('MARK', 2, Buffer.alloc(8))), expected: '' },
  {
    title: 'target MARK with 16 bytes behind it',
    blob: ruleOf(Buffer.concat([extension('MARK', 2, Buffer.alloc(8)), Buffer.alloc(16)])),
    expected: '',
  },
  {
    title: 'first match unknown, second of the wrong size',
    blob: withMatches(extension('nosuch', 0, Buffer.alloc(8)), extension('comment', 0, Buffer.alloc(8))),
    expected: 'ENOENT',
  },
  {
    title: 'first match of the wrong size, second unknown',
    blob: withMatches(extension('comment', 0, Buffer.alloc(8)), extension('nosuch', 0, Buffer.alloc(8))),
    expected: 'EINVAL',
  },
  {
    title: 'match refused before the unknown target',
    blob: ruleOf(extension('NOSUCH', 0, Buffer.alloc(8)), { matches: [extension('comment', 0, Buffer.alloc(8))] }),
    expected: 'EINVAL',
  },
  {
    title: 'unknown match in a bad rule behind a bad verdict',
    blob: filter({
      input: [
        entry({ target: standard(drop), matches: [extension('nosuch', 0, Buffer.alloc(8))] }),
        entry({ target: standard(0) }),
      ],
    }),
    expected: 'EINVAL',
  },
];
