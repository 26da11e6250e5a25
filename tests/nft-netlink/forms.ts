import type { NftStatement, NftValue } from '../../rules/nft/json.ts';
import { combinedForms, natForms } from './forms-combined.ts';
import { headerForms, statementForms } from './forms-headers.ts';
import { connectionForms, keyForms } from './forms-keys.ts';
import { ct, field, meta, raw, tcp, test } from './terms.ts';

/** Every form of statement that our rules take, each as rules of its own. */

const mark = meta('mark');
const dport = field('tcp', 'dport');

const portSets: readonly (readonly NftValue[])[] = [
  [80, 443],
  [443, 22, 80],
  [80, { range: [90, 100] }, 443],
  [{ range: [0, 10] }, { range: [20, 65535] }],
  [{ range: [0, 5] }, 6, { range: [7, 65535] }],
  [0, { range: [5, 6] }],
  [{ range: [65000, 65535] }, 1],
];
const operators = ['==', '!='] as const;
const transports = ['tcp', 'udp', 'udplite', 'sctp', 'dccp', 'th'] as const;

const tests: readonly (readonly NftStatement[])[] = [
  ...transports.map((protocol) => [test('==', field(protocol, 'sport'), 80)]),
  ...operators.flatMap((op) => [
    [test(op, dport, { range: [90, 100] })],
    [test(op, field('ip', 'saddr'), '10.1.2.3')],
    ...[1, 8, 9, 16, 24, 31].map((len) => [test(op, field('ip', 'daddr'), { prefix: { addr: '128.0.0.0', len } })]),
    [test(op, { '&': [field('ip', 'saddr'), '255.0.0.255'] }, '10.0.0.1')],
    [test(op, { '&': [field('ip', 'frag-off'), 0x1fff] }, 0)],
    [test(op, { '&': [dport, 0xffff] }, 2)],
    [test(op, { '&': [field('tcp', 'flags'), 0x17] }, 2)],
    [test(op, { '&': [{ payload: { base: 'th', offset: 56, len: 8 } }, 1] }, 2)],
    [test(op, { '&': [mark, 0xff] }, 1)],
    [test(op, mark, 0xdeadbeef)],
    [test(op, meta('iif'), 0)],
    ...['lo', 'eth*', 'averylongname15', 'averylongname1*', 'a\\*', 'a b', 'gr\u00fcn'].map((name) => [
      test(op, meta('iifname'), name),
    ]),
    [test(op, meta('oifname'), 'x')],
    [test(op, meta('l4proto'), 47)],
    ...portSets.map((set) => [test(op, field('udp', 'dport'), { set })]),
    ...['original', 'reply'].flatMap((dir) => [
      [test(op, ct('ip saddr', dir as 'original'), '10.0.0.1')],
      [test(op, ct('ip daddr', dir as 'reply'), { prefix: { addr: '10.0.0.0', len: 9 } })],
      [test(op, ct('ip daddr', dir as 'reply'), { prefix: { addr: '10.0.0.0', len: 8 } })],
    ]),
    [test(op, { '&': [ct('ip saddr', 'reply'), '255.0.0.255'] }, '10.0.0.1')],
    [test('==', ct('protocol'), 6), test(op, ct('proto-src', 'original'), { range: [1, 5] })],
    [tcp, test(op, ct('proto-dst', 'reply'), 7)],
    [
      test('==', ct('protocol'), { set: [{ range: [0, 5] }, 6, { range: [7, 255] }] }),
      test(op, ct('proto-src', 'original'), 7),
    ],
    [test(op, ct('expiration'), { range: ['1s', '3s999ms'] })],
    [test(op, { '&': [ct('status'), ['snat', 'dnat']] }, 0)],
    [test(op, { '&': [ct('status'), 64] }, 0)],
  ]),
  ...(['<', '>', '<=', '>='] as const).flatMap((op) => [
    [test(op, dport, 1024)],
    [test(op, field('tcp', 'doff'), 5)],
    [test(op, ct('expiration'), '1s')],
  ]),
  [test('==', ct('protocol'), { range: [6, 6] })],
  ...[2, 3, 8, 19, 30, 254, 255].flatMap((base) =>
    [true, false].map((there) => [test('==', { 'tcp option': { base, offset: 0, len: 8 } }, there)]),
  ),
  [test('in', ct('state'), ['new', 'established'])],
  [test('in', ct('state'), 'untracked')],
  [test('==', ct('state'), 0)],
  [test('==', ct('direction'), 'reply')],
];

