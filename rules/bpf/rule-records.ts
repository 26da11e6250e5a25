import type { InterfaceMatch } from '../ir.ts';
import { usualSlots } from './field-slots.ts';
import type { Moves } from './moves.ts';
import {
  type Action,
  actions,
  type Field,
  type LookAction,
  type Need,
  RECORD_SIZE,
  recordOffsets,
  twelveBytes,
} from './record.ts';
import { type BpfMatch, type BpfTest, isLook, type ProgramStep } from './test.ts';
import { inPieces } from './text-look.ts';

/** A rule as records, wherever it will stand: counter, chain and names of interfaces are still to be filled in. */
export interface CompiledRule {
  readonly records: Uint8Array;
  readonly action: Action;
  /** The chain it sends packets to. */
  readonly chain?: string;
  /** By record: the interface it asks for. */
  readonly names: readonly { readonly record: number; readonly name: InterfaceMatch }[];
  /**
   * The masks of its compare, as latin1 text, where a lookup may stand for it: it is one record, and no packet goes on
   * behind it but by a RETURN.
   */
  readonly shape?: string;
  readonly fields: readonly Field[];
  /** A match of it reads 12 bytes of transport header. */
  readonly twelveBytes?: true;
  /** What it looks at where a packet comes to it. */
  readonly looks?: readonly LookAction[];
  /** By record: the fields whose slots are still to be found out. */
  readonly rare?: readonly RareTest[];
  readonly direction: { readonly in: boolean; readonly out: boolean };
  /** It stands for rules that differ in bytes of their own: those that are to be put in from each entry. */
  readonly moves?: Moves;
}

export interface RareTest {
  readonly record: number;
  readonly field: Field;
}

/** A record's compare, before it is written. */
export interface Compare {
  addresses: bigint;
  addressMask: bigint;
  traits: bigint;
  traitMask: bigint;
  need: Need;
  dropsOffsetOne: boolean;
}

export type Step =
  | { readonly kind: 'compare'; readonly compare: Compare }
  | { readonly kind: 'group'; readonly tests: readonly BpfTest[] }
  /** Goes on where not all of its groups hold. */
  | { readonly kind: 'unless'; readonly groups: BpfMatch['groups'] }
  | { readonly kind: 'program'; readonly steps: readonly ProgramStep[] }
  | {
      readonly kind: 'name';
      readonly action: 'inName' | 'outName';
      readonly name: InterfaceMatch;
      readonly negated: boolean;
    };

/** Holds for every packet. */
export const everything: Compare = {
  addresses: 0n,
  addressMask: 0n,
  traits: 0n,
  traitMask: 0n,
  need: 0,
  dropsOffsetOne: false,
};

/** What happens to a packet that a rule matches. */
export interface Verdict {
  readonly action: Action;
  readonly chain?: string;
}

/** The records of a rule's steps; behind the last one stands the verdict. */
export function writeRule(steps: readonly Step[], verdict: Verdict): CompiledRule {
  const all: readonly Step[] =
    steps.at(-1)?.kind === 'compare' ? steps : [...steps, { kind: 'compare', compare: everything }];
  const count = all.reduce((sum, step) => sum + lengthOf(step), 0);
  // many small ones: of memory that they share
  const records = Buffer.allocUnsafe(count * RECORD_SIZE).fill(0);
  const names: { record: number; name: InterfaceMatch }[] = [];
  const used = new Set<Field>();
  const rare: RareTest[] = [];
  const looks = new Set<LookAction>();
  const note = (test: BpfTest, at: number) => {
    if (isLook(test)) looks.add(test.kind);
    for (const field of fieldsOf(test)) used.add(field);
    if (test.field !== undefined && usualSlots[test.field] === undefined) rare.push({ record: at, field: test.field });
  };
  const group = (tests: readonly BpfTest[], at: number, ends: Ends) => {
    writeGroup(records, at, tests, ends);
    let here = at;
    for (const test of tests) {
      note(test, here);
      here += testLength(test);
    }
    if (tests.length === 0) used.add('protocol');
  };
  let record = 0;
  for (const [index, step] of all.entries()) {
    const isLast = index === all.length - 1;
    switch (step.kind) {
      case 'compare':
        writeCompare(records, record, step.compare, isLast ? verdict.action : 'pass', count - record);
        break;
      case 'name': {
        writeTest(records, record, step.action, { holds: 1, fails: count - record, negated: step.negated });
        names.push({ record, name: step.name });
        break;
      }
      case 'group':
        group(step.tests, record, { holds: record + lengthOf(step), fails: count });
        break;
      case 'unless': {
        const behind = record + lengthOf(step);
        let at = record;
        for (const [place, tests] of step.groups.entries()) {
          const next = at + groupLength(tests);
          group(tests, at, { holds: place === step.groups.length - 1 ? count : next, fails: behind });
          at = next;
        }
        break;
      }
      case 'program': {
        const target = (to: number | boolean) => {
          if (typeof to === 'number') return record + to;
          return to ? record + step.steps.length : count;
        };
        for (const [at, { test, holds, fails }] of step.steps.entries()) {
          writeLook(records, record + at, test, { holds: target(holds), fails: target(fails) });
          note(test, record + at);
        }
        break;
      }
      default:
        step satisfies never;
    }
    record += lengthOf(step);
  }
  const { action, chain } = verdict;
  const asks = (name: 'inName' | 'outName') => all.some((step) => step.kind === 'name' && step.action === name);
  return {
    records,
    action,
    ...(chain === undefined ? {} : { chain }),
    names,
    ...(count === 1 && action !== 'next' ? { shape: shapeOf(records) } : {}),
    fields: [...used],
    ...(rare.length === 0 ? {} : { rare }),
    ...(looks.size === 0 ? {} : { looks: [...looks] }),
    ...(all.some((step) => step.kind === 'compare' && step.compare.need === twelveBytes) ? { twelveBytes: true } : {}),
    direction: { in: asks('inName'), out: asks('outName') },
  };
}

