import type { BlobCase } from './malformed-entries.ts';
import { entry, extension, head, ip, plain, replace, standard, verdicts } from './raw-blob.ts';

const { accept, drop } = verdicts;
const returns = verdicts.return;
const policies = [plain(accept), plain(accept), plain(accept), head('ERROR')];
const at = [0, 0, 152, 304, 0];
const table = (raw: object, entries: readonly Uint8Array[] = policies): Uint8Array =>
  replace({ hookEntry: at, underflow: at, ...raw }, entries);
const comment = extension('comment', 0, Buffer.alloc(256));
const named = (length: number): Uint8Array => Buffer.alloc(length, 'f');

/** Header fields, hooks and underflows: do_replace, translate_table, xt_check_table_hooks. */
export const headerCases: readonly BlobCase[] = [
  { title: 'one entry too few in num_entries', blob: table({ numEntries: 3 }), expected: 'EINVAL' },
  { title: 'one entry too many in num_entries', blob: table({ numEntries: 5 }), expected: 'EINVAL' },
  { title: 'num_entries 0', blob: table({ numEntries: 0 }), expected: 'EINVAL' },
  { title: 'num_entries 2^31', blob: table({ numEntries: 0x80000000 }), expected: 'ENOMEM' },
  { title: 'num_entries 2^32-1', blob: table({ numEntries: 0xffffffff }), expected: 'ENOMEM' },
  {
    title: 'num_entries 2^27+1, over a bad entry',
    blob: table({ numEntries: 0x8000001 }, [Buffer.alloc(152)]),
    expected: 'ENOMEM',
  },
  {
    title: 'size 0, nothing said to be there',
    blob: table({ size: 0, numEntries: 0, validHooks: 0 }),
    expected: 'EINVAL',
  },
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
  {
    title: 'num_counters 2^25+1, bad blob',
    blob: table({ numCounters: 0x2000001, numEntries: 3 }),
    expected: 'EINVAL',
  },
  {
    title: 'num_counters huge and size too long',
    blob: table({ numCounters: 0x7ffffff, size: 999 }),
    expected: 'ENOMEM',
  },
  { title: 'num_counters 0 and size too long', blob: table({ numCounters: 0, size: 999 }), expected: 'EINVAL' },
  { title: 'unknown table', blob: table({ name: 'nosuch' }), expected: 'ENOENT' },
  { title: 'unknown table, bad blob', blob: table({ name: 'nosuch', numEntries: 3 }), expected: 'EINVAL' },
  {
    title: 'unknown table, too many counters',
    blob: table({ name: 'nosuch', numCounters: 0x2000001 }),
    expected: 'ENOMEM',
  },
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
  {
    title: 'garbage at hooks that are not valid',
    blob: table({ hookEntry: [99, 0, 152, 304, 99], underflow: [99, 0, 152, 304, 99] }),
    expected: '',
  },
  { title: 'policy RETURN', blob: table({}, [plain(returns), ...policies.slice(1)]), expected: 'EINVAL' },
  { title: 'policy QUEUE', blob: table({}, [plain(-4), ...policies.slice(1)]), expected: 'EINVAL' },
  { title: 'policy DROP', blob: table({}, [plain(drop), ...policies.slice(1)]), expected: '' },
  {
    title: 'policy with a protocol',
    blob: table({}, [entry({ ip: ip({ protocol: 6 }), target: standard(accept) }), ...policies.slice(1)]),
    expected: 'EINVAL',
  },
  {
    title: 'policy with the goto flag',
    blob: table({}, [entry({ ip: ip({ flags: 2 }), target: standard(accept) }), ...policies.slice(1)]),
    expected: 'EINVAL',
  },
  {
    title: 'policy with a match',
    blob: replace({ hookEntry: [0, 0, 440, 592, 0], underflow: [0, 0, 440, 592, 0] }, [
      entry({ matches: [comment], target: standard(accept) }),
      ...policies.slice(1),
    ]),
    expected: 'EINVAL',
  },
  {
    title: 'policy that is a MARK',
    blob: table({}, [entry({ target: extension('MARK', 2, Buffer.alloc(8)) }), ...policies.slice(1)]),
    expected: 'EINVAL',
  },
  {
    title: 'underflow before its hook entry',
    blob: table({ hookEntry: [0, 152, 304, 456, 0], underflow: [0, 0, 152, 304, 0] }, [
      plain(accept),
      plain(accept),
      plain(accept),
      plain(accept),
      head('ERROR'),
    ]),
    expected: '',
    ours: 'EOPNOTSUPP',
  },
];
