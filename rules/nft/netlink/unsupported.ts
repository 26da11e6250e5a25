import { BpfilterError } from '../../../protocol/error.ts';

/** Refuses what this compiler doesn't know; nft itself may. */
export function unsupported(what: string): never {
  throw new BpfilterError('not-expressible', `netlink: ${what}`);
}