/** Where nft merges, and where it doesn't. */
const neighbours: readonly (readonly NftStatement[])[] = [
  [tcp, test('==', dport, 80), test('==', field('tcp', 'sport'), 81)],
  [test('!=', field('tcp', 'sport'), 80), test('!=', dport, 81)],
  [test('!=', field('tcp', 'sport'), 80), test('==', dport, 81)],
  [test('==', field('icmp', 'type'), 8), test('==', field('icmp', 'code'), 0)],
  [test('==', field('tcp', 'sport'), 1), test('in', ct('state'), 'new'), { counter: 'r1' }, test('==', dport, 2)],
  [
    test('==', field('udp', 'sport'), 1),
    test('==', field('udp', 'dport'), 2),
    { counter: 'r1' },
    test('==', field('udp', 'length'), 3),
  ],
  [test('==', field('ip', 'saddr'), '1.2.3.4'), test('==', field('ip', 'daddr'), '4.3.2.1')],
  [test('==', field('ip', 'length'), 40), test('==', field('ip', 'id'), 7), test('==', field('ip', 'ttl'), 1)],
  [
    test('==', { payload: { base: 'th', offset: 16, len: 8 } }, 1),
    test('==', { payload: { base: 'th', offset: 24, len: 8 } }, 2),
  ],
  [
    test('==', { payload: { base: 'nh', offset: 24, len: 8 } }, 1),
    test('==', { payload: { base: 'nh', offset: 0, len: 8 } }, 2),
    test('==', { payload: { base: 'nh', offset: 16, len: 8 } }, 3),
    test('==', { payload: { base: 'nh', offset: 8, len: 8 } }, 4),
    test('==', { payload: { base: 'nh', offset: 32, len: 8 } }, 5),
  ],
];

const levels = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug'] as const;
const codes = ['net', 'host', 'prot', 'port', 'admin'] as const;

const actions: readonly (readonly NftStatement[])[] = [
  [{ counter: 'r1' }, { accept: null }],
  [{ drop: null }],
  [{ return: null }],
  [{ jump: { target: 'other' } }],
  [tcp, { counter: 'r1' }, { goto: { target: 'other' } }],
  ...(['second', 'minute', 'hour', 'day', 'week'] as const).map((per) => [{ limit: { rate: 3, per, burst: 7 } }]),
  [{ limit: { rate: 4_000_000_000, per: 'second', burst: 1, inv: true } }],
  [{ limit: 'l1' }],
  ...levels.map((level) => [{ log: { level } }]),
  [{ log: null }],
  [
    {
      log: {
        prefix: 'p\u00fc "x" ',
        level: 'info',
        flags: ['tcp sequence', 'tcp options', 'ip options', 'skuid', 'ether'],
      },
    },
  ],
  [{ log: { prefix: 'p', flags: ['ether'] } }],
  [{ reject: null }],
  ...codes.map((code) => [
    { reject: { type: 'icmp', expr: `${code}-${code === 'admin' ? 'prohibited' : 'unreachable'}` } } as const,
  ]),
  [{ reject: { type: 'icmp', expr: 'net-prohibited' } }],
  [{ reject: { type: 'icmp', expr: 'host-prohibited' } }],
  [{ reject: { type: 'tcp reset' } }],
  [test('==', field('ip', 'saddr'), '1.2.3.4'), { counter: 'r1' }, { reject: { type: 'tcp reset' } }],
  [tcp, { counter: 'r1' }, { reject: { type: 'tcp reset' } }],
  [{ mangle: { key: mark, value: 5 } }],
  [{ mangle: { key: mark, value: { '|': [mark, 5] } } }],
  [{ mangle: { key: mark, value: { '&': [mark, 0xfffffff0] } } }],
  [{ mangle: { key: mark, value: { '^': [mark, 5] } } }],
  [{ mangle: { key: mark, value: { '^': [{ '&': [mark, 0xffff00ff] }, 9] } } }],
  [{ mangle: { key: mark, value: { '^': [{ '&': [mark, 0] }, 0xffffffff] } } }],
  [{ mangle: { key: field('ip', 'id'), value: { '^': [field('ip', 'id'), 0x12] } } }],
  [{ mangle: { key: raw('nh', 32, 16), value: { '^': [raw('nh', 32, 16), 0x12] } } }],
  [{ mangle: { key: raw('nh', 0, 16), value: { '&': [raw('nh', 0, 16), 0xffc0] } } }],
  [{ mangle: { key: raw('nh', 0, 16), value: { '^': [{ '&': [raw('nh', 0, 16), 0xffc0] }, 0x50] } } }],
];

/** Each is the statements of one rule. The table has a counter r1, a limit l1, a chain `other`. */
export const forms: readonly (readonly NftStatement[])[] = [
  ...tests,
  ...neighbours,
  ...actions,
  ...keyForms,
  ...connectionForms,
  ...headerForms,
  ...statementForms,
  ...natForms,
  ...combinedForms,
];
