import type { BpfilterError } from '../../protocol/error.ts';

/**
 * The kernel has something else than we believed, or refused what may have been built on a wrong
 * belief: look again, then try once more. `reason` is for the caller when that fails, too.
 */
export class Misbelief extends Error {
  override readonly name = 'Misbelief';
  readonly reason: BpfilterError;

  constructor(reason: BpfilterError) {
    super(reason.message, { cause: reason });
    this.reason = reason;
  }
}
