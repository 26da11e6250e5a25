import { errno } from '../../protocol/errno.ts';
import { describeTarget } from '../testing/describe-target.ts';
import { checksumTarget } from './checksum.ts';

describeTarget(checksumTarget, {
  sizes: { 0: 1 },
  structs: [{ revision: 0, hex: '01', info: { operation: 1 } }],
  texts: [
    { info: { operation: 1 }, numeric: ' CHECKSUM fill', saved: ' --checksum-fill' },
    { info: { operation: 2 }, numeric: ' CHECKSUM', saved: '' },
  ],
  checks: [
    { title: 'fill', info: { operation: 1 }, code: undefined },
    { title: 'nothing', info: { operation: 0 }, code: errno.EINVAL },
    { title: 'something else too', info: { operation: 3 }, code: errno.EINVAL },
  ],
  nft: [{ info: { operation: 1 }, lists: 'no statement' }],
});