function shapeOf(records: Buffer): string {
  const text = (start: number, end: number) => records.toString('latin1', start, end);
  const { addressMask, traits, traitMask, action } = recordOffsets;
  return text(addressMask, traits) + text(traitMask, action);
}

function lengthOf(step: Step): number {
  if (step.kind === 'program') return step.steps.length;
  if (step.kind === 'unless') return step.groups.reduce((sum, tests) => sum + groupLength(tests), 0);
  return step.kind === 'group' ? groupLength(step.tests) : 1;
}

function groupLength(tests: readonly BpfTest[]): number {
  return Math.max(
    1,
    tests.reduce((sum, test) => sum + testLength(test), 0),
  );
}

/** Records of a test: one, and those of its data. */
function testLength(test: BpfTest): number {
  return isLook(test) && test.data !== undefined ? 1 + Math.ceil(test.data.length / RECORD_SIZE) : 1;
}

const registers = ['registerA', 'registerX'] as const;
const withRegisters = /^(?:u32|classic)/;

function fieldsOf(test: BpfTest): readonly Field[] {
  if (!isLook(test)) return [test.field];
  const some = test.field === undefined ? [] : [test.field];
  if (test.kind === 'ownerGroups') return ['credentialStart', 'credentialRest'];
  return withRegisters.test(test.kind) || inPieces.some((look) => look === test.kind) ? [...registers, ...some] : some;
}

function writeCompare(records: Buffer, record: number, compare: Compare, action: Action, left: number): void {
  const at = record * RECORD_SIZE;
  // a Buffer's own methods for them take several times as long
  const view = new DataView(records.buffer, records.byteOffset + at, RECORD_SIZE);
  view.setBigUint64(recordOffsets.addresses, compare.addresses, true);
  view.setBigUint64(recordOffsets.addressMask, compare.addressMask, true);
  view.setBigUint64(recordOffsets.traits, compare.traits, true);
  view.setBigUint64(recordOffsets.traitMask, compare.traitMask, true);
  records.writeUInt8(actions[action], at + recordOffsets.action);
  records.writeUInt8(compare.need, at + recordOffsets.need);
  records.writeUInt8(compare.dropsOffsetOne ? 1 : 0, at + recordOffsets.dropsOffsetOne);
  records.writeUInt32LE(left * RECORD_SIZE, at + recordOffsets.skip);
}

interface Outcome {
  /** Records to go on by. */
  readonly holds: number;
  readonly fails: number;
  readonly negated: boolean;
}

function writeTest(records: Buffer, record: number, action: Action, { holds, fails, negated }: Outcome): void {
  const at = record * RECORD_SIZE;
  records.writeUInt8(actions[action], at + recordOffsets.action);
  records.writeUInt16LE(negated ? fails : holds, at + recordOffsets.whenTrue);
  records.writeUInt16LE(negated ? holds : fails, at + recordOffsets.whenFalse);
}

/** Records to go on with, whether a group holds or not; behind the rule's last is `count`. */
interface Ends {
  readonly holds: number;
  readonly fails: number;
}

/** The first test that holds ends it. */
function writeGroup(records: Buffer, record: number, tests: readonly BpfTest[], ends: Ends): void {
  const some = tests.length === 0 ? [{ field: 'protocol', kind: 'any', first: 0, second: 0 } as const] : tests;
  let here = record;
  for (const [index, test] of some.entries()) {
    const isLast = index === some.length - 1;
    const length = testLength(test);
    writeLook(records, here, test, { holds: ends.holds, fails: isLast ? ends.fails : here + length });
    here += length;
  }
}

function writeLook(records: Buffer, here: number, test: BpfTest, ends: Ends): void {
  const outcome = { holds: ends.holds - here, fails: ends.fails - here, negated: test.negated === true };
  writeTest(records, here, test.kind, outcome);
  const at = here * RECORD_SIZE;
  if (isLook(test)) {
    records.writeUInt32LE(test.credit ?? 0, at + recordOffsets.credit);
    records.writeBigUInt64LE(test.bytes ?? 0n, at + recordOffsets.filled);
    if (test.data !== undefined) records.set(test.data, at + RECORD_SIZE);
  }
  if (test.field !== undefined) records.writeUInt32LE(4 * (usualSlots[test.field] ?? 0), at + recordOffsets.subject);
  records.writeUInt32LE((test.first ?? 0) >>> 0, at + recordOffsets.first);
  records.writeUInt32LE((test.second ?? 0) >>> 0, at + recordOffsets.second);
}
