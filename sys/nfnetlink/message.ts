/** linux/netlink.h. */
export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
export const NLM_F_DUMP_INTR = 0x10;
const NLM_F_CAPPED = 0x100;
const NLM_F_ACK_TLVS = 0x200;

/** struct nlmsghdr: length u32, type u16, flags u16, sequence u32, port u32. */
export const HEADER_SIZE = 16;

/** The kernel's word on one message of ours. */
export interface NetlinkError {
  /** Of the message it is about. */
  readonly sequence: number;
  /** Positive; 0 in an acknowledgement. */
  readonly errno: number;
  /** Where in the message the attribute stands that is wrong; bytes. */
  readonly offset?: number;
  /** The kernel's own words. */
  readonly text?: string;
}

const ATTRIBUTE_TEXT = 1; // NLMSGERR_ATTR_MSG
const ATTRIBUTE_OFFSET = 2; // NLMSGERR_ATTR_OFFS

/**
 * Reads a message of type NLMSG_ERROR that begins at `start`: struct nlmsgerr (the error and the header
 * of the message it is about, the whole message where it isn't capped) and the extended
 * acknowledgement behind it.
 */
export function readError(view: DataView<ArrayBuffer>, start: number, length: number): NetlinkError {
  const flags = view.getUint16(start + 6, true);
  const errno = -view.getInt32(start + HEADER_SIZE, true);
  const about = start + HEADER_SIZE + 4;
  const sequence = view.getUint32(about + 8, true);
  let offset: number | undefined;
  let text: string | undefined;
  if ((flags & NLM_F_ACK_TLVS) !== 0) {
    const quoted = (flags & NLM_F_CAPPED) !== 0 ? HEADER_SIZE : view.getUint32(about, true);
    const end = start + length;
    for (let at = about + ((quoted + 3) & ~3); at + 4 <= end; ) {
      const size = view.getUint16(at, true);
      if (size < 4 || at + size > end) break;
      const type = view.getUint16(at + 2, true) & 0x3fff;
      if (type === ATTRIBUTE_OFFSET && size >= 8) offset = view.getUint32(at + 4, true);
      if (type === ATTRIBUTE_TEXT)
        text = Buffer.from(view.buffer, at + 4, size - 4)
          .toString('latin1')
          .replace(/\0.*$/s, '');
      at += (size + 3) & ~3;
    }
  }
  return { sequence, errno, ...(offset === undefined ? {} : { offset }), ...(text === undefined ? {} : { text }) };
}
