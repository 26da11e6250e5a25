import type { HeaderMatch, InterfaceMatch, Rule } from '../../ir.ts';
import { anyHeader } from '../../testing/header.ts';

/**
 * An interface match as iptables writes it: a final `+` is a wildcard, whose mask ends before it; else
 * the mask covers the NUL.
 */
export function interfaceNamed(text: string): InterfaceMatch {
  const covered = text === '' ? 0 : text.endsWith('+') ? text.length - 1 : text.length + 1;
  const name = new Uint8Array(16);
  name.set(Buffer.from(text, 'latin1'));
  return { name, mask: new Uint8Array(16).fill(0xff, 0, covered) };
}

/** A rule with what is given; the rest blank, its target DROP. */
export function ruleWith(parts: Omit<Partial<Rule>, 'header'> & { readonly header?: Partial<HeaderMatch> }): Rule {
  const { header, ...rest } = parts;
  return {
    index: 0,
    matches: [],
    target: { kind: 'drop' },
    counters: { packets: 0n, bytes: 0n },
    ...rest,
    header: { ...anyHeader, ...header },
  };
}
