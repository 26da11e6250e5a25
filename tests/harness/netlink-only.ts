import type { TestContext } from 'vitest';

declare module 'vitest' {
  interface TaskMeta {
    /** Why the test skipped itself while it ran. */
    skipped?: string;
  }
}

/** A driver's words for a rule that it can't load by the nft program (docs/differences.md). */
const refusal = /\b(?:target|match) \S+: only netlink can load it/;

/** What a driver said of a rule that only netlink can load; undefined where it said nothing like that. */
export function netlinkOnly(log: string): string | undefined {
  return refusal.exec(log)?.[0];
}

/**
 * Skips the test that asks when a driver refused its rules because only netlink could load one of them, and with these
 * very words: rules go through the nft program then, which has none for the kernel's own extensions.
 */
export function skipNetlinkOnly(context: TestContext, refused: string | undefined): void {
  if (refused === undefined) return;
  context.task.meta.skipped = refused;
  context.skip(refused);
}
