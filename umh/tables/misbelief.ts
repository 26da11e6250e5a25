import type { BpfilterError } from '../../protocol/error.ts';

/**
 * The kernel has something else than we believed, or refused what may have been built on a wrong
 * belief: look again, then try once more. `reason` is for the caller when that fails, too.
 */
export class Misbelief extends Error {
  override readonly name: string = 'Misbelief';
  readonly reason: BpfilterError;

  constructor(reason: BpfilterError) {
    super(reason.message, { cause: reason });
    this.reason = reason;
  }
}

/** Somebody else changed rules between our look at them and our change: nothing is wrong with what we know of our own. */
export class Overtaken extends Misbelief {
  override readonly name = 'Overtaken';
}

/** The kernel's socket takes no transaction as large as that; nothing has changed. */
export class TooLarge extends Error {
  override readonly name = 'TooLarge';
  /** For the caller when there is no other way. */
  readonly reason: BpfilterError;

  constructor(reason: BpfilterError) {
    super(reason.message, { cause: reason });
    this.reason = reason;
  }
}
