import { errno } from '../../protocol/errno.ts';
import { describeTarget } from '../testing/describe-target.ts';
import { room } from '../testing/extension.ts';
import { type SecmarkTargetInfo, secmarkTarget } from './secmark.ts';

const mark = (context: string, mode = 1, secid = 0): SecmarkTargetInfo => ({ mode, secid, secctx: room(256, context) });

describeTarget(secmarkTarget, {
  sizes: { 0: 264, 1: 264 },
  structs: [
    { revision: 0, hex: '0100000005000000613a62', info: mark('a:b', 1, 5) },
    { revision: 1, hex: `01613a62${'00'.repeat(256)}05`, info: mark('a:b', 1, 5) },
  ],
  texts: [{ info: mark('a:b'), numeric: ' SECMARK selctx a:b', saved: ' --selctx a:b' }],
  checks: [
    { title: 'a context', info: mark('a:b'), code: undefined },
    { title: 'mode 0', info: mark('a:b', 0), code: errno.EINVAL },
    { title: 'mode 2', info: mark('a:b', 2), code: errno.EINVAL },
  ],
  nft: [{ info: mark('a:b'), lists: 'only the kernel knows' }],
});
