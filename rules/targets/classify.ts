import { defineStruct, u32 } from '../../protocol/struct.ts';
import { defineTarget } from '../extension.ts';
import { structRevision } from '../struct-revision.ts';

const xt_classify_target_info = defineStruct('xt_classify_target_info', 'linux/netfilter/xt_CLASSIFY.h', {
  priority: u32,
});

/** FORWARD, OUTPUT, POSTROUTING. */
const HOOKS = (1 << 2) | (1 << 3) | (1 << 4);

export interface ClassifyTargetInfo {
  /** A class of traffic control: major number in the upper 16 bits, minor in the lower. */
  readonly priority: number;
}

/** CLASSIFY, revision 0 (net/netfilter/xt_CLASSIFY.c; libxt_CLASSIFY.c): the packet's priority, which a qdisc reads as a class. */
export const classifyTarget = defineTarget<ClassifyTargetInfo>({
  name: 'CLASSIFY',
  revisions: { 0: structRevision(xt_classify_target_info) },
  coverage: 'all',
  examples: ['-j CLASSIFY --set-class {classid}'],
  placement: { hooks: HOOKS },
  check() {},
  print: ({ priority }) => ` CLASSIFY set ${halves(priority, 1)}`,
  save: ({ priority }) => ` --set-class ${halves(priority, 4)}`,
  nft: ({ priority }) => ({ statements: [{ mangle: { key: { meta: { key: 'priority' } }, value: priority } }] }),
});

/** The two numbers in hexadecimal, of at least so many digits. */
function halves(priority: number, digits: number): string {
  return [priority >>> 16, priority & 0xffff].map((half) => half.toString(16).padStart(digits, '0')).join(':');
}
