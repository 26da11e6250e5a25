import { readlinkSync } from 'node:fs';
import { errno } from '../../protocol/errno.ts';
import { syscallError } from '../fail.ts';
import { bpf } from './bpf-call.ts';
import { objectInfo } from './object-info.ts';
import { readObjectName } from './object-name.ts';

/** BPF_MAP_GET_FD_BY_ID in union bpf_attr. */
const idAttr = { id: 0, size: 12 };
/** struct bpf_map_info up to `name`. */
const info = { id: 4, name: 24, size: 40 };

export interface MapInfo {
  /** Of the whole kernel, and never used again while it runs (but after 2^31 others). */
  readonly id: number;
  readonly name: string;
}

/** The kernel tells of any object what it is asked for as of a map: so it must be one. */
function checkMap(fd: number): void {
  let link: string;
  try {
    link = readlinkSync(`/proc/thread-self/fd/${fd}`);
  } catch {
    throw syscallError('bpf', errno.EBADF, `BPF_OBJ_GET_INFO_BY_FD, fd ${fd}`);
  }
  if (link !== 'anon_inode:bpf-map')
    throw syscallError('bpf', errno.EINVAL, `BPF_OBJ_GET_INFO_BY_FD, fd ${fd} is ${link}`);
}

/** What the kernel knows of an open map. EBADF: not open; EINVAL: something else. */
export function mapInfo(fd: number): MapInfo {
  checkMap(fd);
  const told = objectInfo(fd, info.size);
  return { id: told.readUInt32LE(info.id), name: readObjectName(told, info.name) };
}

/** Opens a map by its id; returns the descriptor (closed on exec). ENOENT: none; EPERM without CAP_SYS_ADMIN. */
export function mapById(id: number): number {
  const attr = Buffer.alloc(idAttr.size);
  attr.writeUInt32LE(id, idAttr.id);
  return bpf('BPF_MAP_GET_FD_BY_ID', attr, `id ${id}`);
}
