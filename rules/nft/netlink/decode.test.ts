import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CounterListing } from '../counter-listing.ts';
import type { NftRule } from '../json.ts';
import { decodeChain, decodeCounter, decodeHandle, decodePassed } from './decode.ts';
import { u64 } from './expression.ts';
import { objectType, verdictCode } from './numbers.ts';
import { writeNewObject } from './objects.ts';
import { writeNewChain } from './places.ts';
import { ruleSteps, writeRule } from './rule.ts';
import type { Step } from './step.ts';
import { MessageWriter } from './writer.ts';

/** The kernel tells of things in the messages that make them, a handle added. */

const inTable = { family: 'ip', table: 't' } as const;

function viewOf(write: (writer: MessageWriter) => void): DataView<ArrayBuffer> {
  const writer = new MessageWriter();
  write(writer);
  return new DataView(writer.bytes().slice().buffer);
}

function handlesOf(rule: Omit<NftRule, 'family' | 'table' | 'chain'>, found = new Map<number, number[]>()) {
  const whole = { ...inTable, chain: 'c', ...rule };
  const writer = new MessageWriter();
  writeRule(writer, 1, whole, ruleSteps(whole).steps, { inserted: false, handle: undefined }, () => 0);
  writer.u64(3, 2 ** 40 + 5); // NFTA_RULE_HANDLE
  const bytes = writer.bytes().slice();
  decodeHandle(new DataView(bytes.buffer), 0, bytes.length, found);
  return found;
}

const HANDLE = 2 ** 40 + 5;

describe('decodeCounter', () => {
  it.each([
    ['r1', 1],
    ['r4294967296', 4_294_967_296],
    ['r0', undefined],
    ['r01', undefined],
    ['r', undefined],
    ['rx', undefined],
    ['l1', undefined],
    ['r1x', undefined],
  ])('the counter %s is of entry %s', (name, id) => {
    const view = viewOf((writer) =>
      writeNewObject(writer, 1, { counter: { ...inTable, name, packets: 7, bytes: 2 ** 50 } }, false),
    );
    const found = new CounterListing();
    decodeCounter(view, 0, view.byteLength, found);
    expect([...found]).toEqual(id === undefined ? [] : [[id, { packets: 7n, bytes: 2n ** 50n }]]);
  });

  it('reads any u64', () => {
    const view = viewOf((writer) => {
      writeNewObject(writer, 1, { counter: { ...inTable, name: 'r1' } }, false);
    });
    const hex = Buffer.from(view.buffer);
    hex.fill(0xff, hex.length - 8);
    const found = new CounterListing();
    decodeCounter(view, 0, view.byteLength, found);
    expect([...found]).toEqual([[1, { packets: 2n ** 64n - 1n, bytes: 0n }]]);
  });
});

describe('decodePassed', () => {
  const counter: Step = { kind: 'plain', expressions: [{ name: 'counter', attributes: [u64(1, 70), u64(2, 7)] }] };
  const jump: Step = { kind: 'verdict', code: verdictCode.jump, chain: 'c' };
  it.each<[string, readonly Step[], number | undefined]>([
    ['its own counter, first', [counter, jump], 7],
    ['none', [jump], undefined],
    ['one behind others', [jump, counter], undefined],
    ['a counter of another name', [{ kind: 'object', type: objectType.counter, name: 'counter' }, jump], undefined],
    ['no expressions', [], undefined],
  ])('%s', (_, steps, packets) => {
    const view = viewOf((writer) => {
      const rule = { ...inTable, chain: 'hook_INPUT' };
      writeRule(writer, 1, rule, steps, { inserted: false, handle: undefined }, () => 0);
    });
    expect(decodePassed(view, 0, view.byteLength)).toBe(packets);
  });
});

describe('decodeHandle', () => {
  it.each<[string, Parameters<typeof handlesOf>[0], number | undefined]>([
    ['a counter', { expr: [{ counter: 'r5' }, { accept: null }] }, 5],
    ['a counter behind a limit object', { expr: [{ limit: 'l9' }, { counter: 'r5' }] }, 5],
    ['a counter, whatever the comment says', { comment: 'guard of r6', expr: [{ counter: 'r5' }] }, 5],
    ['a guard', { comment: 'guard of r6', expr: [{ jump: { target: 'x' } }] }, 6],
    ['a rule of a guard chain', { expr: [{ drop: null }] }, undefined],
    ['a comment of people', { comment: 'guard of the house', expr: [{ drop: null }] }, undefined],
    ['a foreign counter', { expr: [{ counter: 'web' }] }, undefined],
  ])('%s', (_, rule, id) => {
    expect([...handlesOf(rule)]).toEqual(id === undefined ? [] : [[id, [HANDLE]]]);
  });

  it('keeps the order of an entry with several rules', () => {
    const found = new Map([[5, [1]]]);
    expect(handlesOf({ expr: [{ counter: 'r5' }] }, found).get(5)).toEqual([1, HANDLE]);
  });
});

describe('decodeChain', () => {
  it('gives table and name', () => {
    const view = viewOf((writer) => writeNewChain(writer, 1, { ...inTable, name: 'gen_1_x' }, false));
    expect(decodeChain(view, 0, view.byteLength)).toEqual({ table: 't', name: 'gen_1_x' });
  });
});

it('garbage is read or refused, never past its end', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 20, maxLength: 120 }), (bytes) => {
      const view = new DataView(bytes.slice().buffer);
      for (const decode of [
        (length: number) => decodeCounter(view, 0, length, new CounterListing()),
        (length: number) => decodeHandle(view, 0, length, new Map()),
        (length: number) => decodeChain(view, 0, length),
      ]) {
        try {
          decode(view.byteLength);
        } catch (error) {
          expect(error).toMatchObject({ code: 'dataplane' });
        }
      }
    }),
    { numRuns: 2000 },
  );
});
