import type { BlobCase } from './malformed-entries.ts';
import { entry, extension, filter, head, ip, plain, replace, standard, verdicts } from './raw-blob.ts';

const { accept, drop } = verdicts;
const returns = verdicts['return'];
const policies = [plain(accept), plain(accept), plain(accept), head('ERROR')];
const at = [0, 0, 152, 304, 0];
const table = (raw: object, entries: readonly Uint8Array[] = policies): Uint8Array =>
  replace({ hookEntry: at, underflow: at, ...raw }, entries);
const jump = (to: number, fields: Parameters<typeof ip>[0] = {}): Uint8Array => entry({ ip: ip(fields), target: standard(to) });
/** INPUT jumps to `to`; one rule in INPUT puts the three policies at 152, 304 and 456, user entries at 608. */
const inputJump = (to: number, user: readonly Uint8Array[] = []): Uint8Array => filter({ input: [jump(to)], user });
const user = 608;
const comment = extension('comment', 0, Buffer.alloc(256));
const reject = extension('REJECT', 0, Buffer.alloc(8));
const named = (length: number): Uint8Array => Buffer.alloc(length, 'f');

/** Header fields, hooks and underflows: do_replace, translate_table, xt_check_table_hooks. */
export const headerCases: readonly BlobCase[] = [
  { title: 'one entry too few in num_entries', blob: table({ numEntries: 3 }), expected: 'EINVAL' },
  { title: 'one entry too many in num_entries', blob: table({ numEntries: 5 }), expected: 'EINVAL' },
  { title: 'num_entries 0', blob: table({ numEntries: 0 }), expected: 'EINVAL' },
  { title: 'num_entries 2^31', blob: table({ numEntries: 0x80000000 }), expected: 'ENOMEM' },
  { title: 'num_entries 2^32-1', blob: table({ numEntries: 0xffffffff }), expected: 'ENOMEM' },
  { title: 'num_entries 2^27+1, over a bad entry', blob: table({ numEntries: 0x8000001 }, [Buffer.alloc(152)]), expected: 'ENOMEM' },
  { title: 'size 0, nothing said to be there', blob: table({ size: 0, numEntries: 0, validHooks: 0 }), expected: 'EINVAL' },
  { title: 'size 0, hooks said to be there', blob: table({ size: 0, numEntries: 0 }), expected: 'EINVAL' },
  { title: 'size one less', blob: table({ size: 631 }), expected: 'EINVAL' },
  { title: 'size one entry less', blob: table({ size: 456, numEntries: 3 }), expected: '', ours: 'EOPNOTSUPP' },
  { title: 'size one more than is there', blob: table({ size: 633 }), expected: 'EINVAL' },
  { title: 'size INT_MAX', blob: table({ size: 0x7fffffff }), expected: 'EINVAL' },
  { title: 'size 2^32-1', blob: table({ size: 0xffffffff }), expected: 'EINVAL' },
  { title: 'bytes behind the entries', blob: Buffer.concat([table({}), Buffer.alloc(64, 0xff)]), expected: '' },
  { title: 'num_counters 0', blob: table({ numCounters: 0 }), expected: 'EINVAL' },
  { title: 'num_counters INT_MAX/16', blob: table({ numCounters: 0x7ffffff }), expected: 'ENOMEM' },
  { title: 'num_counters 2^32-1', blob: table({ numCounters: 0xffffffff }), expected: 'ENOMEM' },
  { title: 'num_counters 2^25+1', blob: table({ numCounters: 0x2000001 }), expected: 'ENOMEM' },
  { title: 'num_counters 2^25+1, bad blob', blob: table({ numCounters: 0x2000001, numEntries: 3 }), expected: 'EINVAL' },
  { title: 'num_counters huge and size too long', blob: table({ numCounters: 0x7ffffff, size: 999 }), expected: 'ENOMEM' },
  { title: 'num_counters 0 and size too long', blob: table({ numCounters: 0, size: 999 }), expected: 'EINVAL' },
  { title: 'unknown table', blob: table({ name: 'nosuch' }), expected: 'ENOENT' },
  { title: 'unknown table, bad blob', blob: table({ name: 'nosuch', numEntries: 3 }), expected: 'EINVAL' },
  { title: 'unknown table, too many counters', blob: table({ name: 'nosuch', numCounters: 0x2000001 }), expected: 'ENOMEM' },
  { title: 'table without a name', blob: table({ name: '' }), expected: 'ENOENT' },
  { title: 'table name without NUL', blob: table({ name: named(32) }), expected: 'ENOENT' },
  { title: 'bytes behind the NUL of the table name', blob: table({ name: 'filter\0xyz' }), expected: '' },
  { title: 'hooks of filter for nat', blob: table({ name: 'nat' }), expected: 'EINVAL' },
  { title: 'valid_hooks 0', blob: table({ validHooks: 0 }), expected: 'EINVAL' },
  { title: 'valid_hooks with a hook of its own', blob: table({ validHooks: 0x2e }), expected: 'EINVAL' },
  { title: 'valid_hooks without OUTPUT', blob: table({ validHooks: 0x06 }), expected: 'EINVAL' },
  { title: 'valid_hooks with PREROUTING at INPUT', blob: table({ validHooks: 0x0f }), expected: 'EINVAL' },
  { title: 'hook entry between entries', blob: table({ hookEntry: [0, 8, 152, 304, 0] }), expected: 'EINVAL' },
  { title: 'hook entry past the end', blob: table({ hookEntry: [0, 0, 152, 632, 0] }), expected: 'EINVAL' },
  { title: 'hook entry 2^32-1', blob: table({ hookEntry: [0, 0, 152, 0xffffffff, 0] }), expected: 'EINVAL' },
  { title: 'underflow between entries', blob: table({ underflow: [0, 8, 152, 304, 0] }), expected: 'EINVAL' },
  { title: 'underflow at the end', blob: table({ underflow: [0, 0, 152, 456, 0] }), expected: 'EINVAL' },
  { title: 'two hooks at one entry', blob: table({ hookEntry: [0, 0, 0, 304, 0] }), expected: 'EINVAL' },
  { title: 'two hooks with one underflow', blob: table({ underflow: [0, 0, 304, 304, 0] }), expected: 'EINVAL' },
  { title: 'hook entries out of order', blob: table({ hookEntry: [0, 152, 0, 304, 0] }), expected: 'EINVAL' },
  { title: 'underflows out of order', blob: table({ underflow: [0, 152, 0, 304, 0] }), expected: 'EINVAL' },
  { title: 'garbage at hooks that are not valid', blob: table({ hookEntry: [99, 0, 152, 304, 99], underflow: [99, 0, 152, 304, 99] }), expected: '' },
  { title: 'policy RETURN', blob: table({}, [plain(returns), ...policies.slice(1)]), expected: 'EINVAL' },
  { title: 'policy QUEUE', blob: table({}, [plain(-4), ...policies.slice(1)]), expected: 'EINVAL' },
  { title: 'policy DROP', blob: table({}, [plain(drop), ...policies.slice(1)]), expected: '' },
  { title: 'policy with a protocol', blob: table({}, [entry({ ip: ip({ protocol: 6 }), target: standard(accept) }), ...policies.slice(1)]), expected: 'EINVAL' },
  { title: 'policy with the goto flag', blob: table({}, [entry({ ip: ip({ flags: 2 }), target: standard(accept) }), ...policies.slice(1)]), expected: 'EINVAL' },
  { title: 'policy with a match', blob: replace({ hookEntry: [0, 0, 440, 592, 0], underflow: [0, 0, 440, 592, 0] }, [entry({ matches: [comment], target: standard(accept) }), ...policies.slice(1)]), expected: 'EINVAL' },
  { title: 'policy that is a MARK', blob: table({}, [entry({ target: extension('MARK', 2, Buffer.alloc(8)) }), ...policies.slice(1)]), expected: 'EINVAL' },
  { title: 'underflow before its hook entry', blob: table({ hookEntry: [0, 152, 304, 456, 0], underflow: [0, 0, 152, 304, 0] }, [plain(accept), plain(accept), plain(accept), plain(accept), head('ERROR')]), expected: '', ours: 'EOPNOTSUPP' },
];

