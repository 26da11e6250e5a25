import { addressOf } from '../koffi.ts';
import { bpf } from './bpf-call.ts';

/** BPF_OBJ_GET_INFO_BY_FD in union bpf_attr. */
const attribute = { bpf_fd: 0, info_len: 4, info: 8, size: 16 };

/** The first `size` bytes of what the kernel tells of an open object, struct bpf_map_info or bpf_prog_info (linux/bpf.h). EBADF: not open. */
export function objectInfo(fd: number, size: number): Buffer {
  const told = Buffer.alloc(size);
  const attr = Buffer.alloc(attribute.size);
  attr.writeInt32LE(fd, attribute.bpf_fd);
  attr.writeUInt32LE(size, attribute.info_len);
  attr.writeBigUInt64LE(addressOf(told), attribute.info);
  bpf('BPF_OBJ_GET_INFO_BY_FD', attr, `fd ${fd}`);
  return told;
}
