import { closeSync } from 'node:fs';
import { errnoName } from '../../protocol/errno.ts';
import { BpfilterError } from '../../protocol/error.ts';
import { createMap } from '../bpf/map.ts';
import { CAP_NET_ADMIN, CAP_SYS_ADMIN, hasCap, readCaps } from '../capability.ts';

const BPF_MAP_TYPE_LPM_TRIE = 11;
const BPF_F_NO_PREALLOC = 1;

/** A map that an ordinary user can never make. */
function tryMap(): string | undefined {
  const trie = { type: BPF_MAP_TYPE_LPM_TRIE, keySize: 8, valueSize: 8, maxEntries: 1, flags: BPF_F_NO_PREALLOC };
  try {
    closeSync(createMap({ ...trie, name: 'probe' }));
    return undefined;
  } catch (error) {
    if (!(error instanceof BpfilterError) || error.errno === undefined) throw error;
    return `bpf(2): ${errnoName(error.errno)}`;
  }
}

const { effective } = readCaps('self');

/** Why tests that need bpf(2) can't run here (EPERM, ENOSYS, …); undefined: they can. */
export const noBpf = hasCap(effective, CAP_NET_ADMIN) ? tryMap() : 'no CAP_NET_ADMIN';

/** The same for those that open objects by their id. */
export const noBpfById = noBpf ?? (hasCap(effective, CAP_SYS_ADMIN) ? undefined : 'no CAP_SYS_ADMIN');

/** For the title of a group that is skipped: why. */
export function skipNote(reason: string | undefined): string {
  return reason === undefined ? '' : ` (skipped: ${reason})`;
}
