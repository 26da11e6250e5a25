import { errno } from '../../protocol/errno.ts';
import { describeTarget } from '../testing/describe-target.ts';
import { room } from '../testing/extension.ts';
import { type NflogTargetInfo, nflogTarget } from './nflog.ts';

const info = (fields: Partial<NflogTargetInfo>, text = ''): NflogTargetInfo => ({
  len: 0,
  group: 0,
  threshold: 0,
  flags: 0,
  pad: 0,
  prefix: room(64, text),
  ...fields,
});
const long = 'A'.repeat(63);

describeTarget(nflogTarget, {
  sizes: { 0: 76 },
  structs: [
    {
      revision: 0,
      hex: '010000000200030001000000616263',
      info: info({ len: 1, group: 2, threshold: 3, flags: 1 }, 'abc'),
    },
  ],
  texts: [
    { info: info({}), numeric: '', saved: '' },
    { info: info({ group: 65535 }), numeric: ' nflog-group 65535', saved: ' --nflog-group 65535' },
    { info: info({ flags: 1 }), numeric: ' nflog-size 0', saved: ' --nflog-size 0' },
    { info: info({ len: 7 }), numeric: ' nflog-range 7', saved: ' --nflog-range 7' },
    {
      info: info({ len: 100, flags: 1, group: 2, threshold: 5 }, 'abc'),
      numeric: ' nflog-prefix abc nflog-group 2 nflog-size 100 nflog-threshold 5',
      saved: ' --nflog-prefix abc --nflog-group 2 --nflog-size 100 --nflog-threshold 5',
    },
    { info: info({}, 'a "b'), numeric: ' nflog-prefix "a \\"b"', saved: ' --nflog-prefix "a \\"b"' },
  ],
  checks: [
    { title: 'a size', info: info({ flags: 1 }), code: undefined },
    { title: 'unknown flags', info: info({ flags: 2 }), code: errno.EINVAL },
    { title: '63 bytes of prefix', info: info({}, long), code: undefined },
    { title: '64 bytes of prefix', info: info({}, `${long}A`), code: errno.EINVAL },
  ],
  nft: [
    { info: info({}), lists: ['log group 0'] },
    { info: info({ len: 7, group: 65535 }), lists: ['log group 65535'] },
    { info: info({ flags: 1 }, 'abc'), lists: ['log prefix "abc" group 0 snaplen 0'] },
    {
      info: info({ len: 0xffffffff, flags: 1, group: 3, threshold: 65535 }, long),
      lists: [`log prefix "${long}" group 3 snaplen 4294967295 queue-threshold 65535`],
    },
    { info: info({}, '\xff'), lists: 'UTF-8' },
  ],
});
