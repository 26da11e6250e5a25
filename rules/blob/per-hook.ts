import type { HookNumber } from '../ir.ts';

/** One number for each hook; what stands at hooks that aren't valid has no meaning. */
export type PerHook = readonly [number, number, number, number, number];

/** What the kernel says of a hook that a table doesn't have. */
const UNSET = 0xffffffff;

/** The hooks of a mask; bits that are no hook are passed over, as in the kernel. */
export function hooksOf(mask: number): readonly HookNumber[] {
  return ([0, 1, 2, 3, 4] as const).filter((hook) => (mask & (1 << hook)) !== 0);
}

/** UNSET at every hook, but what `pairs` says. */
export function perHook(pairs: Iterable<readonly [HookNumber, number]>): PerHook {
  const values: [number, number, number, number, number] = [UNSET, UNSET, UNSET, UNSET, UNSET];
  for (const [hook, value] of pairs) values[hook] = value;
  return values;
}
