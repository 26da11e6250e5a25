import type { NftExpression, NftNat, NftStatement } from '../../rules/nft/json.ts';
import { ct, field, meta, raw, set, tcp, test } from './terms.ts';

const prefix = (addr: string) => ({ prefix: { addr, len: 24 } });
const networkMap: NftNat = {
  addr: { map: { key: field('ip', 'daddr'), data: { set: [[prefix('10.0.0.0'), prefix('10.1.0.0')]] } } },
};

const hostOf = (hosts: string, network: string): NftExpression => ({
  '|': [{ '&': [field('ip', 'daddr'), hosts] }, network],
});

function addressForms(to: (nat: NftNat) => NftStatement): readonly (readonly NftStatement[])[] {
  const some: NftExpression = { range: ['1.2.3.4', '1.2.3.9'] };
  return [
    [to({ addr: '1.2.3.4' })],
    [to({ addr: some })],
    [to({ addr: { range: ['1.2.3.0', '1.2.3.255'] }, flags: ['netmap'] })],
    [to({ addr: { range: ['1.2.3.0', '1.2.3.5'] }, flags: ['random', 'netmap'] })],
    [to({ addr: field('ip', 'saddr'), flags: ['random'] })],
    [to({ addr: hostOf('0.0.0.255', '1.2.3.0') })],
    [to({ addr: hostOf('0.255.0.255', '0.0.0.0') })],
    [tcp, to({ addr: '1.2.3.4', port: 80 })],
    [tcp, to({ addr: some, port: { range: [80, 90] }, flags: ['random', 'persistent'] })],
    [tcp, to({ port: { range: [80, 90] }, flags: ['fully-random'] })],
    [tcp, to({ port: 80 })],
    [tcp, to({ port: 80, flags: ['random'] })],
    [test('==', field('tcp', 'dport'), 6), to({ family: 'ip', addr: '1.2.3.4', port: 80 })],
    [to({ addr: { map: { key: field('ip', 'daddr'), data: { set: [['1.2.3.4', '4.3.2.1']] } } } })],
    [to({ ...networkMap, flags: ['netmap'], type_flags: ['prefix'] })],
    [to({ ...networkMap, type_flags: ['prefix'] })],
    [to({ ...networkMap, flags: ['netmap'], type_flags: ['interval', 'prefix'] })],
    [to({ addr: prefix('10.0.0.0'), flags: ['netmap'], type_flags: ['prefix'] })],
    [to({ addr: prefix('10.0.0.0') })],
  ];
}

/** Addresses and ports translated. */
export const natForms: readonly (readonly NftStatement[])[] = [
  ...addressForms((dnat) => ({ dnat })),
  [tcp, { redirect: { port: 80 } }],
  [tcp, { redirect: { port: { range: [80, 90] }, flags: ['random'] } }],
  [{ redirect: null }],
  [{ redirect: { flags: ['random'] } }],
  [test('==', meta('l4proto'), { set: [6, 17] }), { redirect: { port: 80 } }],
  [test('==', meta('l4proto'), 132), { redirect: { port: 80 } }],
  [test('==', meta('l4proto'), 1), { redirect: { port: 80 } }],
  ...addressForms((snat) => ({ snat })),
  [{ masquerade: null }],
  [{ masquerade: { flags: ['random'] } }],
  [{ masquerade: { flags: ['fully-random', 'random'] } }],
  [tcp, { masquerade: { port: 80 } }],
  [tcp, { masquerade: { port: { range: [80, 90] }, flags: ['random'] } }],
];

