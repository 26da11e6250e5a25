import { errno } from '../../protocol/errno.ts';
import { defineStruct, u16 } from '../../protocol/struct.ts';
import { cannotExpress, defineTarget, refuse } from '../extension.ts';
import { checkFlags } from '../ports/unknown-flags.ts';

const header = 'linux/netfilter/xt_NFQUEUE.h';
const xt_NFQ_info = defineStruct('xt_NFQ_info', header, { queuenum: u16 });
const xt_NFQ_info_v1 = defineStruct('xt_NFQ_info_v1', header, { queuenum: u16, queues_total: u16 });
const xt_NFQ_info_v2 = defineStruct('xt_NFQ_info_v2', header, { queuenum: u16, queues_total: u16, bypass: u16 });
const xt_NFQ_info_v3 = defineStruct('xt_NFQ_info_v3', header, { queuenum: u16, queues_total: u16, flags: u16 });

/** NFQ_FLAG_* */
const BYPASS = 1;
const CPU_FANOUT = 2;
const LAST_QUEUE = 0xffff;
const WHY = 'NFQUEUE: nft has no queue without NFT_QUEUE in the kernel';

/** Flags that each revision's check lets pass. */
const known: Readonly<Record<number, number>> = { 2: BYPASS, 3: BYPASS | CPU_FANOUT };

export interface NfqueueTargetInfo {
  readonly revision: number;
  readonly queuenum: number;
  /** How many queues from `queuenum` on share the packets. */
  readonly queues_total: number;
  /** Revision 2: its field `bypass`. */
  readonly flags: number;
}

/** NFQUEUE, revisions 0 to 3 (net/netfilter/xt_NFQUEUE.c; libxt_NFQUEUE.c): a program in userspace decides. */
export const nfqueueTarget = defineTarget<NfqueueTargetInfo>({
  name: 'NFQUEUE',
  revisions: {
    0: {
      size: xt_NFQ_info.size,
      decode: (data) => ({ revision: 0, ...xt_NFQ_info.read(data), queues_total: 1, flags: 0 }),
      encode: (info) => xt_NFQ_info.write(info),
    },
    1: {
      size: xt_NFQ_info_v1.size,
      decode: (data) => ({ revision: 1, ...xt_NFQ_info_v1.read(data), flags: 0 }),
      encode: (info) => xt_NFQ_info_v1.write(info),
    },
    2: {
      size: xt_NFQ_info_v2.size,
      decode(data) {
        const { bypass, ...queues } = xt_NFQ_info_v2.read(data);
        return { revision: 2, ...queues, flags: bypass };
      },
      encode: ({ queuenum, queues_total, flags }) => xt_NFQ_info_v2.write({ queuenum, queues_total, bypass: flags }),
    },
    3: {
      size: xt_NFQ_info_v3.size,
      decode: (data) => ({ revision: 3, ...xt_NFQ_info_v3.read(data) }),
      encode: (info) => xt_NFQ_info_v3.write(info),
    },
  },
  coverage: { none: WHY },
  examples: [
    '-j NFQUEUE',
    '-j NFQUEUE --queue-num {u16}',
    '-j NFQUEUE --queue-num {u16} --queue-bypass',
    '-j NFQUEUE --queue-balance 0:{1-65534}',
    '-j NFQUEUE --queue-balance {0-100}:{101-200} --queue-bypass --queue-cpu-fanout',
  ],
  placement: { anyFamily: true },
  check({ revision, queuenum, queues_total, flags }) {
    if (queues_total === 0) refuse('NFQUEUE: 0 queues');
    const last = queuenum + queues_total - 1;
    if (last > LAST_QUEUE) refuse(`NFQUEUE: wanted a last queue up to ${LAST_QUEUE}, found ${last}`, errno.ERANGE);
    checkFlags('NFQUEUE', flags, known[revision] ?? 0);
  },
  print: (info) =>
    ` NFQUEUE ${texts(info, { num: 'num', balance: 'balance', bypass: 'bypass', fanout: 'cpu-fanout' })}`,
  save: (info) =>
    ` ${texts(info, {
      num: '--queue-num',
      balance: '--queue-balance',
      bypass: '--queue-bypass',
      fanout: '--queue-cpu-fanout',
    })}`,
  nft: () => cannotExpress(WHY),
});

function texts(
  { queuenum, queues_total, flags }: NfqueueTargetInfo,
  words: Readonly<Record<'num' | 'balance' | 'bypass' | 'fanout', string>>,
): string {
  const queues =
    queues_total > 1 ? `${words.balance} ${queuenum}:${queuenum + queues_total - 1}` : `${words.num} ${queuenum}`;
  const bypass = (flags & BYPASS) === 0 ? '' : ` ${words.bypass}`;
  return `${queues}${bypass}${(flags & CPU_FANOUT) === 0 ? '' : ` ${words.fanout}`}`;
}
