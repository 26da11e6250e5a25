import { ipt_entry, ipt_ip } from '../../protocol/ip-tables.ts';
import {
  NF_INET_NUMHOOKS,
  verdicts,
  XT_ERROR_TARGET,
  XT_STANDARD_TARGET,
  xt_entry_match,
  xt_entry_target,
  xt_error_target,
  xt_standard_target,
} from '../../protocol/x-tables.ts';
import type { BlobView } from '../blob/view.ts';
import { dottedQuad } from './address.ts';

/** What libiptc puts for its version in a dump: by mistake the library's file name. */
const libraryVersion = 'libxtables.so.12';

/**
 * The raw table that iptables prints after the listing when -v is given twice (libiptc.c,
 * TC_DUMP_ENTRIES; libip4tc.c, dump_entry): heads, policies and the table's end included.
 */
export function entryDump(view: BlobView): string {
  const { entries, offsets } = view;
  return [
    `libiptc v${libraryVersion}. ${entries.length} bytes.\n`,
    `Table \`${view.table}'\n`,
    `Hooks: pre/in/fwd/out/post = ${perHook(view.hookEntry)}\n`,
    `Underflows: pre/in/fwd/out/post = ${perHook(view.underflow)}\n`,
    ...Array.from(offsets, (offset, index) => entryText(entries, offset, index)),
  ].join('');
}

/** In hexadecimal; ffffffff where the table has no such hook. */
function perHook(values: ArrayLike<number>): string {
  return Array.from({ length: NF_INET_NUMHOOKS }, (_, hook) => ((values[hook] ?? -1) >>> 0).toString(16)).join('/');
}

function entryText(entries: Uint8Array, offset: number, index: number): string {
  const { ip, nfcache, target_offset, counters } = ipt_entry.read(entries, offset);
  const hex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, '0');
  return [
    `Entry ${index} (${offset}):\n`,
    `SRC IP: ${dottedQuad(ip.src)}/${dottedQuad(ip.smsk)}\n`,
    `DST IP: ${dottedQuad(ip.dst)}/${dottedQuad(ip.dmsk)}\n`,
    `Interface: \`${nameAt(entries, offset + ipt_entry.offsets.ip + ipt_ip.offsets.iniface)}'/${maskText(ip.iniface_mask)}`,
    `to \`${nameAt(entries, offset + ipt_entry.offsets.ip + ipt_ip.offsets.outiface)}'/${maskText(ip.outiface_mask)}\n`,
    `Protocol: ${ip.proto}\n`,
    `Flags: ${hex(ip.flags, 2)}\n`,
    `Invflags: ${hex(ip.invflags, 2)}\n`,
    `Counters: ${counters.pcnt} packets, ${counters.bcnt} bytes\n`,
    `Cache: ${hex(nfcache, 8)}\n`,
    ...matchNames(entries, offset + ipt_entry.size, offset + target_offset).map((name) => `Match name: \`${name}'\n`),
    targetText(entries, offset + target_offset),
    '\n',
  ].join('');
}

/** Up to the first NUL: a name that fills its room runs on into the fields behind it, as in C. */
function nameAt(entries: Uint8Array, at: number): string {
  const end = entries.indexOf(0, at);
  return String.fromCharCode(...entries.subarray(at, end === -1 ? entries.length : end));
}

function maskText(mask: Uint8Array): string {
  return Array.from(mask, (byte) => (byte === 0 ? '.' : 'X')).join('');
}

function matchNames(entries: Uint8Array, start: number, end: number): readonly string[] {
  const names: string[] = [];
  for (let at = start; at < end; ) {
    const { name, match_size } = xt_entry_match.read(entries, at);
    names.push(name);
    at += Math.max(match_size, xt_entry_match.size);
  }
  return names;
}

function targetText(entries: Uint8Array, at: number): string {
  const { name, target_size } = xt_entry_target.read(entries, at);
  const head = `Target name: \`${name}' [${target_size}]\n`;
  if (name === XT_STANDARD_TARGET)
    return `${head}verdict=${verdictText(xt_standard_target.read(entries, at).verdict)}\n`;
  if (name === XT_ERROR_TARGET) return `${head}error=\`${xt_error_target.read(entries, at).errorname}'\n`;
  return head;
}

function verdictText(verdict: number): string {
  switch (verdict) {
    case verdicts.ACCEPT:
      return 'NF_ACCEPT';
    case verdicts.DROP:
      return 'NF_DROP';
    case verdicts.QUEUE:
      return 'NF_QUEUE';
    case verdicts.RETURN:
      return 'RETURN';
    default:
      return verdict < 0 ? 'UNKNOWN' : verdict.toString();
  }
}
