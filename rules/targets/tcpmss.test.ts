import { errno } from '../../protocol/errno.ts';
import { describeTarget } from '../testing/describe-target.ts';
import { headerOf } from '../testing/header.ts';
import { tcpmssTarget } from './tcpmss.ts';

/** A match on TCP flags: what they are compared with, and which tests are inverted. */
function tcp(compared: number, inverted = 0) {
  const data = new Uint8Array(16);
  data.set([2, compared, inverted], 9);
  return { name: 'tcp', revision: 0, data };
}
const header = headerOf(6);
const forward = { header, hooks: 1 << 2 };
const syn = { ...forward, matches: [tcp(2)] };

describeTarget(tcpmssTarget, {
  sizes: { 0: 2 },
  structs: [{ revision: 0, hex: 'b405', info: { mss: 1460 } }],
  texts: [
    { info: { mss: 0 }, numeric: ' TCPMSS set 0', saved: ' --set-mss 0' },
    { info: { mss: 0xffff }, numeric: ' TCPMSS clamp to PMTU', saved: ' --clamp-mss-to-pmtu' },
  ],
  checks: [
    { title: 'SYN', info: { mss: 1 }, context: syn, code: undefined },
    { title: 'SYN and FIN', info: { mss: 1 }, context: { ...syn, matches: [tcp(3)] }, code: undefined },
    { title: 'in a second match', info: { mss: 1 }, context: { ...syn, matches: [tcp(1), tcp(2)] }, code: undefined },
    { title: 'other tests inverted', info: { mss: 1 }, context: { ...syn, matches: [tcp(2, 0x0b)] }, code: undefined },
    { title: '! --syn', info: { mss: 1 }, context: { ...syn, matches: [tcp(2, 4)] }, code: errno.EINVAL },
    { title: 'FIN', info: { mss: 1 }, context: { ...syn, matches: [tcp(1)] }, code: errno.EINVAL },
    {
      title: 'another match of such bytes',
      info: { mss: 1 },
      context: { ...syn, matches: [{ ...tcp(2), name: 'udp' }] },
      code: errno.EINVAL,
    },
    { title: 'no match', info: { mss: 1 }, context: forward, code: errno.EINVAL },
    { title: 'clamping in FORWARD', info: { mss: 0xffff }, context: syn, code: undefined },
    {
      title: 'clamping in POSTROUTING and OUTPUT',
      info: { mss: 0xffff },
      context: { ...syn, hooks: 0x18 },
      code: undefined,
    },
    {
      title: 'clamping in INPUT too',
      info: { mss: 0xffff },
      context: { ...syn, hooks: 0x06 },
      code: errno.EINVAL,
    },
    { title: 'a number in PREROUTING', info: { mss: 0xfffe }, context: { ...syn, hooks: 1 }, code: undefined },
  ],
  nft: [
    { info: { mss: 1400 }, lists: 'adds the option' },
    { info: { mss: 0xffff }, lists: 'adds the option' },
  ],
});
