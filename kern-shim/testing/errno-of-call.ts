import { errnoOf } from '../../protocol/error.ts';

/** The errno that a call fails with; 0 when it doesn't. */
export function errnoOfCall(call: () => unknown): number {
  try {
    call();
    return 0;
  } catch (error) {
    return errnoOf(error);
  }
}
