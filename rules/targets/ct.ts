import { errno } from '../../protocol/errno.ts';
import { bytes, defineStruct, u16, u32, u64 } from '../../protocol/struct.ts';
import { askedProtocol } from '../asked-protocol.ts';
import { mayMeetUntrackedAnswer } from '../conntrack/untracked-answer.ts';
import { type CheckContext, cannotExpress, defineTarget, refuse } from '../extension.ts';
import { cText, isUnterminated } from '../names/c-string.ts';
import type { NftExpression, NftStatement } from '../nft/json.ts';
import { checkFlags } from '../ports/unknown-flags.ts';

const HELPER_ROOM = 16;
const TIMEOUT_ROOM = 32;

const common = { flags: u16, zone: u16, ct_events: u32, exp_events: u32, helper: bytes(HELPER_ROOM) };
/** `ct` is the kernel's own. */
const xt_ct_target_info = defineStruct('xt_ct_target_info', 'linux/netfilter/xt_CT.h', { ...common, ct: u64 });
const xt_ct_target_info_v1 = defineStruct('xt_ct_target_info_v1', 'linux/netfilter/xt_CT.h', {
  ...common,
  timeout: bytes(TIMEOUT_ROOM),
  ct: u64,
});

/** XT_CT_* */
const NOTRACK = 0x01;
const NOTRACK_ALIAS = 0x02;
const ZONE_DIR_ORIG = 0x04;
const ZONE_DIR_REPL = 0x08;
const ZONE_MARK = 0x10;
const KNOWN_FLAGS = 0x1f;

/** Names of enum ip_conntrack_events, by bit, in the order in which iptables writes them. */
const events = [
  { bit: 0, name: 'new' },
  { bit: 1, name: 'related' },
  { bit: 2, name: 'destroy' },
  { bit: 3, name: 'reply' },
  { bit: 4, name: 'assured' },
  { bit: 5, name: 'protoinfo' },
  { bit: 6, name: 'helper' },
  { bit: 7, name: 'mark' },
  { bit: 8, name: 'natseqinfo' },
  { bit: 9, name: 'secmark' },
] as const;
const expectationEvents = [{ bit: 0, name: 'new' }] as const;

/** A number and the names of its bits. */
type EventNames = readonly { readonly bit: number; readonly name: string }[];

export interface CtInfo {
  readonly revision: 0 | 1 | 2;
  /** XT_CT_*. */
  readonly flags: number;
  readonly zone: number;
  /** Bit masks of enum ip_conntrack_events and ip_conntrack_expect_events. */
  readonly ctEvents: number;
  readonly expEvents: number;
  /** Texts end at the first NUL. Revision 0 has no timeout: it is empty. */
  readonly helper: Uint8Array;
  readonly timeout: Uint8Array;
  /** Where the kernel keeps its template. */
  readonly ct: bigint;
}

/**
 * CT, revisions 0 to 2 (net/netfilter/xt_CT.c; libxt_CT.c): how the packet's connection is going to be tracked
 * once conntrack sees it. Revision 2 adds directions and marks as zones, and NOTRACK as another name.
 *
 * Whether a helper or a timeout policy is there only the kernel knows: it says ENOENT when the rule is loaded.
 */
export const ct = defineTarget<CtInfo>({
  name: 'CT',
  revisions: {
    0: {
      size: xt_ct_target_info.size,
      decode(data) {
        const { ct_events, exp_events, ...rest } = xt_ct_target_info.read(data);
        const timeout = new Uint8Array(TIMEOUT_ROOM);
        return { revision: 0, ctEvents: ct_events, expEvents: exp_events, timeout, ...rest };
      },
      encode: ({ flags, zone, ctEvents, expEvents, helper, ct }) =>
        xt_ct_target_info.write({ flags, zone, ct_events: ctEvents, exp_events: expEvents, helper, ct }),
    },
    1: longRevision(1),
    2: longRevision(2),
  },
  coverage: {
    partly: [
      '--helper',
      '--timeout',
      '--ctevents',
      '--expevents',
      '--zone mark, --zone-orig mark, --zone-reply mark',
      'what the kernel sends about an untracked packet (a reset of REJECT, an ICMP error): it leaves its state alone',
    ],
  },
  examples: [
    '-j CT',
    '-j CT --notrack',
    '-j CT --zone {u16}',
    '-j CT --zone-orig {u16}',
    '-j CT --zone-reply {u16}',
    '-j CT {--zone|--zone-orig|--zone-reply} mark',
    '-j CT --ctevents {new|related,destroy|reply,assured,protoinfo|helper,mark|natseqinfo,secmark}',
    '-j CT --expevents new',
    '-p tcp -j CT --helper ftp{| --zone {u16}}',
  ],
  placement: { table: 'raw' },
  check,
  print: (info) => ((info.flags & NOTRACK_ALIAS) !== 0 && info.revision > 0 ? ' NOTRACK' : ` CT${wordsOf(info, '')}`),
  save: (info) => ((info.flags & NOTRACK_ALIAS) !== 0 ? '' : wordsOf(info, '--')),
  alias: ({ revision, flags }) => (revision === 2 && (flags & NOTRACK_ALIAS) !== 0 ? 'NOTRACK' : 'CT'),
  nft: (info, { header }) => ({ statements: statementsOf(info), secondBest: mayMeetUntrackedAnswer(header) }),
});

