import { array, defineStruct, u32 } from '../../protocol/struct.ts';
import { cannotExpress, defineTarget } from '../extension.ts';
import { structRevision } from '../struct-revision.ts';

const xt_tcpoptstrip_target_info = defineStruct('xt_tcpoptstrip_target_info', 'linux/netfilter/xt_TCPOPTSTRIP.h', {
  strip_bmap: array(u32, 8),
});

const IPPROTO_TCP = 6;

/** Names that iptables has for kinds of options. */
const names: Readonly<Record<number, string>> = {
  2: 'mss',
  3: 'wscale',
  4: 'sack-permitted',
  5: 'sack',
  8: 'timestamp',
  19: 'md5',
};

const WHY =
  "TCPOPTSTRIP: nft's reset takes away an option's first occurrence only, drops where the option is cut off, and goes on where the header is";

export interface TcpoptstripTargetInfo {
  /** A bit for each of the 256 kinds of options. */
  readonly strip_bmap: readonly number[];
}

/** TCPOPTSTRIP, revision 0 (net/netfilter/xt_TCPOPTSTRIP.c; libxt_TCPOPTSTRIP.c): writes NOPs over TCP options. */
export const tcpoptstripTarget = defineTarget<TcpoptstripTargetInfo>({
  name: 'TCPOPTSTRIP',
  revisions: { 0: structRevision(xt_tcpoptstrip_target_info) },
  coverage: { none: WHY },
  examples: [
    '-p tcp -j TCPOPTSTRIP --strip-options {mss|wscale|sack-permitted|sack|timestamp|md5}',
    '-p tcp -j TCPOPTSTRIP --strip-options {2-255}',
    '-p tcp -j TCPOPTSTRIP --strip-options mss,wscale,sack-permitted,timestamp,254',
  ],
  placement: { table: 'mangle', protocol: IPPROTO_TCP },
  check() {},
  print: (info, { numeric }) => listed(info, ' TCPOPTSTRIP options ', numeric),
  save: (info) => listed(info, ' --strip-options ', true),
  nft: () => cannotExpress(WHY),
});

function listed(info: TcpoptstripTargetInfo, before: string, numeric: boolean): string {
  const kinds = kindsOf(info);
  if (kinds.length === 0) return '';
  return before + kinds.map((kind) => (numeric ? undefined : names[kind]) ?? `${kind}`).join(',');
}

function kindsOf({ strip_bmap }: TcpoptstripTargetInfo): readonly number[] {
  return Array.from({ length: 256 }, (_, kind) => kind).filter(
    (kind) => (((strip_bmap[kind >> 5] ?? 0) >>> (kind & 31)) & 1) !== 0,
  );
}
