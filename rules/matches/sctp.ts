import { array, defineStruct, i32, u8, u16, u32, type ValueOf } from '../../protocol/struct.ts';
import { type AskedChunk, chunkLook, chunkModes, MOST_CHUNKS } from '../bpf/chunk-look.ts';
import { twelveBytes } from '../bpf/record.ts';
import type { Look } from '../bpf/test.ts';
import { cannotExpress, defineMatch, refuse } from '../extension.ts';
import { isFirst } from '../nft/fragment.ts';
import {
  askedFlagsProblem,
  askedPortsGroups,
  askedPortsTest,
  printAskedPorts,
  saveAskedPorts,
} from '../ports/asked-ports.ts';
import { allOf } from '../ports/number-range.ts';
import { chunkList } from '../ports/sctp-chunks.ts';
import { structRevision } from '../struct-revision.ts';

/** XT_NUM_SCTP_FLAGS: chunk types whose flags can be asked for. */
const FLAG_SLOTS = 4;

const xt_sctp_flag_info = defineStruct('xt_sctp_flag_info', 'linux/netfilter/xt_sctp.h', {
  chunktype: u8,
  flag: u8,
  flag_mask: u8,
});

const xt_sctp_info = defineStruct('xt_sctp_info', 'linux/netfilter/xt_sctp.h', {
  dpts: array(u16, 2),
  spts: array(u16, 2),
  /** One bit for each chunk type, in the first eight of them. */
  chunkmap: array(u32, 64),
  chunk_match_type: u32,
  flag_info: array(xt_sctp_flag_info, FLAG_SLOTS),
  flag_count: i32,
  flags: u32,
  invflags: u32,
});

export type SctpInfo = ValueOf<typeof xt_sctp_info>;

const CHUNK_TYPES = 0x04; // XT_SCTP_CHUNK_TYPES
const VALID_FLAGS = 0x07;
const MATCH_TYPES = 0x07; // SCTP_CHUNK_MATCH_ANY, _ALL, _ONLY

/**
 * `-m sctp`: ports and chunks of SCTP (net/netfilter/xt_sctp.c, extensions/libxt_sctp.c).
 *
 * With `! --chunk-types` the kernel's match holds for a packet with broken chunks and drops it: ip_tables counts
 * it and runs the target before it goes, nft lets go of it at once. In either the packet is dropped.
 */
export const sctp = defineMatch<SctpInfo>({
  name: 'sctp',
  revisions: { 0: structRevision(xt_sctp_info) },
  coverage: { partly: ['--chunk-types'] },
  examples: [
    '-p sctp -m sctp {|!} --sport {portrange}',
    '-p sctp -m sctp {|!} --dport {portrange}',
    ...['', '! '].flatMap((not) => [
      `-p sctp -m sctp ${not}--chunk-types {any|only} {DATA|INIT|DATA:Be,INIT|ABORT:T,SHUTDOWN_COMPLETE:t|SACK,DATA|ALL|NONE}`,
      `-p sctp -m sctp ${not}--chunk-types all {DATA|INIT|DATA:Be,INIT|ABORT:T,SHUTDOWN_COMPLETE:t|SACK,DATA|NONE}`,
      `-p sctp -m sctp ${not}--chunk-types all ALL`,
    ]),
    '-p sctp -m sctp {|!} --sport {portrange} {|!} --dport {portrange} --chunk-types any INIT',
  ],
  placement: { protocol: 132 },

  check(info) {
    if (info.flag_count < 0 || info.flag_count > FLAG_SLOTS)
      refuse(`sctp: flags of ${info.flag_count} chunk types, at most ${FLAG_SLOTS} fit`);
    const problem = askedFlagsProblem('sctp', info, VALID_FLAGS);
    if (problem !== undefined) refuse(problem);
    if ((info.flags & CHUNK_TYPES) !== 0 && (info.chunk_match_type & MATCH_TYPES) === 0)
      refuse(`sctp: unknown way to match chunks, ${info.chunk_match_type}`);
  },

  print: (info, context) => ` sctp${printAskedPorts('sctp', info, context)}${chunks(info, '', context.numeric)}`,
  save: (info) => `${saveAskedPorts(info)}${chunks(info, ' --chunk-types', false)}`,

  nft(info) {
    if ((info.flags & CHUNK_TYPES) !== 0)
      cannotExpress('sctp: ip_tables drops a packet with broken chunks, --chunk-types of nft passes it on');
    const condition = allOf([askedPortsTest('sctp', info), [isFirst]]);
    return { alternatives: condition === 'never' ? [] : [condition], transport: { bytes: 12 } };
  },

  bpf(info) {
    const groups = [...askedPortsGroups(info), ...chunkGroups(info)];
    return { groups, transport: { need: twelveBytes } };
  },
  bpfLacks: ['! --chunk-types', `--chunk-types all of more than ${MOST_CHUNKS} types`],
});

function chunks(info: SctpInfo, option: string, numeric: boolean): string {
  if ((info.flags & CHUNK_TYPES) === 0) return '';
  return `${(info.invflags & CHUNK_TYPES) === 0 ? '' : ' !'}${option}${chunkList(info, numeric)}`;
}

/** The flags of a type are asked for by its first entry; the others are none of it (match_flags). */
function chunkGroups(info: SctpInfo): readonly (readonly Look[])[] {
  const { flags, invflags, chunkmap, chunk_match_type, flag_info, flag_count } = info;
  if ((flags & CHUNK_TYPES) === 0) return [];
  if ((invflags & CHUNK_TYPES) !== 0)
    cannotExpress(
      'sctp: ip_tables counts a packet with broken chunks at ! --chunk-types, a BPF program here drops it uncounted',
    );
  const mode = (['any', 'all', 'only'] as const).find((name) => chunkModes[name] === chunk_match_type);
  if (mode === undefined) cannotExpress(`sctp: ways to match chunks at once, ${chunk_match_type}`);
  const asked: AskedChunk[] = [];
  for (let type = 0; type < 256; type += 1) {
    if ((((chunkmap[type >> 5] ?? 0) >>> (type & 31)) & 1) === 0) continue;
    const of = flag_info.slice(0, flag_count).find(({ chunktype }) => chunktype === type);
    asked.push({ type, mask: of?.flag_mask ?? 0, flags: of?.flag ?? 0 });
  }
  if (mode === 'all' && asked.length > MOST_CHUNKS)
    cannotExpress(`sctp: all of ${asked.length} types of chunks, at most ${MOST_CHUNKS}`);
  return [[chunkLook(mode, asked)]];
}
