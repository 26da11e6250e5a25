import { errno } from '../../protocol/errno.ts';
import { describeTarget } from '../testing/describe-target.ts';
import { connsecmarkTarget } from './connsecmark.ts';

describeTarget(connsecmarkTarget, {
  sizes: { 0: 1 },
  structs: [{ revision: 0, hex: '02', info: { mode: 2 } }],
  texts: [
    { info: { mode: 1 }, numeric: ' CONNSECMARK save', saved: ' --save' },
    { info: { mode: 2 }, numeric: ' CONNSECMARK restore', saved: ' --restore' },
  ],
  checks: [
    { title: 'save', info: { mode: 1 }, code: undefined },
    { title: 'mode 0', info: { mode: 0 }, code: errno.EINVAL },
    { title: 'mode 3', info: { mode: 3 }, code: errno.EINVAL },
  ],
  nft: [{ info: { mode: 1 }, lists: 'only where there is none' }],
});
