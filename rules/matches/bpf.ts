import { errno } from '../../protocol/errno.ts';
import { bytes, defineStruct, i32, u8, u16, u32, u64 } from '../../protocol/struct.ts';
import { classicMatch } from '../bpf/classic-program.ts';
import { cannotExpress, defineMatch, refuse } from '../extension.ts';
import { cText, isUnterminated } from '../names/c-string.ts';

/** XT_BPF_MAX_NUM_INSTR. */
const MOST_INSTRUCTIONS = 64;
const header = 'linux/netfilter/xt_bpf.h';

const sock_filter = defineStruct('sock_filter', 'linux/filter.h', { code: u16, jt: u8, jf: u8, k: u32 });
/** Room of the program, or of a path. */
const ROOM = MOST_INSTRUCTIONS * sock_filter.size;

const xt_bpf_info = defineStruct('xt_bpf_info', header, {
  bpf_program_num_elem: u16,
  pad: bytes(2),
  program: bytes(ROOM),
  pad2: bytes(4),
  filter: u64,
});
const xt_bpf_info_v1 = defineStruct('xt_bpf_info_v1', header, {
  mode: u16,
  bpf_program_num_elem: u16,
  fd: i32,
  program: bytes(ROOM),
  filter: u64,
});

/** `filter` is the kernel's own. */
export interface BpfInfo {
  /** enum xt_bpf_modes. */
  readonly mode: number;
  readonly bpf_program_num_elem: number;
  readonly fd: number;
  /** struct sock_filter[64], or a path with its NUL. */
  readonly program: Uint8Array;
  readonly filter: bigint;
  /** Gaps of revision 0. */
  readonly pad: Uint8Array;
  readonly pad2: Uint8Array;
}

const BYTECODE = 0;
const PINNED = 1;
const DESCRIPTOR = 2;
const reason = 'nft runs no BPF program';

/**
 * `-m bpf`, revisions 0 and 1 (net/netfilter/xt_bpf.c, libxt_bpf.c): a socket filter, as classic bytecode or
 * (revision 1) a program pinned in a bpf file system, whose path the kernel follows from where the driver is.
 */
export const bpf = defineMatch<BpfInfo>({
  name: 'bpf',
  revisions: {
    0: {
      size: xt_bpf_info.size,
      decode: (data) => ({ ...xt_bpf_info.read(data), mode: BYTECODE, fd: 0 }),
      encode: (info) => xt_bpf_info.write(info),
    },
    1: {
      size: xt_bpf_info_v1.size,
      decode: (data) => ({ ...xt_bpf_info_v1.read(data), pad: new Uint8Array(2), pad2: new Uint8Array(4) }),
      encode: (info) => xt_bpf_info_v1.write(info),
    },
  },
  coverage: { none: reason },
  examples: [
    // the protocol is N; a packet of N bytes and more
    '-m bpf --bytecode "4,48 0 0 9,21 0 1 {1|6|17},6 0 0 1,6 0 0 0"',
    '-m bpf --bytecode "4,128 0 0 0,53 0 1 {20-200},6 0 0 1,6 0 0 0"',
  ],
  placement: { anyFamily: true },
  check,
  // the plugin ends the program with a NUL, printed
  print(info) {
    if (info.mode === BYTECODE) return `match bpf ${programText(info)}${info.bpf_program_num_elem === 0 ? '' : '\0'}`;
    return info.mode === PINNED ? `match bpf pinned ${cText(info.program)}` : 'match bpf unknown';
  },
  save(info) {
    if (info.mode === BYTECODE) return ` --bytecode "${info.bpf_program_num_elem},${programText(info)}"`;
    return info.mode === PINNED ? ` --object-pinned ${cText(info.program)}` : '';
  },
  nft: () => cannotExpress(`bpf: ${reason}`),
  bpfLacks: ['--object-pinned', 'where a payload begins, attributes of netlink'],

  bpf({ mode, bpf_program_num_elem: count, program }) {
    if (mode !== BYTECODE) cannotExpress("bpf: one program can't run another");
    return classicMatch(
      Array.from({ length: count }, (_, index) => sock_filter.read(program, index * sock_filter.size)),
    );
  },
});

/** Whether the program is one is left to the kernel, which checks it when the rule is loaded. */
function check({ mode, bpf_program_num_elem: count, program }: BpfInfo): void {
  switch (mode) {
    case BYTECODE:
      if (count === 0 || count > MOST_INSTRUCTIONS) refuse(`bpf: ${count} instructions, 1 to ${MOST_INSTRUCTIONS} fit`);
      return;
    case PINNED:
      if (isUnterminated(program)) refuse(`bpf: the path has no end within its ${ROOM} bytes`);
      return;
    case DESCRIPTOR:
      // The one thing refused that the kernel takes: the number names a file of the caller, not of the driver,
      // which is who loads the rule. iptables always names a path.
      refuse("bpf: a program named by the caller's descriptor can't be loaded by the driver", errno.EOPNOTSUPP);
      return;
    default:
      refuse(`bpf: mode ${mode}, known are 0 to ${DESCRIPTOR}`);
  }
}

function programText({ bpf_program_num_elem: count, program }: BpfInfo): string {
  return Array.from({ length: Math.min(count, MOST_INSTRUCTIONS) }, (_, index) => {
    const { code, jt, jf, k } = sock_filter.read(program, index * sock_filter.size);
    return `${code} ${jt} ${jf} ${k}`;
  }).join(',');
}
