import { arch } from '../arch.ts';
import { fail } from '../fail.ts';
import { cFunction } from '../koffi.ts';

const syscall = cFunction('syscall', ['int64_t', 'int64_t', 'void *', 'int64_t']);

/** enum bpf_cmd, include/uapi/linux/bpf.h */
export const command = {
  BPF_MAP_CREATE: 0,
  BPF_MAP_LOOKUP_ELEM: 1,
  BPF_MAP_UPDATE_ELEM: 2,
  BPF_PROG_LOAD: 5,
  BPF_PROG_TEST_RUN: 10,
  BPF_MAP_GET_FD_BY_ID: 14,
  BPF_OBJ_GET_INFO_BY_FD: 15,
} as const;

export type CommandName = keyof typeof command;

/**
 * bpf(2): -1 leaves the errno for `lastErrno`. `attr` is the member of union bpf_attr that goes with the
 * command, cut where the fields in use end: kernels that know more take the rest as 0, older ones refuse
 * (E2BIG) only what they don't know and isn't 0.
 */
export function bpfQuiet(name: CommandName, attr: Uint8Array): number {
  return syscall()(arch().nr.bpf, command[name], attr, attr.length);
}

/** The same, or the error. `detail` tells which object it was about. */
export function bpf(name: CommandName, attr: Uint8Array, detail: string): number {
  const result = bpfQuiet(name, attr);
  return result < 0 ? fail('bpf', `${name}, ${detail}`) : result;
}
