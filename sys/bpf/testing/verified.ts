import { addressOf } from '../../koffi.ts';
import { bpf } from '../bpf-call.ts';

/** BPF_OBJ_GET_INFO_BY_FD in union bpf_attr. */
const infoAttr = { bpf_fd: 0, info_len: 4, info: 8, size: 16 };
/** struct bpf_prog_info (linux/bpf.h) up to `verified_insns`. */
const info = { verifiedInstructions: 216, size: 220 };

/** How many instructions the verifier followed, each as often as it came by, to take a program; it gives up at a million. */
export function verifiedInstructions(program: number): number {
  const told = Buffer.alloc(info.size);
  const attr = Buffer.alloc(infoAttr.size);
  attr.writeInt32LE(program, infoAttr.bpf_fd);
  attr.writeUInt32LE(told.length, infoAttr.info_len);
  attr.writeBigUInt64LE(addressOf(told), infoAttr.info);
  bpf('BPF_OBJ_GET_INFO_BY_FD', attr, `fd ${program}`);
  return told.readUInt32LE(info.verifiedInstructions);
}
