import { errno } from '../../protocol/errno.ts';
import { defineStruct, u16, type ValueOf } from '../../protocol/struct.ts';
import { isTracked, isUntracked } from '../conntrack/bpf-tests.ts';
import { absentStates, stateIn } from '../conntrack/state.ts';
import { cannotExpress, defineMatch, type NftMatch, refuse } from '../extension.ts';
import type { TableName } from '../ir.ts';
import { structRevision } from '../struct-revision.ts';

const xt_connlabel_mtinfo = defineStruct('xt_connlabel_mtinfo', 'linux/netfilter/xt_connlabel.h', {
  bit: u16,
  options: u16,
});

export type ConnlabelInfo = ValueOf<typeof xt_connlabel_mtinfo>;

/** XT_CONNLABEL_OP_* */
const INVERT = 1;
const SET = 2;
/** NF_CT_LABELS_MAX_SIZE, in bits. */
const LABELS = 128;

/**
 * `-m connlabel`: a bit of the connection's labels (net/netfilter/xt_connlabel.c, extensions/libxt_connlabel.c).
 * `--set` sets it, and matches when it could. Names of labels (connlabel.conf) are iptables' own affair.
 */
export const connlabel = defineMatch<ConnlabelInfo>({
  name: 'connlabel',
  revisions: { 0: structRevision(xt_connlabel_mtinfo) },
  coverage: { partly: ['`! --label N --set`', '`! --label N` in table raw, where a rule may meet a template of CT'] },
  examples: ['-m connlabel {|!} --label {label}', '-m connlabel --label {label} --set'],
  stateful: true, // --set shows
  placement: { anyFamily: true },

  check({ bit, options }) {
    if ((options & ~(INVERT | SET)) !== 0) refuse(`connlabel: unknown options 0x${options.toString(16)}`);
    if (bit >= LABELS) refuse(`connlabel: label ${bit}, there are ${LABELS}`, errno.ERANGE);
  },

  print: (info) => ` connlabel${(info.options & INVERT) === 0 ? '' : ' !'} ${info.bit}${setText(info, '')}`,
  save: (info) => `${(info.options & INVERT) === 0 ? '' : ' !'} --label "${info.bit}"${setText(info, '--')}`,
  nft: (info, { table }) => labelTest(info, table),
  bpf({ bit, options }) {
    if ((options & SET) !== 0) cannotExpress('connlabel: a BPF program can not set labels');
    const test = { kind: 'connectionLabel', first: bit >> 3, second: 1 << (bit & 7) } as const;
    if ((options & INVERT) === 0) return { groups: [[isTracked], [test]] };
    return { groups: [[isUntracked, { ...test, negated: true }]] };
  },
  bpfLacks: ['--set'],
});

function setText({ options }: ConnlabelInfo, prefix: '' | '--'): string {
  return (options & SET) === 0 ? '' : ` ${prefix}set`;
}

/** nft's labels read as zeros where the connection has no room for them, which is "not set" in the kernel's match too. */
function labelTest({ bit, options }: ConnlabelInfo, table: TableName): NftMatch {
  const key = { ct: { key: 'label' } };
  const isSet = { match: { op: 'in', left: key, right: bit } } as const;
  if (options === 0) return { alternatives: [[isSet]] };
  if (options === INVERT) {
    // a template has no labels, which is "not set" again, but nft reads none in it and ends the rule
    if (table === 'raw') cannotExpress('connlabel: in table raw nft reads no templates of CT');
    return {
      alternatives: [[stateIn(absentStates)], [{ match: { op: '!=', left: { '&': [key, bit] }, right: bit } }]],
    };
  }
  if (options === SET) return { alternatives: [[{ mangle: { key, value: bit } }, isSet]], stateful: true };
  return cannotExpress('connlabel: it sets the label of the packets that it does not take');
}
