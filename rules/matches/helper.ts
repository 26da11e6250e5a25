import { bytes, defineStruct, i32, type ValueOf } from '../../protocol/struct.ts';
import { cannotExpress, defineMatch } from '../extension.ts';
import { cText } from '../names/c-string.ts';
import type { NftStatement } from '../nft/json.ts';
import { structRevision } from '../struct-revision.ts';
import { savedString } from '../text/saved-string.ts';

/** Bytes of the name; the kernel makes the last one a NUL. */
const ROOM = 30;
/** NF_CT_HELPER_NAME_LEN, less the NUL: no helper's name is longer. */
const LONGEST = 15;

const xt_helper_info = defineStruct('xt_helper_info', 'linux/netfilter/xt_helper.h', {
  invert: i32,
  name: bytes(ROOM),
});

export type HelperInfo = ValueOf<typeof xt_helper_info>;

/** `-m helper`: the conntrack helper that expected the packet's connection (net/netfilter/xt_helper.c, libxt_helper.c). */
export const helper = defineMatch<HelperInfo>({
  name: 'helper',
  revisions: { 0: structRevision(xt_helper_info) },
  coverage: { partly: ['`! --helper`', 'names of other than letters, digits, dots, dashes and underscores'] },
  examples: ['-m helper {|!} --helper {ftp|sip|irc-6667}'],
  placement: { anyFamily: true },
  check() {}, // the kernel only switches connection tracking on
  print: (info) => ` helper match ${info.invert === 0 ? '' : '! '}"${nameOf(info)}"`,
  save: (info) => `${info.invert === 0 ? '' : ' !'} --helper${savedString(nameOf(info))}`,
  nft: (info) => ({ alternatives: [[helperTest(info)]] }),
  bpf: { none: "the machine doesn't read the helpers of connections" },
});

function nameOf({ name }: HelperInfo): string {
  return cText(name.subarray(0, ROOM - 1));
}

/**
 * The kernel compares as many bytes as the helper's own name has: `--helper ftp-2121` takes the helper `ftp`
 * too. So the helper's name is one of the beginnings of what is asked for.
 */
function helperTest(info: HelperInfo): NftStatement {
  if (info.invert !== 0) cannotExpress("helper: nft can't take packets whose connection no helper expected");
  const name = nameOf(info);
  if (name === '') cannotExpress('helper: any helper');
  if (!/^[\w.-]+$/.test(name)) cannotExpress(`helper: nft may read "${name}" in its own way`);
  const names = Array.from({ length: Math.min(name.length, LONGEST) }, (_, at) => name.slice(0, at + 1));
  const [only = name] = names;
  return { match: { op: '==', left: { ct: { key: 'helper' } }, right: names.length === 1 ? only : { set: names } } };
}
