import type { RawCase } from './case.ts';
import { entriesCases, infoCases, otherGetCases, revisionCases } from './malformed-get.ts';
import { addCountersCases, blobRequests, countersBackCases, otherSetCases, replaceCases } from './malformed-set.ts';

/**
 * Requests of all six options, malformed and at the edge, to be made in this order in a fresh
 * network namespace by one raw caller. What the kernel accepts is undone by a reset where it matters.
 */
export const malformed: readonly RawCase[] = [
  ...infoCases,
  ...entriesCases,
  ...revisionCases,
  ...otherGetCases,
  ...replaceCases,
  ...blobRequests,
  ...addCountersCases,
  ...countersBackCases,
  ...otherSetCases,
];