/** Sets, maps and masks of all of these. */
export const combinedForms: readonly (readonly NftStatement[])[] = [
  [test('==', meta('mark'), { set: [{ range: [1, 5] }, 700] })],
  [test('!=', meta('skuid'), { set: [{ range: [1, 1000] }, 7000] })],
  [test('==', meta('l4proto'), { set: [{ range: [1, 5] }, 17] })],
  [test('==', meta('length'), { set: [{ range: [1, 5] }, 1700] })],
  [test('==', meta('day'), { set: [{ range: [1, 3] }, 5] })],
  [test('==', meta('day'), { range: [1, 3] })],
  [test('!=', meta('pkttype'), { set: [1, 2] })],
  [test('==', ct('status'), { set: ['snat', 'dnat'] })],
  [test('==', ct('direction'), { set: [0, 1] })],
  [test('==', { jhash: { mod: 4, expr: ct('ip saddr', 'original') } }, { set: [1, 2] })],
  [test('==', { numgen: { mode: 'inc', mod: 4 } }, { set: [1, 2] })],
  [test('==', { socket: { key: 'mark' } }, { set: [1, 2] })],
  [test('==', { rt: { key: 'classid' } }, { set: [1, 2] })],
  [test('==', meta('iifname'), { set: ['lo', 'eth0'] })],
  [test('==', field('ip', 'dscp'), { set: [{ range: [1, 5] }, 9] })],
  [test('==', ct('mark'), { set: [1, 2] })],
  [test('==', ct('bytes'), { set: [1, 2] })],
  [test('==', field('ether', 'saddr'), { set: ['00:11:22:33:44:55', '00:11:22:33:44:56'] })],
  [test('==', { '&': [meta('mark'), 255] }, { set: [1, 2] })],
  [test('==', { '&': [meta('mark'), 255] }, { range: [1, 2] })],
  [test('<', { '&': [meta('mark'), 255] }, 3)],
  [test('!=', { '&': [ct('mark'), 255] }, { range: [1, 2] })],
  [test('==', { '|': [meta('mark'), 255] }, 1023)],
  [test('==', { '&': [field('ip', 'saddr'), '255.0.0.255'] }, { set: ['10.0.0.1', '11.0.0.1'] })],
  [test('==', { '&': [field('ip', 'saddr'), '255.0.0.255'] }, { range: ['10.0.0.1', '11.0.0.1'] })],
  [test('==', { '&': [field('tcp', 'flags'), ['syn', 'ack']] }, ['syn', 'ack'])],
  [test('==', { '&': [field('tcp', 'flags'), 23] }, { set: [2, 3] })],
  [test('==', { '&': [field('ether', 'saddr'), 'ff:ff:ff:00:00:00'] }, '00:11:22:00:00:00')],
  [test('==', { '&': [ct('label'), 5] }, 5)],
  [test('!=', ct('label'), 0)],
  [test('==', meta('random'), 5)],
  [test('<', meta('random'), 5)],
  [test('==', meta('protocol'), 2048)],
  [test('==', meta('iiftype'), 772), test('==', raw('ll', 0, 48), '0x1')],
  [test('==', raw('ll', 48, 32), 1), test('==', raw('ll', 80, 16), 2)],
  [test('==', raw('ll', 64, 16), 1), test('==', raw('ll', 80, 16), 2)],
  [
    test('==', field('ether', 'saddr'), '00:11:22:33:44:55'),
    test('==', field('ip', 'ttl'), 2),
    { counter: 'r1' },
    test('==', field('ip', 'protocol'), 2),
  ],
  [
    test('==', field('ip', 'protocol'), 6),
    test('==', field('tcp', 'dport'), { set: [1, 2] }),
    { reject: { type: 'tcp reset' } },
  ],
  [test('==', field('ip', 'protocol'), 47), test('==', field('tcp', 'dport'), 7)],
  [test('!=', field('ip', 'protocol'), 6), test('==', field('tcp', 'dport'), 7)],
  [test('==', meta('l4proto'), { set: ['tcp', 'udp'] }), test('==', field('th', 'dport'), 7)],
  [test('in', meta('l4proto'), { set: [17, 6] })],
  [
    test(
      '==',
      { concat: [{ '&': [field('ip', 'saddr'), '255.255.0.0'] }, meta('mark')] },
      { set: [{ concat: ['1.2.0.0', 80] }, { concat: ['1.3.0.0', 81] }] },
    ),
  ],
  [
    test(
      '==',
      { concat: [meta('iifname'), meta('mark')] },
      { set: [{ concat: ['lo', 80] }, { concat: ['eth0', 81] }] },
    ),
  ],
  [test('==', { fib: { result: 'oif', flags: ['saddr', 'iif'] } }, { set: [1, 2] })],
  [set(raw('nh', 14, 2), 0)],
  [set(raw('th', 100, 20), 7)],
  [set(field('ip', 'id'), 0)],
  [set(field('ip', 'frag-off'), 0)],
  [set(field('icmp', 'code'), 3)],
  [set(field('ip', 'version'), 4)],
  [set(field('sctp', 'dport'), 4)],
  [set(field('ether', 'saddr'), '00:11:22:33:44:55')],
  [set(raw('ll', 0, 48), '0x001122334455')],
  [set(field('ip', 'daddr'), field('ip', 'saddr'))],
  [set(field('ip', 'daddr'), { map: { key: field('ip', 'saddr'), data: { set: [['1.2.3.4', '1.1.1.1']] } } })],
  [set(field('ip', 'daddr'), { '|': [{ '&': [field('ip', 'daddr'), '0.0.0.255'] }, '10.1.0.0'] })],
  [set(meta('priority'), { map: { key: field('tcp', 'dport'), data: { set: [[80, 65537]] } } })],
  [set(meta('mark'), { '^': [{ '&': [meta('mark'), 4294967040] }, 5] }), set(ct('mark'), meta('mark'))],
  [
    test(
      '==',
      {
        jhash: {
          mod: 4,
          seed: 5,
          expr: { concat: [field('ip', 'saddr'), field('ip', 'protocol'), field('tcp', 'dport')] },
        },
      },
      2,
    ),
  ],
  [
    set(meta('mark'), {
      jhash: {
        mod: 4,
        seed: 5,
        expr: { concat: [{ '&': [field('ip', 'saddr'), '255.255.0.0'] }, field('ip', 'protocol')] },
      },
    }),
  ],
  [test('==', { jhash: { mod: 4, expr: field('ip', 'saddr') } }, { range: [1, 3] })],
  [test('==', { numgen: { mode: 'random', mod: 4 } }, { range: [1, 3] })],
  [test('==', raw('th', 4, 8), 5)],
  [test('!=', field('tcp', 'dport'), { set: [5] })],
  [test('in', field('tcp', 'dport'), { set: [5] })],
  [test('==', field('tcp', 'dport'), { set: [{ range: [5, 6] }] })],
  [test('==', field('tcp', 'dport'), { set: [5] }), test('==', field('tcp', 'sport'), 6)],
  [test('==', field('ip', 'saddr'), { set: [{ prefix: { addr: '10.0.0.0', len: 9 } }] })],
  [test('==', meta('l4proto'), { set: [6] }), test('==', field('tcp', 'sport'), 6)],
  [test('in', ct('state'), { set: ['new', 'related'] })],
  [test('==', ct('label'), { set: [1, 2] })],
  [test('==', raw('nh', 128, 32), 5), test('==', raw('nh', 64, 64), 5)],
  [test('==', field('ip', 'dscp'), { set: [{ range: [1, 3] }, { range: [4, 5] }] })],
  [test('==', field('ip', 'dscp'), { set: [{ range: [1, 3] }, 63] })],
  [test('==', raw('nh', 96, 64), 1), test('==', raw('nh', 88, 8), 1)],
  [test('==', field('ether', 'saddr'), '00:11:22:33:44:55'), test('==', field('ether', 'daddr'), '00:11:22:33:44:56')],
];
