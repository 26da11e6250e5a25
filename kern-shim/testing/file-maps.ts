import fs from 'node:fs';
import { errno } from '../../protocol/errno.ts';
import { syscallError } from '../../sys/fail.ts';
import { memfdCreate } from '../../sys/memfd.ts';
import type { MapSource } from '../map-desk.ts';

/** Every id is that of a file, whose name tells it, instead of a map; 404 is none's, and 13 is somebody else's. */
export const fileMaps: MapSource = {
  byId(id) {
    if (id === 404) throw syscallError('bpf', errno.ENOENT);
    return memfdCreate(`${id === 13 ? 'other' : 'bpfilter'}_${id}`);
  },
  name: (file) => fs.readlinkSync(`/proc/self/fd/${file}`).replace(/^\/memfd:(\S+) .*/, '$1'),
};
