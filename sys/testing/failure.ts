import { errnoName } from '../../protocol/errno.ts';
import { BpfilterError } from '../../protocol/error.ts';

/** "call ERRNO" of the error that `run` throws; "none" when it throws none; others are thrown on. */
export function failure(run: () => unknown): string {
  try {
    run();
    return 'none';
  } catch (error) {
    if (!(error instanceof BpfilterError) || error.code !== 'syscall') throw error;
    return `${error.call} ${errnoName(error.errno ?? 0)}`;
  }
}

/** The flags of an open descriptor (O_* bits), from /proc. */
export function flagsLine(fdinfo: string): number {
  return Number.parseInt(/^flags:\s*(\d+)$/m.exec(fdinfo)?.[1] ?? '', 8);
}
