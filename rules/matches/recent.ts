import { bytes, defineStruct, u8, u32 } from '../../protocol/struct.ts';
import { cannotExpress, defineMatch, refuse } from '../extension.ts';
import { cText } from '../names/c-string.ts';
import { checkProcName } from '../names/proc-name.ts';
import { checkFlags } from '../ports/unknown-flags.ts';

const NAME_ROOM = 200; // XT_RECENT_NAME_LEN
const header = 'linux/netfilter/xt_recent.h';

const shared = {
  seconds: u32,
  hit_count: u32,
  check_set: u8,
  invert: u8,
  name: bytes(NAME_ROOM),
  side: u8,
  pad: u8,
};
const xt_recent_mtinfo = defineStruct('xt_recent_mtinfo', header, shared);
const xt_recent_mtinfo_v1 = defineStruct('xt_recent_mtinfo_v1', header, { ...shared, mask: bytes(16) });

export interface RecentInfo {
  readonly seconds: number;
  readonly hit_count: number;
  /** XT_RECENT_*: what to do, and how. */
  readonly check_set: number;
  readonly invert: number;
  readonly name: Uint8Array;
  /** 0: the source's address, 1: the destination's. */
  readonly side: number;
  readonly pad: number;
  /** Only in revision 1; an IPv4 mask is in its first four bytes. */
  readonly mask?: Uint8Array;
}

const CHECK = 1;
const SET = 2;
const UPDATE = 4;
const REMOVE = 8;
const TTL = 0x10;
const REAP = 0x20;
const OPERATIONS = CHECK | SET | UPDATE | REMOVE;
const FLAGS = OPERATIONS | TTL | REAP;
/** XT_RECENT_MAX_NSTAMPS: packets that an entry of the list can remember. */
const MOST_HITS = 65_536;

const SOURCE = 0;
const DESTINATION = 1;

const reason = "nft's sets don't remember when an address was seen, and don't stand in /proc/net/xt_recent";

/**
 * `-m recent`, revisions 0 and 1 (net/netfilter/xt_recent.c, libxt_recent.c): lists of addresses with the
 * times they were seen at, in /proc/net/xt_recent. The kernel makes a list with the first rule that names it.
 */
export const recent = defineMatch<RecentInfo>({
  name: 'recent',
  revisions: {
    0: {
      size: xt_recent_mtinfo.size,
      decode: (data) => xt_recent_mtinfo.read(data),
      encode: (info) => xt_recent_mtinfo.write(info),
    },
    1: {
      size: xt_recent_mtinfo_v1.size,
      decode: (data) => xt_recent_mtinfo_v1.read(data),
      encode: ({ mask = new Uint8Array(16), ...info }) => xt_recent_mtinfo_v1.write({ ...info, mask }),
    },
  },
  coverage: { none: reason },
  examples: [
    '-m recent {|!} --set --name {one|two} {--rsource|--rdest}',
    '-m recent {|!} --rcheck --name {one|two} {--rsource|--rdest}',
    '-m recent {|!} --rcheck --hitcount {1-8} --name {one|two}',
    '-m recent {|!} --rcheck --seconds {3600-7200} --hitcount {1-8} --rttl --name {one|two}',
    '-m recent {|!} --update --seconds {3600-7200} --reap --name {one|two}',
    '-m recent {|!} --remove --name {one|two} --mask {255.255.255.0|255.255.255.255}',
  ],
  placement: {},
  stateful: true,
  check,
  print: (info) => `${info.invert !== 0 ? ' !' : ''} recent:${text(info, listed)}`,
  save: (info) => `${info.invert !== 0 ? ' !' : ''}${text(info, saved)}`,
  nft: () => cannotExpress(`recent: ${reason}`),
  bpf: { none: 'the kernel keeps addresses in lists that rules share, and that stand in /proc/net/xt_recent' },
});

function check({ check_set: set, seconds, hit_count: hits, name }: RecentInfo): void {
  checkFlags('recent', set, FLAGS);
  const operation = set & OPERATIONS;
  if (operation === 0 || (operation & (operation - 1)) !== 0) refuse('recent: not one of set, rcheck, update, remove');
  if ((set & (SET | REMOVE)) !== 0 && (seconds !== 0 || hits !== 0 || (set & (TTL | REAP)) !== 0))
    refuse('recent: seconds, hitcount, rttl and reap are for rcheck and update');
  if ((set & REAP) !== 0 && seconds === 0) refuse('recent: reap without seconds');
  if (hits >= MOST_HITS) refuse(`recent: hitcount ${hits}, at most ${MOST_HITS - 1} are remembered`);
  checkProcName('recent', name);
}

interface Words {
  readonly operations: readonly (readonly [flag: number, word: string])[];
  readonly seconds: string;
  readonly reap: string;
  readonly hits: string;
  readonly ttl: string;
  /** The mask stands before the side in `-S`, behind it in `-L`. */
  readonly maskFirst: boolean;
  readonly name: string;
  readonly mask: string;
  readonly source: string;
  readonly destination: string;
}

const listed: Words = {
  operations: [
    [SET, 'SET'],
    [CHECK, 'CHECK'],
    [UPDATE, 'UPDATE'],
    [REMOVE, 'REMOVE'],
  ],
  seconds: 'seconds:',
  reap: 'reap',
  hits: 'hit_count:',
  ttl: 'TTL-Match',
  maskFirst: false,
  name: 'name:',
  mask: 'mask:',
  source: 'side: source',
  destination: 'side: dest',
};
const saved: Words = {
  operations: [
    [SET, '--set'],
    [CHECK, '--rcheck'],
    [UPDATE, '--update'],
    [REMOVE, '--remove'],
  ],
  seconds: '--seconds',
  reap: '--reap',
  hits: '--hitcount',
  ttl: '--rttl',
  maskFirst: true,
  name: '--name',
  mask: '--mask',
  source: '--rsource',
  destination: '--rdest',
};

function text(info: RecentInfo, words: Words): string {
  const { check_set: set, side, mask } = info;
  const parts: string[] = words.operations.filter(([flag]) => (set & flag) !== 0).map(([, word]) => word);
  // printed by %d
  if (info.seconds !== 0) parts.push(`${words.seconds} ${info.seconds | 0}`);
  if ((set & REAP) !== 0) parts.push(words.reap);
  if (info.hit_count !== 0) parts.push(`${words.hits} ${info.hit_count | 0}`);
  if ((set & TTL) !== 0) parts.push(words.ttl);
  parts.push(`${words.name} ${cText(info.name)}`);
  const maskPart = mask === undefined ? [] : [`${words.mask} ${mask.subarray(0, 4).join('.')}`];
  const sidePart = side === SOURCE ? [words.source] : side === DESTINATION ? [words.destination] : [];
  parts.push(...(words.maskFirst ? [...maskPart, ...sidePart] : [...sidePart, ...maskPart]));
  return parts.map((part) => ` ${part}`).join('');
}
