import { readlinkSync } from 'node:fs';
import { errno } from '../../protocol/errno.ts';
import { syscallError } from '../fail.ts';
import { addressOf } from '../koffi.ts';
import { bpf } from './bpf-call.ts';
import { readObjectName } from './object-name.ts';

/** BPF_OBJ_GET_INFO_BY_FD and BPF_*_GET_FD_BY_ID in union bpf_attr. */
const infoAttr = { bpf_fd: 0, info_len: 4, info: 8, size: 16 };
const idAttr = { id: 0, size: 12 };
/** struct bpf_map_info up to `name`; struct bpf_prog_info likewise. */
const mapInfo = { type: 0, id: 4, key_size: 8, value_size: 12, max_entries: 16, map_flags: 20, name: 24, size: 40 };
const programInfo = { type: 0, id: 4, name: 64, size: 80 };

export interface BpfMapInfo {
  readonly kind: 'map';
  /** Of the whole kernel, and never used again while it runs (but after 2^31 others). */
  readonly id: number;
  readonly name: string;
  /** BPF_MAP_TYPE_* */
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
}

export interface BpfProgramInfo {
  readonly kind: 'program';
  readonly id: number;
  readonly name: string;
  /** BPF_PROG_TYPE_* */
  readonly type: number;
}

function kindOf(fd: number): 'map' | 'program' {
  let link = 'nothing';
  try {
    link = readlinkSync(`/proc/thread-self/fd/${fd}`);
  } catch {
    throw syscallError('bpf', errno.EBADF, `BPF_OBJ_GET_INFO_BY_FD, fd ${fd}`);
  }
  if (link === 'anon_inode:bpf-map') return 'map';
  if (link === 'anon_inode:bpf-prog') return 'program';
  throw syscallError('bpf', errno.EINVAL, `BPF_OBJ_GET_INFO_BY_FD, fd ${fd} is ${link}`);
}

/** What the kernel knows of an open map or program. EBADF: not open; EINVAL: something else. */
export function objectInfo(fd: number): BpfMapInfo | BpfProgramInfo {
  const kind = kindOf(fd); // the kernel's answer doesn't tell what it is about
  const info = Buffer.alloc(kind === 'map' ? mapInfo.size : programInfo.size);
  const attr = Buffer.alloc(infoAttr.size);
  attr.writeInt32LE(fd, infoAttr.bpf_fd);
  attr.writeUInt32LE(info.length, infoAttr.info_len);
  attr.writeBigUInt64LE(addressOf(info), infoAttr.info);
  bpf('BPF_OBJ_GET_INFO_BY_FD', attr, `fd ${fd}`);
  if (kind === 'program') {
    return {
      kind,
      id: info.readUInt32LE(programInfo.id),
      name: readObjectName(info, programInfo.name),
      type: info.readUInt32LE(programInfo.type),
    };
  }
  return {
    kind,
    id: info.readUInt32LE(mapInfo.id),
    name: readObjectName(info, mapInfo.name),
    type: info.readUInt32LE(mapInfo.type),
    keySize: info.readUInt32LE(mapInfo.key_size),
    valueSize: info.readUInt32LE(mapInfo.value_size),
    maxEntries: info.readUInt32LE(mapInfo.max_entries),
    flags: info.readUInt32LE(mapInfo.map_flags),
  };
}

function byId(name: 'BPF_MAP_GET_FD_BY_ID' | 'BPF_PROG_GET_FD_BY_ID', id: number): number {
  const attr = Buffer.alloc(idAttr.size);
  attr.writeUInt32LE(id, idAttr.id);
  return bpf(name, attr, `id ${id}`);
}

/** Opens a map by its id; returns the descriptor (closed on exec). ENOENT: none; EPERM without CAP_SYS_ADMIN. */
export function mapById(id: number): number {
  return byId('BPF_MAP_GET_FD_BY_ID', id);
}

/** Opens a program by its id, likewise. */
export function programById(id: number): number {
  return byId('BPF_PROG_GET_FD_BY_ID', id);
}
