import { expect, it } from 'vitest';
import { NOTICES_THERE } from '../bpf/record.ts';
import type { NftStatement } from '../nft/json.ts';
import { describeBpf } from '../testing/describe-bpf.ts';
import { describeMatch } from '../testing/describe-match.ts';
import { anyHeader, headerOf } from '../testing/header.ts';
import { ecn } from './ecn.ts';

const byte = (at: number) => ({ payload: { base: 'nh', offset: at * 8, len: 8 } }) as const;
const ect = (op: '==' | '!=', right: number): NftStatement => ({ match: { op, left: { '&': [byte(1), 3] }, right } });
const info = (operation: number, invert = 0, ip_ect = 0) => ({ operation, invert, ip_ect, ect: 0 });
/** For each length of the IP header: its length, 20 bytes behind it, the flags. */
const flags = (mask: number, right: number, ...before: readonly NftStatement[]) =>
  Array.from({ length: 11 }, (_, more): readonly NftStatement[] => [
    ...before,
    { match: { op: '==', left: { '&': [byte(0), 0x0f] }, right: 5 + more } },
    { match: { op: '!=', left: { '&': [byte((5 + more) * 4 + 19), 1] }, right: 2 } },
    { match: { op: '==', left: { '&': [byte((5 + more) * 4 + 13), mask] }, right } },
  ]);

describeMatch(ecn, {
  header: headerOf(6),
  layouts: { 0: { size: 4, bytes: '31 10 02 09', info: { operation: 0x31, invert: 0x10, ip_ect: 2, ect: 9 } } },
  examples: [
    { name: 'IP', info: info(1, 0, 2), list: ' ECN match ECT=2', save: ' --ecn-ip-ect 2', nft: [[ect('==', 2)]] },
    {
      name: 'not IP',
      info: info(1, 1, 0),
      list: ' ECN match !ECT=0',
      save: ' ! --ecn-ip-ect 0',
      nft: [[ect('!=', 0)]],
    },
    { name: 'more than two bits', info: info(1, 0, 4), list: ' ECN match ECT=4', save: ' --ecn-ip-ect 4', nft: [] },
    {
      name: 'not more than two bits',
      info: info(1, 1, 4),
      list: ' ECN match !ECT=4',
      save: ' ! --ecn-ip-ect 4',
      nft: [[]],
    },
    { name: 'ECE', info: info(0x10), list: ' ECN match ECE', save: ' --ecn-tcp-ece', nft: flags(0x40, 0x40) },
    {
      name: 'not CWR',
      info: info(0x20, 0x20),
      list: ' ECN match !CWR',
      save: ' ! --ecn-tcp-cwr',
      nft: flags(0x80, 0),
    },
    {
      name: 'all, one of them not',
      info: info(0x31, 0x20, 1),
      list: ' ECN match ECE !CWR ECT=1',
      save: ' --ecn-tcp-ece ! --ecn-tcp-cwr --ecn-ip-ect 1',
      nft: flags(0xc0, 0x40, ect('==', 1)),
    },
    {
      name: 'all but what IP never has',
      info: info(0x11, 0, 4),
      list: ' ECN match ECE ECT=4',
      save: ' --ecn-tcp-ece --ecn-ip-ect 4',
      nft: [],
    },
    { name: 'nothing', info: info(0, 0x31), list: ' ECN match', save: '', nft: [[]] },
  ],
  checks: [
    { name: 'an unknown operation', info: info(2) },
    { name: 'an unknown inversion', info: info(1, 0x80) },
    { name: 'TCP bits without -p tcp', info: info(0x10), context: { header: anyHeader } },
    { name: 'TCP bits of UDP', info: info(0x20), context: { header: headerOf(17) } },
    { name: 'TCP bits with ! -p tcp', info: info(0x20), context: { header: headerOf(6, 0x40) } },
  ],
});

it('takes IP bits without -p', () => {
  expect(() => ecn.check(info(1, 0x30, 3), { table: 'filter', header: anyHeader, hooks: 1 })).not.toThrow();
});

const services = (...all: readonly number[]) => all.map((tos) => ({ tos }));

const none = { tcpNotices: 0 };
const bits = (tcpNotices: number) => ({ tcpNotices: tcpNotices | NOTICES_THERE });

describeBpf(ecn, {
  header: headerOf(6),
  examples: [
    { name: 'IP', info: info(1, 0, 2), takes: services(2, 0xfe), leaves: services(0, 1, 3) },
    { name: 'not IP', info: info(1, 1, 0), takes: services(1, 0xff), leaves: services(0, 0xfc) },
    { name: 'more than two bits', info: info(1, 0, 4), leaves: services(0, 4) },
    { name: 'not more than two bits', info: info(1, 1, 4), takes: services(0, 4) },
    { name: 'nothing', info: info(0, 1, 2), takes: services(0, 2) },
    { name: 'ECE', info: info(0x10), takes: [bits(0x40), bits(0xc2)], leaves: [bits(0x82), none] },
    { name: 'not CWR', info: info(0x20, 0x20), takes: [bits(0x40), bits(0)], leaves: [bits(0x80), none] },
    {
      name: 'ECE, not CWR, and IP',
      info: info(0x31, 0x20, 1),
      takes: [{ ...bits(0x40), tos: 0xfd }],
      leaves: [
        { ...bits(0x40), tos: 2 },
        { ...bits(0xc0), tos: 1 },
        { ...bits(0), tos: 1 },
        { ...none, tos: 1 },
      ],
    },
  ],
});
