import { describeTarget } from '../testing/describe-target.ts';
import { classifyTarget } from './classify.ts';

describeTarget(classifyTarget, {
  sizes: { 0: 4 },
  structs: [{ revision: 0, hex: '02000100', info: { priority: 0x10002 } }],
  texts: [
    { info: { priority: 0 }, numeric: ' CLASSIFY set 0:0', saved: ' --set-class 0000:0000' },
    { info: { priority: 0x10002 }, numeric: ' CLASSIFY set 1:2', saved: ' --set-class 0001:0002' },
    { info: { priority: 0xffffabcd }, numeric: ' CLASSIFY set ffff:abcd', saved: ' --set-class ffff:abcd' },
  ],
  nft: [
    { info: { priority: 0 }, lists: ['meta priority set none'] },
    { info: { priority: 0x1000a }, lists: ['meta priority set 1:a'] },
    { info: { priority: 0xffffffff }, lists: ['meta priority set root'] },
  ],
});
