import { defineStruct, u8, type ValueOf } from '../../protocol/struct.ts';
import { never, rangeGroups } from '../bpf/groups.ts';
import type { BpfMatch } from '../bpf/test.ts';
import { defineMatch, type NftAlternatives } from '../extension.ts';
import type { NftOperator } from '../nft/json.ts';
import { structRevision } from '../struct-revision.ts';

const ipt_ttl_info = defineStruct('ipt_ttl_info', 'linux/netfilter_ipv4/ipt_ttl.h', {
  mode: u8,
  ttl: u8,
});

export type TtlInfo = ValueOf<typeof ipt_ttl_info>;

/** IPT_TTL_EQ to IPT_TTL_GT, by number. */
const modes: readonly { readonly list: string; readonly option: string; readonly op: NftOperator }[] = [
  { list: '==', option: ' --ttl-eq', op: '==' },
  { list: '!=', option: ' ! --ttl-eq', op: '!=' },
  { list: '<', option: ' --ttl-lt', op: '<' },
  { list: '>', option: ' --ttl-gt', op: '>' },
];

/** `-m ttl`: the header's time to live (net/netfilter/xt_hl.c, extensions/libipt_ttl.c). An unknown mode never matches. */
export const ttl = defineMatch<TtlInfo>({
  name: 'ttl',
  revisions: { 0: structRevision(ipt_ttl_info) },
  coverage: 'all',
  examples: ['-m ttl {|!} --ttl-eq {ttl}', '-m ttl --ttl-lt {ttl}', '-m ttl --ttl-gt {ttl}'],
  placement: {},
  check() {},
  print: ({ mode, ttl }) => ` TTL match ${modes[mode] === undefined ? '' : `TTL ${modes[mode].list}`} ${ttl}`,
  save: ({ mode, ttl }) => `${modes[mode]?.option ?? ''} ${ttl}`,
  nft: (info) => ({ alternatives: alternatives(info) }),
  bpf: (info) => ({ groups: groups(info) }),
});

function alternatives({ mode, ttl }: TtlInfo): NftAlternatives {
  const op = modes[mode]?.op;
  if (op === undefined || (op === '<' && ttl === 0) || (op === '>' && ttl === 0xff)) return [];
  return [[{ match: { op, left: { payload: { protocol: 'ip', field: 'ttl' } }, right: ttl } }]];
}

function groups({ mode, ttl }: TtlInfo): BpfMatch['groups'] {
  const is = (min: number, max: number, inverted = false) => rangeGroups(['ttl'], 0xff, [{ min, max }], inverted);
  const op = modes[mode]?.op;
  if (op === '<') return is(0, ttl - 1);
  if (op === '>') return is(ttl + 1, 0xff);
  return op === undefined ? never : is(ttl, ttl, op === '!=');
}
