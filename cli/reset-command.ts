import { withOwnModule } from '../kern-shim/local.ts';
import { requestOwn } from '../kern-shim/own-memory.ts';
import { asErrno, errnoName } from '../protocol/errno.ts';
import { BpfilterError } from '../protocol/error.ts';
import { composeCommand, OWN_LEVEL, ownOptions } from '../protocol/mbox.ts';
import { exitStatus } from './exit-status.ts';
import type { ShimFiles } from './files.ts';

/** `bpfilter reset`: takes our chains and the state of this network namespace away; other nft tables stay. */
export function resetCommand(files: ShimFiles): Promise<number> {
  return withOwnModule({ ...files, verboseFd: undefined }, ({ module, log }) => {
    const status = requestOwn(module, composeCommand(OWN_LEVEL, ownOptions.RESET), true, new Uint8Array(0));
    if (status < 0) {
      throw new BpfilterError('dataplane', `reset: ${errnoName(-status)} (see ${log.path})`, {
        errno: asErrno(-status),
      });
    }
    return exitStatus.done;
  });
}
