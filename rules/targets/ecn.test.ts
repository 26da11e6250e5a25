import { errno } from '../../protocol/errno.ts';
import { describeTarget } from '../testing/describe-target.ts';
import { headerOf } from '../testing/header.ts';
import { type EcnTargetInfo, ecnTarget } from './ecn.ts';

const fixed = 'ip checksum 65535 ip checksum set 0';
const ecn = (operation: number, ip_ect = 0, tcp = 0): EcnTargetInfo => ({ operation, ip_ect, tcp });
const tcp = { header: headerOf(6) };
const notTcp = { header: headerOf(6, 0x40) };

describeTarget(ecnTarget, {
  sizes: { 0: 3 },
  structs: [{ revision: 0, hex: '310203', info: ecn(0x31, 2, 3) }],
  texts: [
    { info: ecn(0x30), numeric: ' ECN TCP remove', saved: ' --ecn-tcp-remove' },
    { info: ecn(0x20, 0, 2), numeric: ' ECN CWR=1', saved: ' --ecn-tcp-cwr 1' },
    { info: ecn(0x10, 0, 2), numeric: ' ECN ECE=0', saved: ' --ecn-tcp-ece 0' },
    { info: ecn(0x30, 0, 1), numeric: ' ECN ECE=1 CWR=0', saved: ' --ecn-tcp-ece 1 --ecn-tcp-cwr 0' },
    {
      info: ecn(0x31, 3),
      numeric: ' ECN ECE=0 CWR=0 ECT codepoint=3',
      saved: ' --ecn-tcp-ece 0 --ecn-tcp-cwr 0 --ecn-ip-ect 3',
    },
    { info: ecn(0x01, 1), numeric: ' ECN ECT codepoint=1', saved: ' --ecn-ip-ect 1' },
  ],
  checks: [
    { title: 'the IPv4 header, any protocol', info: ecn(1, 3), code: undefined },
    { title: 'a codepoint past 3', info: ecn(1, 4), code: errno.EINVAL },
    { title: 'an unknown operation', info: ecn(2), code: errno.EINVAL },
    { title: 'the TCP header with -p tcp', info: ecn(0x30), context: tcp, code: undefined },
    { title: 'the TCP header with ! -p tcp', info: ecn(0x10), context: notTcp, code: errno.EINVAL },
    { title: 'the TCP header of anything', info: ecn(0x20), code: errno.EINVAL },
  ],
  nft: [
    { info: ecn(0), lists: [] },
    { info: ecn(1, 3), lists: [`ip ecn != ce ip ecn set ce ${fixed}`] },
    { info: ecn(0x30), lists: 'TCP header' },
    { info: ecn(0x11), lists: 'TCP header' },
  ],
});
