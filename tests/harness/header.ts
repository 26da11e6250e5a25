import type { HeaderMatch } from '../../rules/ir.ts';

const anyInterface = { name: new Uint8Array(16), mask: new Uint8Array(16) };

/** The header of a rule that takes every packet. */
export const anyHeader: HeaderMatch = {
  source: 0,
  sourceMask: 0,
  destination: 0,
  destinationMask: 0,
  inInterface: anyInterface,
  outInterface: anyInterface,
  protocol: 0,
  flags: 0,
  inverted: 0,
};
