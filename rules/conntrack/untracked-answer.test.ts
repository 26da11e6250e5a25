import { describe, expect, it } from 'vitest';
import { IPT_INV_PROTO, IPT_INV_VIA_IN, IPT_INV_VIA_OUT } from '../../protocol/ip-tables.ts';
import type { HeaderMatch, InterfaceMatch } from '../ir.ts';
import { anyHeader, headerOf } from '../testing/header.ts';
import { mayMeetUntrackedAnswer } from './untracked-answer.ts';

const bytes = (...some: readonly number[]) => Uint8Array.from({ length: 16 }, (_, at) => some[at] ?? 0);
const left: InterfaceMatch = { name: bytes(0x6c, 0x65), mask: bytes(0xff, 0xff, 0xff) };
const empty: InterfaceMatch = { name: bytes(), mask: bytes(0xff) };
const unmasked: InterfaceMatch = { name: bytes(0x6c), mask: bytes() };

const cases: readonly { readonly title: string; readonly header: HeaderMatch; readonly may: boolean }[] = [
  { title: 'any packet', header: anyHeader, may: true },
  { title: '-p tcp', header: headerOf(6), may: true },
  { title: '-p icmp', header: headerOf(1), may: true },
  { title: '-p udp', header: headerOf(17), may: false },
  { title: '-p 256', header: headerOf(256), may: false },
  { title: '! -p udp', header: headerOf(17, IPT_INV_PROTO), may: true },
  { title: '! -p tcp: ICMP', header: headerOf(6, IPT_INV_PROTO), may: true },
  { title: '-i', header: { ...anyHeader, inInterface: left }, may: false },
  { title: '-i, -p tcp', header: { ...headerOf(6), inInterface: left }, may: false },
  { title: '! -i', header: { ...anyHeader, inInterface: left, inverted: IPT_INV_VIA_IN }, may: true },
  { title: '-i ! -o', header: { ...anyHeader, inInterface: left, inverted: IPT_INV_VIA_OUT }, may: false },
  { title: '-o', header: { ...anyHeader, outInterface: left }, may: true },
  { title: '-i without a name', header: { ...anyHeader, inInterface: empty }, may: true },
  { title: 'a name that is not compared', header: { ...anyHeader, inInterface: unmasked }, may: true },
];

describe('mayMeetUntrackedAnswer', () => {
  it.each(cases)('$title', ({ header, may }) => expect(mayMeetUntrackedAnswer(header)).toBe(may));
});
