import { bytes, defineStruct, u16, u32 } from '../../protocol/struct.ts';
import { cannotExpress, defineTarget, refuse } from '../extension.ts';
import { cBytes, cText } from '../names/c-string.ts';
import type { NftLog } from '../nft/json.ts';
import { checkFlags } from '../ports/unknown-flags.ts';
import { structRevision } from '../struct-revision.ts';
import { savedString } from '../text/saved-string.ts';

const PREFIX_ROOM = 64;
const xt_nflog_info = defineStruct('xt_nflog_info', 'linux/netfilter/xt_NFLOG.h', {
  len: u32,
  group: u16,
  threshold: u16,
  flags: u16,
  pad: u16,
  prefix: bytes(PREFIX_ROOM),
});

/** XT_NFLOG_F_COPY_LEN: `len` counts (--nflog-size); without it the kernel looks past it (--nflog-range). */
const COPY_LEN = 1;

export interface NflogTargetInfo {
  /** Most bytes of a packet to be copied. */
  readonly len: number;
  readonly group: number;
  /** Packets to be gathered before they are sent; 0: what the listener asked for. */
  readonly threshold: number;
  readonly flags: number;
  /** Nobody looks at it. */
  readonly pad: number;
  /** Its text ends at the first NUL. */
  readonly prefix: Uint8Array;
}

/** NFLOG, revision 0 (net/netfilter/xt_NFLOG.c; libxt_NFLOG.c): a copy of the packet for a listener of a netlink group. */
export const nflogTarget = defineTarget<NflogTargetInfo>({
  name: 'NFLOG',
  revisions: { 0: structRevision(xt_nflog_info) },
  coverage: { partly: ['a prefix that is not UTF-8'] },
  examples: [
    '-j NFLOG',
    '-j NFLOG --nflog-group {u16}',
    '-j NFLOG --nflog-prefix "a word: "',
    '-j NFLOG --nflog-group 3 --nflog-size {u16} --nflog-threshold {1-100}',
    '-j NFLOG --nflog-range {1-1000}',
  ],
  placement: {},
  check({ flags, prefix }) {
    checkFlags('NFLOG', flags, COPY_LEN);
    if (prefix[PREFIX_ROOM - 1] !== 0) refuse(`NFLOG: the prefix isn't NUL-terminated within ${PREFIX_ROOM} bytes`);
  },
  print: (info) => texts(info, ''),
  save: (info) => texts(info, '--'),
  nft: (info) => ({ statements: [{ log: nftLog(info) }] }),
});

function texts(info: NflogTargetInfo, before: string): string {
  const { group, len, flags, threshold } = info;
  const text = cText(info.prefix);
  const size = (flags & COPY_LEN) !== 0 ? 'size' : 'range';
  return [
    text === '' ? '' : ` ${before}nflog-prefix${savedString(text)}`,
    group === 0 ? '' : ` ${before}nflog-group ${group}`,
    size === 'range' && len === 0 ? '' : ` ${before}nflog-${size} ${len}`,
    threshold === 0 ? '' : ` ${before}nflog-threshold ${threshold}`,
  ].join('');
}

function nftLog(info: NflogTargetInfo): NftLog {
  const prefix = utf8(cBytes(info.prefix));
  return {
    ...(prefix === '' ? {} : { prefix }),
    group: info.group,
    ...((info.flags & COPY_LEN) === 0 ? {} : { snaplen: info.len }),
    ...(info.threshold === 0 ? {} : { 'queue-threshold': info.threshold }),
  };
}

/** JSON carries text, the kernel logs bytes: the same only for UTF-8. */
function utf8(text: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(text);
  } catch {
    return cannotExpress('NFLOG: nft takes a prefix only as UTF-8');
  }
}
