import { bytes, defineStruct, type ValueOf } from '../../protocol/struct.ts';
import { always } from '../bpf/test.ts';
import { defineMatch } from '../extension.ts';
import { bytesText, cBytes } from '../names/c-string.ts';
import { nftComment } from '../nft/comment-text.ts';
import { structRevision } from '../struct-revision.ts';
import { savedString } from '../text/saved-string.ts';

/** XT_MAX_COMMENT_LEN, the NUL included. */
const ROOM = 256;

const xt_comment_info = defineStruct('xt_comment_info', 'linux/netfilter/xt_comment.h', { comment: bytes(ROOM) });

export type CommentInfo = ValueOf<typeof xt_comment_info>;

/** `-m comment`: matches always (net/netfilter/xt_comment.c, extensions/libxt_comment.c). */
export const comment = defineMatch<CommentInfo>({
  name: 'comment',
  revisions: { 0: structRevision(xt_comment_info) },
  coverage: 'all',
  examples: ['-m comment --comment "a remark"'],
  placement: { anyFamily: true },
  check() {},
  print: (info) => ` /* ${bytesText(textOf(info))} */`,
  save: (info) => ` --comment${savedString(bytesText(textOf(info)))}`,
  nft: (info) => ({ alternatives: [[]], comment: nftComment(readable(textOf(info))) }),
  bpf: () => always,
});

/** The bytes before the NUL; the last of all counts as one, whatever it is. */
function textOf({ comment }: CommentInfo): Uint8Array {
  return cBytes(comment.subarray(0, ROOM - 1));
}

/** As UTF-8, which is what people type; else each byte as a character. */
function readable(text: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(text);
  } catch {
    return bytesText(text);
  }
}
