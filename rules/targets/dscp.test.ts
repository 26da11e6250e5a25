import { errno } from '../../protocol/errno.ts';
import { describeTarget } from '../testing/describe-target.ts';
import { dscpTarget } from './dscp.ts';

const fixed = 'ip checksum 65535 ip checksum set 0';

describeTarget(dscpTarget, {
  sizes: { 0: 1 },
  structs: [{ revision: 0, hex: '2e', info: { dscp: 46 } }],
  texts: [
    { info: { dscp: 0 }, numeric: ' DSCP set 0x00', saved: ' --set-dscp 0x00' },
    { info: { dscp: 63 }, numeric: ' DSCP set 0x3f', saved: ' --set-dscp 0x3f' },
  ],
  checks: [
    { title: 'the highest', info: { dscp: 63 }, code: undefined },
    { title: 'past it', info: { dscp: 64 }, code: errno.EDOM },
  ],
  nft: [
    { info: { dscp: 0 }, lists: [`ip dscp != cs0 ip dscp set cs0 ${fixed}`] },
    { info: { dscp: 46 }, lists: [`ip dscp != ef ip dscp set ef ${fixed}`] },
  ],
});
