import { errno } from '../../protocol/errno.ts';
import { describeTarget } from '../testing/describe-target.ts';
import { type NfqueueTargetInfo, nfqueueTarget } from './nfqueue.ts';

const queue = (revision: number, queuenum: number, queues_total = 1, flags = 0): NfqueueTargetInfo => ({
  revision,
  queuenum,
  queues_total,
  flags,
});

describeTarget(nfqueueTarget, {
  sizes: { 0: 2, 1: 4, 2: 6, 3: 6 },
  structs: [
    { revision: 0, hex: '0102', info: queue(0, 0x201) },
    { revision: 1, hex: '01000200', info: queue(1, 1, 2) },
    { revision: 2, hex: '010002000100', info: queue(2, 1, 2, 1) },
    { revision: 3, hex: '010002000300', info: queue(3, 1, 2, 3) },
  ],
  texts: [
    { info: queue(0, 0), numeric: ' NFQUEUE num 0', saved: ' --queue-num 0' },
    { info: queue(1, 65535), numeric: ' NFQUEUE num 65535', saved: ' --queue-num 65535' },
    { info: queue(1, 1, 5), numeric: ' NFQUEUE balance 1:5', saved: ' --queue-balance 1:5' },
    { info: queue(2, 3, 1, 1), numeric: ' NFQUEUE num 3 bypass', saved: ' --queue-num 3 --queue-bypass' },
    {
      info: queue(3, 0, 65535, 3),
      numeric: ' NFQUEUE balance 0:65534 bypass cpu-fanout',
      saved: ' --queue-balance 0:65534 --queue-bypass --queue-cpu-fanout',
    },
    {
      info: queue(3, 1, 2, 2),
      numeric: ' NFQUEUE balance 1:2 cpu-fanout',
      saved: ' --queue-balance 1:2 --queue-cpu-fanout',
    },
  ],
  checks: [
    { title: 'the last queue', info: queue(3, 65535, 1, 3), code: undefined },
    { title: 'up to the last queue', info: queue(1, 1, 65535), code: undefined },
    { title: 'past it', info: queue(1, 2, 65535), code: errno.ERANGE },
    { title: 'no queues', info: queue(1, 1, 0), code: errno.EINVAL },
    { title: 'bypass, revision 2', info: queue(2, 1, 1, 1), code: undefined },
    { title: 'fanout, revision 2', info: queue(2, 1, 1, 2), code: errno.EINVAL },
    { title: 'fanout, revision 3', info: queue(3, 1, 1, 2), code: undefined },
    { title: 'unknown flags, revision 3', info: queue(3, 1, 1, 4), code: errno.EINVAL },
  ],
  nft: [{ info: queue(3, 1), lists: 'no queue' }],
});
