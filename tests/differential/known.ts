import type { Outcome } from './both-ways.ts';

/** Rules that ours refuses though the kernel takes them, by docs/differences.md. */
export interface KnownRefusal {
  /** What the rule's text looks like. */
  readonly rule: RegExp;
  readonly reason: string;
}

export const knownRefusals: readonly KnownRefusal[] = [];

/** Refused rules that no reason is listed for. */
export function unexpectedRefusals({ refused }: Pick<Outcome, 'refused'>): readonly string[] {
  return refused
    .filter(({ text }) => !knownRefusals.some(({ rule }) => rule.test(text)))
    .map(({ text, said }) => `refused: ${text}: ${said}`);
}
