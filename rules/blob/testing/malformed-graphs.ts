import type { BlobCase } from './malformed-entries.ts';
import { entry, extension, filter, head, ip, plain, replace, standard, verdicts } from './raw-blob.ts';

const { accept, drop } = verdicts;
const returns = verdicts.return;
const policies = [plain(accept), plain(accept), plain(accept), head('ERROR')];
const jump = (to: number, fields: Parameters<typeof ip>[0] = {}): Uint8Array =>
  entry({ ip: ip(fields), target: standard(to) });
/** INPUT jumps to `to`; one rule in INPUT puts the three policies at 152, 304 and 456, user entries at 608. */
const inputJump = (to: number, user: readonly Uint8Array[] = []): Uint8Array => filter({ input: [jump(to)], user });
const user = 608;
const reject = extension('REJECT', 0, Buffer.alloc(8));

/** The graph of chains: mark_source_chains; and shapes that only a hand-made blob has. */
export const graphCases: readonly BlobCase[] = [
  { title: 'jump past the end', blob: inputJump(9999 * 8), expected: 'ELOOP' },
  { title: 'jump to INT_MAX', blob: inputJump(0x7fffffff), expected: 'ELOOP' },
  { title: 'jump to the size of the table', blob: inputJump(user + 176), expected: 'ELOOP' },
  { title: 'jump into the middle of an entry', blob: inputJump(160), expected: 'ELOOP' },
  { title: 'jump to 1', blob: inputJump(1), expected: 'ELOOP' },
  { title: 'jump to the last entry', blob: inputJump(user), expected: 'ELOOP' },
  { title: 'jump to itself', blob: filter({ input: [jump(152), jump(152)] }), expected: 'ELOOP' },
  {
    title: 'jump back inside INPUT',
    blob: filter({ input: [plain(drop), jump(152, { protocol: 6 })] }),
    expected: '',
    ours: 'EOPNOTSUPP',
  },
  {
    title: 'two rules that jump to each other',
    blob: filter({ input: [jump(152, { protocol: 6 }), jump(304), jump(152)] }),
    expected: 'ELOOP',
  },
  { title: 'rule that falls through (jump to the next entry)', blob: inputJump(152), expected: '' },
  { title: 'jump to a chain', blob: inputJump(user + 176, [head('A'), plain(returns)]), expected: '' },
  {
    title: 'goto to a chain',
    blob: filter({ input: [jump(user + 176, { flags: 2 })], user: [head('A'), plain(returns)] }),
    expected: '',
  },
  { title: 'chain nobody jumps to', blob: filter({ user: [head('A'), plain(returns)] }), expected: '' },
  { title: 'jump to FORWARD', blob: inputJump(304), expected: '', ours: 'EOPNOTSUPP' },
  {
    title: 'jump to a chain head',
    blob: inputJump(user, [head('A'), plain(returns)]),
    expected: '',
    ours: 'EOPNOTSUPP',
  },
  {
    title: 'jump to the second rule of a chain',
    blob: inputJump(user + 328, [head('A'), plain(drop), plain(returns)]),
    expected: '',
    ours: 'EOPNOTSUPP',
  },
  {
    title: 'chain that jumps to itself',
    blob: inputJump(user + 176, [head('A'), jump(user + 176), plain(returns)]),
    expected: 'ELOOP',
  },
  {
    title: 'chain that goes to itself',
    blob: inputJump(user + 176, [head('A'), jump(user + 176, { flags: 2 }), plain(returns)]),
    expected: 'ELOOP',
  },
  {
    title: 'chain that jumps to itself on tcp',
    blob: inputJump(user + 176, [head('A'), jump(user + 176, { protocol: 6 }), plain(returns)]),
    expected: 'ELOOP',
  },
  {
    title: 'loop in a chain nobody jumps to',
    blob: filter({ user: [head('A'), jump(456 + 176), plain(returns)] }),
    expected: '',
  },
  {
    title: 'loop behind an unconditional DROP',
    blob: inputJump(user + 176, [head('A'), plain(drop), jump(user + 176), plain(returns)]),
    expected: '',
    // nftables looks for loops behind it too.
    supervised: 'ELOOP',
  },
  {
    title: 'two chains that jump to each other',
    blob: inputJump(user + 176, [
      head('A'),
      jump(user + 656),
      plain(returns),
      head('B'),
      jump(user + 176),
      plain(returns),
    ]),
    expected: 'ELOOP',
  },
  {
    title: 'two chains reached twice',
    blob: filter({
      input: [jump(936), jump(936)],
      user: [head('A'), plain(returns), head('B'), jump(936), plain(returns)],
    }),
    expected: '',
  },
  {
    title: 'jump to nowhere in a chain nobody jumps to',
    blob: filter({ user: [head('A'), jump(123), plain(returns)] }),
    expected: '',
    ours: 'EOPNOTSUPP',
  },
  {
    title: 'chain without closing RETURN, then another chain',
    blob: inputJump(user + 176, [head('A'), jump(user + 328, { protocol: 6 }), head('B'), plain(returns)]),
    expected: '',
    ours: 'EOPNOTSUPP',
  },
  {
    title: 'chain without closing RETURN at the end',
    blob: inputJump(user + 176, [head('A'), plain(drop).map((byte, index) => (index === 80 ? 6 : byte))]),
    expected: 'ELOOP',
  },
  {
    title: 'chain that ends with DROP',
    blob: inputJump(user + 176, [head('A'), plain(drop)]),
    expected: '',
    ours: 'EOPNOTSUPP',
  },
  {
    title: 'chain without any rule',
    blob: filter({ user: [head('A'), head('B'), plain(returns)] }),
    expected: '',
    ours: 'EOPNOTSUPP',
  },
  {
    title: 'two chains of one name',
    blob: filter({ user: [head('A'), plain(returns), head('A'), plain(returns)] }),
    expected: '',
    ours: 'EOPNOTSUPP',
  },
  {
    title: 'chain named INPUT',
    blob: filter({ user: [head('INPUT'), plain(returns)] }),
    expected: '',
    ours: 'EOPNOTSUPP',
  },
  { title: 'chain named ERROR', blob: filter({ user: [head('ERROR'), plain(returns)] }), expected: '' },
  {
    title: 'chain without a name',
    blob: filter({ user: [head(''), plain(returns)] }),
    expected: '',
    ours: 'EOPNOTSUPP',
  },
  { title: 'last entry not ERROR', blob: filter({ end: [plain(accept)] }), expected: '', ours: 'EOPNOTSUPP' },
  {
    title: 'entries before the first hook',
    blob: replace({ hookEntry: [0, 152, 304, 456, 0], underflow: [0, 152, 304, 456, 0] }, [plain(accept), ...policies]),
    expected: '',
    ours: 'EOPNOTSUPP',
  },
  {
    title: 'chain before the hooks',
    blob: replace({ hookEntry: [0, 328, 480, 632, 0], underflow: [0, 328, 480, 632, 0] }, [
      head('A'),
      plain(returns),
      ...policies,
    ]),
    expected: '',
  },
  {
    title: 'underflow before the last rule of INPUT',
    blob: replace({ hookEntry: [0, 0, 304, 456, 0], underflow: [0, 0, 304, 456, 0] }, [
      plain(drop),
      plain(accept),
      plain(accept),
      plain(accept),
      head('ERROR'),
    ]),
    expected: '',
    ours: 'EOPNOTSUPP',
  },
  {
    title: 'overlapping hooks: INPUT runs into FORWARD',
    blob: replace({ hookEntry: [0, 0, 152, 456, 0], underflow: [0, 304, 456, 608, 0] }, [
      jump(152),
      plain(drop),
      plain(accept),
      plain(accept),
      plain(accept),
      head('ERROR'),
    ]),
    expected: '',
    ours: 'EOPNOTSUPP',
  },
  {
    title: 'overlapping hooks: FORWARD starts inside INPUT',
    blob: replace({ hookEntry: [0, 0, 152, 608, 0], underflow: [0, 304, 456, 608, 0] }, [
      plain(drop),
      plain(drop),
      plain(accept),
      plain(accept),
      plain(accept),
      head('ERROR'),
    ]),
    expected: '',
    ours: 'EOPNOTSUPP',
  },
  {
    title: 'chain head inside INPUT',
    blob: replace({ hookEntry: [0, 0, 480, 632, 0], underflow: [0, 328, 480, 632, 0] }, [
      plain(drop),
      head('A'),
      plain(accept),
      plain(accept),
      plain(accept),
      head('ERROR'),
    ]),
    expected: '',
    ours: 'EOPNOTSUPP',
  },
  {
    title: 'loop and an unknown match',
    blob: filter({
      input: [
        jump(152, { protocol: 6 }),
        entry({ target: standard(drop), matches: [extension('nosuch', 0, Buffer.alloc(8))] }),
        jump(152),
      ],
    }),
    expected: 'ELOOP',
  },
  {
    title: 'bad shape and an unknown match',
    blob: filter({
      input: [entry({ target: standard(drop), matches: [extension('nosuch', 0, Buffer.alloc(8))] })],
      end: [plain(accept)],
    }),
    expected: 'ENOENT',
  },
  {
    title: 'unknown match in a chain nobody jumps to',
    blob: filter({
      user: [
        head('A'),
        entry({ target: standard(drop), matches: [extension('nosuch', 0, Buffer.alloc(8))] }),
        plain(returns),
      ],
    }),
    expected: 'ENOENT',
  },
  { title: 'REJECT in filter', blob: filter({ input: [entry({ target: reject })] }), expected: '' },
  {
    title: 'REJECT in raw',
    blob: replace({ name: 'raw', validHooks: 9, hookEntry: [0, 0, 0, 296, 0], underflow: [144, 0, 0, 296, 0] }, [
      entry({ target: reject }),
      plain(accept),
      plain(accept),
      head('ERROR'),
    ]),
    expected: 'EINVAL',
  },
  {
    title: 'REJECT in an unknown table',
    blob: filter({ input: [entry({ target: reject })], raw: { name: 'nosuch' } }),
    expected: 'EINVAL',
  },
  {
    title: 'REJECT in a chain that PREROUTING of mangle reaches',
    blob: replace(
      { name: 'mangle', validHooks: 0x1f, hookEntry: [0, 152, 304, 456, 608], underflow: [0, 152, 304, 456, 608] },
      [...Array(5).fill(plain(accept)), head('A'), entry({ target: reject }), plain(returns), head('ERROR')],
    ),
    expected: 'EINVAL',
  },
];
