import { defineStruct, u8, u32, type ValueOf } from '../../protocol/struct.ts';
import { type CheckContext, cannotExpress, defineMatch, refuse } from '../extension.ts';
import { checkFlags } from '../ports/unknown-flags.ts';
import { structRevision } from '../struct-revision.ts';

const xt_l2tp_info = defineStruct('xt_l2tp_info', 'linux/netfilter/xt_l2tp.h', {
  tid: u32,
  sid: u32,
  version: u8,
  type: u8,
  flags: u8,
  pad: u8,
});

export type L2tpInfo = ValueOf<typeof xt_l2tp_info>;

const TID = 1;
const SID = 2;
const VERSION = 4;
const TYPE = 8;
const CONTROL = 0;

const IPPROTO_UDP = 17;
const IPPROTO_L2TP = 115;
/** All but POSTROUTING. */
const HOOKS = (1 << 0) | (1 << 1) | (1 << 2) | (1 << 3);
/** matchsize, aligned. */
const BYTES = 16;

const reason = 'nft knows no L2TP header';

/**
 * l2tp (net/netfilter/xt_l2tp.c): tunnel, session, version and type of L2TP over UDP or IP. iptables 1.8.9 has no
 * plugin for it: only another caller can bring such a rule.
 */
export const l2tp = defineMatch<L2tpInfo>({
  name: 'l2tp',
  revisions: { 0: structRevision(xt_l2tp_info) },
  coverage: { none: reason },
  examples: [],
  placement: { hooks: HOOKS },
  check,
  // as iptables -L shows what it has no plugin for; -S gives up
  print: () => "UNKNOWN match `l2tp' ",
  save: () => ` [${BYTES} bytes]`,
  nft: () => cannotExpress(`l2tp: ${reason}`),
  bpf: { none: "the machine doesn't read L2TP headers" },
});

function check({ tid, sid, version, type, flags }: L2tpInfo, { header: { protocol } }: CheckContext): void {
  checkFlags('l2tp', flags, TID | SID | VERSION | TYPE);
  if ((flags & (TID | SID)) === 0 && !((flags & TYPE) !== 0 && type === CONTROL))
    refuse('l2tp: none of tunnel, session and type control is given');
  if ((flags & VERSION) !== 0) {
    if (version < 2 || version > 3) refuse(`l2tp: version ${version}, known are 2 and 3`);
    if (version === 2 && (flags & TID) !== 0 && tid > 0xffff) refuse(`l2tp: tunnel ${tid} is too large for version 2`);
    if (version === 2 && (flags & SID) !== 0 && sid > 0xffff) refuse(`l2tp: session ${sid} is too large for version 2`);
  }
  if (protocol !== IPPROTO_UDP && protocol !== IPPROTO_L2TP) refuse('l2tp: needs -p udp or l2tp');
  if (protocol === IPPROTO_L2TP && version === 2) refuse('l2tp: version 2 is never carried by IP itself');
}