function longRevision(revision: 1 | 2) {
  return {
    size: xt_ct_target_info_v1.size,
    decode(data: Uint8Array): CtInfo {
      const { ct_events, exp_events, ...rest } = xt_ct_target_info_v1.read(data);
      return { revision, ctEvents: ct_events, expEvents: exp_events, ...rest };
    },
    encode: ({ revision: _, ctEvents, expEvents, ...rest }: CtInfo): Uint8Array =>
      xt_ct_target_info_v1.write({ ct_events: ctEvents, exp_events: expEvents, ...rest }),
  };
}

/** xt_ct_tg_check and its revisions', in their order, as far as the kernel's helpers don't come in. */
function check({ revision, flags, helper, timeout }: CtInfo, { header }: CheckContext): void {
  const known = revision === 2 ? KNOWN_FLAGS : NOTRACK;
  checkFlags('CT', flags, known);
  if ((flags & NOTRACK) !== 0) return; // nothing else is asked
  const hasProtocol = (askedProtocol(header) & 0xff) !== 0;
  if (helper[0] !== 0) {
    if (isUnterminated(helper)) refuse("CT: the helper's name isn't NUL-terminated", errno.ENAMETOOLONG);
    if (!hasProtocol) refuse('CT: a helper wants -p', errno.ENOENT);
    return; // whether there is such a helper is asked before the timeout
  }
  if (timeout[0] !== 0) {
    if (isUnterminated(timeout)) refuse("CT: the timeout's name isn't NUL-terminated", errno.ENAMETOOLONG);
    if (!hasProtocol) refuse('CT: a timeout wants -p');
  }
}

function wordsOf(info: CtInfo, option: '' | '--'): string {
  const { flags, zone, ctEvents, expEvents } = info;
  const helper = cText(info.helper);
  const timeout = cText(info.timeout);
  return [
    (flags & NOTRACK) === 0 ? '' : ` ${option}notrack`,
    helper === '' ? '' : ` ${option}helper ${helper}`,
    timeout === '' ? '' : ` ${option}timeout ${timeout}`,
    ctEvents === 0 ? '' : ` ${option}ctevents ${namesOf(events, ctEvents)}`,
    expEvents === 0 ? '' : ` ${option}expevents ${namesOf(expectationEvents, expEvents)}`,
    (flags & ZONE_MARK) === 0 && zone === 0 ? '' : ` ${option}zone${zoneText(info)}`,
  ].join('');
}

function zoneText({ flags, zone }: CtInfo): string {
  const direction = { original: '-orig', reply: '-reply', both: '' }[directionOf(flags)];
  return `${direction} ${(flags & ZONE_MARK) === 0 ? zone : 'mark'}`;
}

/** Both bits are as good as none (xt_ct_flags_to_dir). */
function directionOf(flags: number): 'original' | 'reply' | 'both' {
  switch (flags & (ZONE_DIR_ORIG | ZONE_DIR_REPL)) {
    case ZONE_DIR_ORIG:
      return 'original';
    case ZONE_DIR_REPL:
      return 'reply';
    default:
      return 'both';
  }
}

function namesOf(names: EventNames, mask: number): string {
  return names
    .filter(({ bit }) => ((mask >>> bit) & 1) !== 0)
    .map(({ name }) => name)
    .join();
}

function statementsOf(info: CtInfo): readonly NftStatement[] {
  if ((info.flags & NOTRACK) !== 0) return [{ notrack: null }];
  if (info.helper[0] !== 0) cannotExpress('CT: nft attaches a helper only once conntrack has seen the packet');
  if (info.timeout[0] !== 0) cannotExpress('CT: nft has no timeout policies by name');
  if (info.ctEvents !== 0 || info.expEvents !== 0) {
    cannotExpress('CT: nft chooses events only once conntrack has seen the packet');
  }
  if ((info.flags & ZONE_MARK) !== 0) cannotExpress('CT: nft has no zone out of the mark');
  const direction = directionOf(info.flags);
  const key: NftExpression = { ct: { key: 'zone', ...(direction === 'both' ? {} : { dir: direction }) } };
  // nft would track a packet that was said not to be; the target leaves it alone.
  const tracked: NftStatement = { match: { op: '!=', left: { ct: { key: 'state' } }, right: 'untracked' } };
  return [tracked, { mangle: { key, value: info.zone } }];
}
