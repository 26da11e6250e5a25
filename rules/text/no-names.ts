import type { Names } from '../extension.ts';

/** Knows no name at all: everything is printed as a number. */
export const noNames: Names = {
  service: () => undefined,
  protocol: () => undefined,
  address: () => undefined,
};