/** The graph of chains: mark_source_chains; and shapes that only a hand-made blob has. */
export const graphCases: readonly BlobCase[] = [
  { title: 'jump past the end', blob: inputJump(9999 * 8), expected: 'ELOOP' },
  { title: 'jump to INT_MAX', blob: inputJump(0x7fffffff), expected: 'ELOOP' },
  { title: 'jump to the size of the table', blob: inputJump(user + 176), expected: 'ELOOP' },
  { title: 'jump into the middle of an entry', blob: inputJump(160), expected: 'ELOOP' },
  { title: 'jump to 1', blob: inputJump(1), expected: 'ELOOP' },
  { title: 'jump to the last entry', blob: inputJump(user), expected: 'ELOOP' },
  { title: 'jump to itself', blob: filter({ input: [jump(152), jump(152)] }), expected: 'ELOOP' },
  { title: 'jump back inside INPUT', blob: filter({ input: [plain(drop), jump(152, { protocol: 6 })] }), expected: '', ours: 'EOPNOTSUPP' },
  { title: 'two rules that jump to each other', blob: filter({ input: [jump(152, { protocol: 6 }), jump(304), jump(152)] }), expected: 'ELOOP' },
  { title: 'rule that falls through (jump to the next entry)', blob: inputJump(152), expected: '' },
  { title: 'jump to a chain', blob: inputJump(user + 176, [head('A'), plain(returns)]), expected: '' },
  { title: 'goto to a chain', blob: filter({ input: [jump(user + 176, { flags: 2 })], user: [head('A'), plain(returns)] }), expected: '' },
  { title: 'chain nobody jumps to', blob: filter({ user: [head('A'), plain(returns)] }), expected: '' },
  { title: 'jump to FORWARD', blob: inputJump(304), expected: '', ours: 'EOPNOTSUPP' },
  { title: 'jump to a chain head', blob: inputJump(user, [head('A'), plain(returns)]), expected: '', ours: 'EOPNOTSUPP' },
  { title: 'jump to the second rule of a chain', blob: inputJump(user + 328, [head('A'), plain(drop), plain(returns)]), expected: '', ours: 'EOPNOTSUPP' },
  { title: 'chain that jumps to itself', blob: inputJump(user + 176, [head('A'), jump(user + 176), plain(returns)]), expected: 'ELOOP' },
  { title: 'chain that goes to itself', blob: inputJump(user + 176, [head('A'), jump(user + 176, { flags: 2 }), plain(returns)]), expected: 'ELOOP' },
  { title: 'chain that jumps to itself on tcp', blob: inputJump(user + 176, [head('A'), jump(user + 176, { protocol: 6 }), plain(returns)]), expected: 'ELOOP' },
  { title: 'loop in a chain nobody jumps to', blob: filter({ user: [head('A'), jump(456 + 176), plain(returns)] }), expected: '' },
  { title: 'loop behind an unconditional DROP', blob: inputJump(user + 176, [head('A'), plain(drop), jump(user + 176), plain(returns)]), expected: '' },
  { title: 'two chains that jump to each other', blob: inputJump(user + 176, [head('A'), jump(user + 656), plain(returns), head('B'), jump(user + 176), plain(returns)]), expected: 'ELOOP' },
  { title: 'two chains reached twice', blob: filter({ input: [jump(936), jump(936)], user: [head('A'), plain(returns), head('B'), jump(936), plain(returns)] }), expected: '' },
  { title: 'jump to nowhere in a chain nobody jumps to', blob: filter({ user: [head('A'), jump(123), plain(returns)] }), expected: '', ours: 'EOPNOTSUPP' },
  { title: 'chain without closing RETURN, then another chain', blob: inputJump(user + 176, [head('A'), jump(user + 328, { protocol: 6 }), head('B'), plain(returns)]), expected: '', ours: 'EOPNOTSUPP' },
  { title: 'chain without closing RETURN at the end', blob: inputJump(user + 176, [head('A'), plain(drop).map((byte, index) => (index === 80 ? 6 : byte))]), expected: 'ELOOP' },
  { title: 'chain that ends with DROP', blob: inputJump(user + 176, [head('A'), plain(drop)]), expected: '', ours: 'EOPNOTSUPP' },
  { title: 'chain without any rule', blob: filter({ user: [head('A'), head('B'), plain(returns)] }), expected: '', ours: 'EOPNOTSUPP' },
  { title: 'two chains of one name', blob: filter({ user: [head('A'), plain(returns), head('A'), plain(returns)] }), expected: '', ours: 'EOPNOTSUPP' },
  { title: 'chain named INPUT', blob: filter({ user: [head('INPUT'), plain(returns)] }), expected: '', ours: 'EOPNOTSUPP' },
  { title: 'chain named ERROR', blob: filter({ user: [head('ERROR'), plain(returns)] }), expected: '' },
  { title: 'chain without a name', blob: filter({ user: [head(''), plain(returns)] }), expected: '', ours: 'EOPNOTSUPP' },
  { title: 'last entry not ERROR', blob: filter({ end: [plain(accept)] }), expected: '', ours: 'EOPNOTSUPP' },
  { title: 'entries before the first hook', blob: replace({ hookEntry: [0, 152, 304, 456, 0], underflow: [0, 152, 304, 456, 0] }, [plain(accept), ...policies]), expected: '', ours: 'EOPNOTSUPP' },
  { title: 'chain before the hooks', blob: replace({ hookEntry: [0, 328, 480, 632, 0], underflow: [0, 328, 480, 632, 0] }, [head('A'), plain(returns), ...policies]), expected: '' },
  { title: 'underflow before the last rule of INPUT', blob: replace({ hookEntry: [0, 0, 304, 456, 0], underflow: [0, 0, 304, 456, 0] }, [plain(drop), plain(accept), plain(accept), plain(accept), head('ERROR')]), expected: '', ours: 'EOPNOTSUPP' },
  { title: 'overlapping hooks: INPUT runs into FORWARD', blob: replace({ hookEntry: [0, 0, 152, 456, 0], underflow: [0, 304, 456, 608, 0] }, [jump(152), plain(drop), plain(accept), plain(accept), plain(accept), head('ERROR')]), expected: '', ours: 'EOPNOTSUPP' },
  { title: 'overlapping hooks: FORWARD starts inside INPUT', blob: replace({ hookEntry: [0, 0, 152, 608, 0], underflow: [0, 304, 456, 608, 0] }, [plain(drop), plain(drop), plain(accept), plain(accept), plain(accept), head('ERROR')]), expected: '', ours: 'EOPNOTSUPP' },
  { title: 'chain head inside INPUT', blob: replace({ hookEntry: [0, 0, 480, 632, 0], underflow: [0, 328, 480, 632, 0] }, [plain(drop), head('A'), plain(accept), plain(accept), plain(accept), head('ERROR')]), expected: '', ours: 'EOPNOTSUPP' },
  { title: 'loop and an unknown match', blob: filter({ input: [jump(152, { protocol: 6 }), entry({ target: standard(drop), matches: [extension('nosuch', 0, Buffer.alloc(8))] }), jump(152)] }), expected: 'ELOOP' },
  { title: 'bad shape and an unknown match', blob: filter({ input: [entry({ target: standard(drop), matches: [extension('nosuch', 0, Buffer.alloc(8))] })], end: [plain(accept)] }), expected: 'ENOENT' },
  { title: 'unknown match in a chain nobody jumps to', blob: filter({ user: [head('A'), entry({ target: standard(drop), matches: [extension('nosuch', 0, Buffer.alloc(8))] }), plain(returns)] }), expected: 'ENOENT' },
  { title: 'REJECT in filter', blob: filter({ input: [entry({ target: reject })] }), expected: '' },
  { title: 'REJECT in raw', blob: replace({ name: 'raw', validHooks: 9, hookEntry: [0, 0, 0, 296, 0], underflow: [144, 0, 0, 296, 0] }, [entry({ target: reject }), plain(accept), plain(accept), head('ERROR')]), expected: 'EINVAL' },
  { title: 'REJECT in an unknown table', blob: filter({ input: [entry({ target: reject })], raw: { name: 'nosuch' } }), expected: 'EINVAL' },
  { title: 'REJECT in a chain that PREROUTING of mangle reaches', blob: replace({ name: 'mangle', validHooks: 0x1f, hookEntry: [0, 152, 304, 456, 608], underflow: [0, 152, 304, 456, 608] }, [...Array(5).fill(plain(accept)), head('A'), entry({ target: reject }), plain(returns), head('ERROR')]), expected: 'EINVAL' },
];
