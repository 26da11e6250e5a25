import { isNotExpressible } from '../nft/xt.ts';

/** What a call gives, or the words of why a data plane can't carry that. Throws what else the call throws. */
export function orWhyNot<Found>(call: () => Found): Found | string {
  try {
    return call();
  } catch (error) {
    if (!isNotExpressible(error)) throw error;
    return error.message;
  }
}
