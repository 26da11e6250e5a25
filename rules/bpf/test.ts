import type { Field, LookAction, Need } from './record.ts';

/** One look at a field of the packet (record.ts); numbers are u32. */
export interface FieldTest {
  readonly field: Field;
  /** `masked`: (field ^ first) & second is 0; `within`: field − first <= second; `any`: field & second isn't 0. */
  readonly kind: 'masked' | 'within' | 'any';
  readonly first: number;
  readonly second: number;
  /** Holds where it else wouldn't. */
  readonly negated?: boolean;
}

/**
 * What isn't read of each packet, but looked at where a rule comes to it: because that changes something, can drop the
 * packet, or costs too much (`actions` in record.ts tells what the numbers are).
 */
export interface Look {
  readonly kind: LookAction;
  readonly first?: number;
  readonly second?: number;
  /** Of limits. */
  readonly credit?: number;
  /** Of quotas. */
  readonly bytes?: bigint;
  /** What it compares with, where that takes more room than a record has: it lies in records of its own behind the look's. */
  readonly data?: Uint8Array;
  /** What it looks at, of those that look at a field. */
  readonly field?: Field;
  readonly negated?: boolean;
}

export type BpfTest = FieldTest | Look;

/**
 * A match as the machine carries it: every group must hold, and a group holds when one of its tests does. No groups:
 * it always holds; a group without tests: never. Tests are made in order, no more of them than it takes.
 */
export interface BpfMatch {
  readonly groups: readonly (readonly BpfTest[])[];
  /** Instead of groups: where it leads from its first step on. */
  readonly program?: readonly ProgramStep[];
  /** Holds where not every group does. */
  readonly inverted?: boolean;
  /** The transport header it reads, as `TransportHeader` has it. */
  readonly transport?: { readonly need: Need; readonly dropsOffsetOne?: boolean };
}

/** A step of a program, and the number of the step to go on with, or what the match comes out as. It never leads back. */
export interface ProgramStep {
  readonly test: BpfTest;
  readonly holds: number | boolean;
  readonly fails: number | boolean;
}

/** Always holds. */
export const always: BpfMatch = { groups: [] };

/** Whether a field is a value. */
export function equals(field: Field, value: number, negated = false): FieldTest {
  return { field, kind: 'masked', first: value >>> 0, second: 0xffffffff, negated };
}

/** Whether a field's bits under a mask are those of a value. */
export function masked(field: Field, value: number, mask: number, negated = false): FieldTest {
  return { field, kind: 'masked', first: value >>> 0, second: mask >>> 0, negated };
}

/** Whether a field lies in a range, both ends included; an empty one never holds. */
export function within(field: Field, low: number, high: number, negated = false): FieldTest {
  if (low > high) return { ...anyBit(field, 0), negated };
  if (low === high) return equals(field, low, negated);
  return { field, kind: 'within', first: low >>> 0, second: (high - low) >>> 0, negated };
}

/** Whether a field has one of some bits. */
export function anyBit(field: Field, bits: number, negated = false): FieldTest {
  return { field, kind: 'any', first: 0, second: bits >>> 0, negated };
}

/** The opposite of a group: none of its tests holds. */
export function none(tests: readonly FieldTest[]): readonly (readonly FieldTest[])[] {
  return tests.map((test) => [{ ...test, negated: test.negated !== true }]);
}

/** Whether it is a look. */
export function isLook(test: BpfTest): test is Look {
  return !('masked' === test.kind || 'within' === test.kind || 'any' === test.kind);
}
