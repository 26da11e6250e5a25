import { closeSync } from 'node:fs';
import { errnoName } from '../../protocol/errno.ts';
import { BpfilterError } from '../../protocol/error.ts';
import { BPF_MAP_TYPE_ARRAY, createMap } from '../bpf/map.ts';

function tryMap(): string | undefined {
  try {
    closeSync(createMap({ type: BPF_MAP_TYPE_ARRAY, keySize: 4, valueSize: 8, maxEntries: 1, name: 'probe' }));
    return undefined;
  } catch (error) {
    if (!(error instanceof BpfilterError) || error.errno === undefined) throw error;
    return `bpf(2): ${errnoName(error.errno)}`;
  }
}

/** Why tests that need bpf(2) can't run here (ENOSYS, EPERM); undefined: they can. */
export const noBpf = tryMap();

/** For the title of a group that is skipped: why. */
export const noBpfNote = noBpf === undefined ? '' : ` (skipped: ${noBpf})`;
