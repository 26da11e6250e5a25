import { array, defineStruct, u8, u16, type ValueOf } from '../../protocol/struct.ts';
import { twelveBytes } from '../bpf/record.ts';
import { anyBit } from '../bpf/test.ts';
import { cannotExpress, defineMatch, refuse } from '../extension.ts';
import { isFirst } from '../nft/fragment.ts';
import {
  askedFlagsProblem,
  askedPortsGroups,
  askedPortsTest,
  printAskedPorts,
  saveAskedPorts,
} from '../ports/asked-ports.ts';
import { allOf, type Condition } from '../ports/number-range.ts';
import { structRevision } from '../struct-revision.ts';

const xt_dccp_info = defineStruct('xt_dccp_info', 'linux/netfilter/xt_dccp.h', {
  dpts: array(u16, 2),
  spts: array(u16, 2),
  flags: u16,
  invflags: u16,
  typemask: u16,
  option: u8,
});

export type DccpInfo = ValueOf<typeof xt_dccp_info>;

/** XT_DCCP_*, beside the ports' two. */
const TYPE = 0x04;
const OPTION = 0x08;
const VALID_FLAGS = 0x0f;

/** DCCP_PKT_REQUEST to DCCP_PKT_INVALID, by number; the five behind it have no names and are invalid too. */
const types: readonly string[] = [
  'REQUEST',
  'RESPONSE',
  'DATA',
  'ACK',
  'DATAACK',
  'CLOSEREQ',
  'CLOSE',
  'RESET',
  'SYNC',
  'SYNCACK',
  'INVALID',
];
const INVALID = 10;
/** The packet's type: four bits of byte 8. */
const TYPES = 16;
const TYPE_BYTE = 8;
const TYPE_BITS = 0x1e;
const TYPE_SHIFT = 1;

/**
 * `-m dccp`: ports, packet types and options of DCCP (net/netfilter/xt_dccp.c, extensions/libxt_dccp.c). A header
 * too short for its own data offset meets `! --dccp-option` as broken chunks do `! --chunk-types` (sctp.ts).
 */
export const dccp = defineMatch<DccpInfo>({
  name: 'dccp',
  revisions: { 0: structRevision(xt_dccp_info) },
  coverage: { partly: ['--dccp-option'] },
  examples: [
    '-p dccp -m dccp {|!} --sport {portrange}',
    '-p dccp -m dccp {|!} --dport {portrange}',
    '-p dccp -m dccp {|!} --dccp-types {REQUEST|RESPONSE|DATA,ACK,DATAACK|CLOSEREQ,CLOSE|RESET|SYNC,SYNCACK|INVALID}',
    '-p dccp -m dccp --dccp-option {1-255}',
    '-p dccp -m dccp ! --dccp-option {1-255}',
  ],
  placement: { protocol: 33 },
  check(info) {
    const problem = askedFlagsProblem('dccp', info, VALID_FLAGS);
    if (problem !== undefined) refuse(problem);
  },

  print(info, context) {
    const { flags, invflags, typemask, option } = info;
    const inverted = (flag: number) => (invflags & flag) !== 0;
    const list = (flags & TYPE) === 0 ? '' : `${inverted(TYPE) ? ' !' : ''} ${typeList(typemask, context.numeric)}`;
    const isShown = (flags & OPTION) !== 0 && (option !== 0 || inverted(OPTION));
    const optionText = isShown ? ` option=${inverted(OPTION) ? '!' : ''}${option}` : '';
    return ` dccp${printAskedPorts('dccp', info, context)}${list}${optionText}`;
  },

  save(info) {
    const { flags, invflags, typemask, option } = info;
    const save = (flag: number, text: string) =>
      (flags & flag) === 0 ? '' : `${(invflags & flag) === 0 ? '' : ' !'} ${text}`;
    const list = save(TYPE, `--dccp-types ${typeList(typemask, false)}`);
    return `${saveAskedPorts(info)}${list}${save(OPTION, `--dccp-option ${option}`)}`;
  },

  nft(info) {
    if ((info.flags & OPTION) !== 0) cannotExpress('dccp: nft has no --dccp-option');
    const condition = allOf([askedPortsTest('dccp', info), typeTest(info), [isFirst]]);
    return { alternatives: condition === 'never' ? [] : [condition], transport: { bytes: 12 } };
  },

  bpf(info) {
    const { flags, invflags, typemask } = info;
    const types = (flags & TYPE) === 0 ? [] : [[anyBit('dccpType', typemask, (invflags & TYPE) !== 0)]];
    if ((flags & invflags & OPTION) !== 0)
      cannotExpress(
        'dccp: ip_tables counts a packet with a broken header at ! --dccp-option, a BPF program here drops it uncounted',
      );
    const options = (flags & OPTION) === 0 ? [] : [[{ kind: 'dccpOption', first: info.option } as const]];
    return { groups: [...askedPortsGroups(info), ...types, ...options], transport: { need: twelveBytes } };
  },
  bpfLacks: ['! --dccp-option'],
});

/** By names the list ends at INVALID. */
function typeList(typemask: number, numeric: boolean): string {
  const asked = Array.from({ length: TYPES }, (_, type) => type).filter((type) => (typemask & (1 << type)) !== 0);
  if (numeric) return asked.join(',');
  return asked
    .filter((type) => type <= INVALID || (typemask & (1 << INVALID)) === 0)
    .map((type) => types[type] ?? type)
    .join(',');
}

/** Tested as bits of a whole byte, which nft leaves in its place (nft/pin.ts). */
function typeTest({ flags, invflags, typemask }: DccpInfo): Condition {
  if ((flags & TYPE) === 0) return [];
  const inverted = (invflags & TYPE) !== 0;
  const asked = Array.from({ length: TYPES }, (_, type) => type << TYPE_SHIFT).filter(
    (bits) => (typemask & (1 << (bits >> TYPE_SHIFT))) !== 0,
  );
  const [only] = asked;
  if (only === undefined) return inverted ? [] : 'never';
  if (asked.length === TYPES) return inverted ? 'never' : [];
  const left = { '&': [{ payload: { base: 'th', offset: TYPE_BYTE * 8, len: 8 } }, TYPE_BITS] } as const;
  const right = asked.length === 1 ? only : { set: asked };
  return [{ match: { op: inverted ? '!=' : '==', left, right } }];
}
