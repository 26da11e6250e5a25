import { defineStruct, u8 } from '../../protocol/struct.ts';
import { hooks } from '../../protocol/x-tables.ts';
import { cannotExpress, defineMatch, type Revision, refuse } from '../extension.ts';

/** xt_socket_mtinfo1, 2 and 3 are alike. */
const xt_socket_mtinfo = defineStruct('xt_socket_mtinfo3', 'linux/netfilter/xt_socket.h', { flags: u8 });

/** XT_SOCKET_* */
const TRANSPARENT = 1;
const NOWILDCARD = 2;
const RESTORESKMARK = 4;

/** Flags of each revision. */
const known = [0, TRANSPARENT, TRANSPARENT | NOWILDCARD, TRANSPARENT | NOWILDCARD | RESTORESKMARK] as const;

export interface SocketInfo {
  readonly revision: 0 | 1 | 2 | 3;
  readonly flags: number;
}

const reason =
  "nft's socket doesn't have fragments put together first, as the kernel's match does in the whole network namespace";

/** `-m socket`, revisions 0 to 3: a socket here takes the packet (net/netfilter/xt_socket.c, extensions/libxt_socket.c). */
export const socket = defineMatch<SocketInfo>({
  name: 'socket',
  revisions: {
    0: { size: 0, decode: () => ({ revision: 0, flags: 0 }), encode: () => new Uint8Array() },
    1: revisionOf(1),
    2: revisionOf(2),
    3: revisionOf(3),
  },
  coverage: { none: reason },
  examples: ['-m socket', '-m socket --transparent', '-m socket {|--transparent} {|--nowildcard} {|--restore-skmark}'],
  stateful: true, // --restore-skmark sets the packet's mark
  placement: { hooks: (1 << hooks.PREROUTING) | (1 << hooks.INPUT) },

  check({ revision, flags }) {
    if ((flags & ~known[revision]) !== 0) refuse(`socket: unknown flags 0x${flags.toString(16)}`);
  },

  print: (info) => ` socket${flagsText(info)}`,
  save: flagsText,
  nft: () => cannotExpress(`socket: ${reason}`),
  bpf: { none: 'a program has no way to look up sockets, or to have fragments put together first' },
});

function revisionOf(revision: 1 | 2 | 3): Revision<SocketInfo> {
  return {
    size: xt_socket_mtinfo.size,
    decode: (data) => ({ revision, flags: xt_socket_mtinfo.read(data).flags }),
    encode: ({ flags }) => xt_socket_mtinfo.write({ flags }),
  };
}

function flagsText({ revision, flags }: SocketInfo): string {
  const option = (flag: number, name: string): string => ((flags & known[revision] & flag) === 0 ? '' : ` --${name}`);
  return (
    option(TRANSPARENT, 'transparent') + option(NOWILDCARD, 'nowildcard') + option(RESTORESKMARK, 'restore-skmark')
  );
}
