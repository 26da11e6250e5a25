import { errno } from '../../protocol/errno.ts';
import { describeTarget } from '../testing/describe-target.ts';
import { auditTarget } from './audit.ts';

describeTarget(auditTarget, {
  sizes: { 0: 1 },
  structs: [{ revision: 0, hex: '02', info: { type: 2 } }],
  texts: [
    { info: { type: 0 }, numeric: ' AUDIT accept', saved: ' --type accept' },
    { info: { type: 1 }, numeric: ' AUDIT drop', saved: ' --type drop' },
    { info: { type: 2 }, numeric: ' AUDIT reject', saved: ' --type reject' },
    { info: { type: 3 }, numeric: ' AUDIT ', saved: '' },
  ],
  checks: [
    { title: 'reject', info: { type: 2 }, code: undefined },
    { title: 'past it', info: { type: 3 }, code: errno.ERANGE },
  ],
  nft: [
    { info: { type: 0 }, lists: ['log level audit'] },
    { info: { type: 2 }, lists: ['log level audit'] },
  ],
});
