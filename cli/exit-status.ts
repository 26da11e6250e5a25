import { exitNotRun } from '../kern-shim/run/program.ts';
import { BpfilterError, type ErrorCode } from '../protocol/error.ts';

/** What the command's exit status says; `run` ends as its CMD does. */
export const exitStatus = {
  done: 0,
  failed: 1,
  usage: 2,
  notRun: exitNotRun,
} as const;

/** Error code → exit status, in this one place. */
export function exitStatusOf(error: unknown): number {
  const code: ErrorCode | undefined = error instanceof BpfilterError ? error.code : undefined;
  return code === 'usage' ? exitStatus.usage : exitStatus.failed;
}
