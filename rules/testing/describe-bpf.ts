import { describe, expect, it } from 'vitest';
import type { BpfMatch } from '../bpf/test.ts';
import { holds, type PacketFields } from '../bpf/testing/holds.ts';
import { bpfOf, type MatchDefinition } from '../extension.ts';
import type { HeaderMatch } from '../ir.ts';
import { checking } from './context.ts';
import { anyHeader } from './header.ts';
import { orWhyNot } from './not-expressible.ts';

/** One use of a match, and packets: those it takes, and those it leaves. */
export interface BpfExample<Info> {
  readonly name: string;
  readonly info: Info;
  readonly takes?: readonly PacketFields[];
  readonly leaves?: readonly PacketFields[];
}

export interface BpfTests<Info> {
  readonly header?: HeaderMatch;
  /** The transport header that the kernel's match reads. */
  readonly transport?: BpfMatch['transport'];
  readonly examples: readonly BpfExample<Info>[];
  /** What it can't say in BPF, and words of the reason. */
  readonly refused?: readonly { readonly name: string; readonly info: Info; readonly reason: string }[];
}

/** Declares the tests of what a match is in BPF. */
export function describeBpf<Info>(match: MatchDefinition<Info>, tests: BpfTests<Info>): void {
  const { header = anyHeader, transport, examples, refused = [] } = tests;
  describe(`${match.name} in BPF`, () => {
    it.each(examples)('$name', ({ info, takes = [], leaves = [] }) => {
      expect(takes.length + leaves.length).toBeGreaterThan(0);
      match.check(info, checking(header));
      const found = bpfOf(match, info, { header });
      expect(found.transport).toEqual(transport);
      expect(takes.filter((packet) => holds(found, packet) !== true)).toEqual([]);
      expect(leaves.filter((packet) => holds(found, packet) !== false)).toEqual([]);
    });

    if (refused.length > 0) {
      it.each(refused)('refuses $name', ({ info, reason }) => {
        expect(orWhyNot(() => bpfOf(match, info, { header }))).toEqual(expect.stringContaining(reason));
      });
    }
  });
}
