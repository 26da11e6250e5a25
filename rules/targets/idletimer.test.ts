import { errno } from '../../protocol/errno.ts';
import { describeTarget } from '../testing/describe-target.ts';
import { room } from '../testing/extension.ts';
import { type IdletimerTargetInfo, idletimerTarget } from './idletimer.ts';

const timer = (timeout: number, label: string, timer_type = 0, send_nl_msg = 0): IdletimerTargetInfo => ({
  timeout,
  label: room(28, label),
  send_nl_msg,
  timer_type,
});

describeTarget(idletimerTarget, {
  sizes: { 0: 40, 1: 48 },
  structs: [
    { revision: 0, hex: '05000000616263', info: timer(5, 'abc') },
    { revision: 1, hex: `05000000616263${'00'.repeat(25)}0201`, info: timer(5, 'abc', 1, 2) },
  ],
  texts: [
    { info: timer(5, 'abc'), numeric: ' timeout:5 label:abc', saved: ' --timeout 5 --label abc' },
    {
      info: timer(500000, 'a b', 1),
      numeric: ' timeout:500000 label:a b alarm',
      saved: ' --timeout 500000 --label a b --alarm',
    },
  ],
  checks: [
    { title: 'a timer', info: timer(1, 'abc'), code: undefined },
    { title: 'an alarm', info: timer(2147482, 'a'.repeat(27), 1), code: undefined },
    { title: 'no time', info: timer(0, 'abc'), code: errno.EINVAL },
    { title: 'too long a time', info: timer(2147483, 'abc'), code: errno.EINVAL },
    { title: 'no label', info: timer(1, ''), code: errno.EINVAL },
    { title: '28 bytes of label', info: timer(1, 'a'.repeat(28)), code: errno.EINVAL },
    ...['.', '..', 'a/b', 'power', 'subsystem', 'uevent'].map((label) => ({
      title: `label ${label}`,
      info: timer(1, label),
      code: errno.EINVAL,
    })),
    { title: 'an unknown kind', info: timer(1, 'abc', 2), code: errno.EINVAL },
    { title: 'messages', info: timer(0, 'abc', 2, 1), code: errno.EOPNOTSUPP },
  ],
  nft: [{ info: timer(1, 'abc'), lists: 'no timers' }],
});
