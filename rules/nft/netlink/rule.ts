import type { NftRule } from '../json.ts';
import {
  writeCompare,
  writeLimit,
  writeLog,
  writeLookup,
  writeMark,
  writeObject,
  writeOutside,
  writeReject,
  writeSubject,
  writeVerdict,
} from './expressions.ts';
import { mergeNeighbours } from './merge.ts';
import { comparison, familyNumber, message, messageFlag, ruleAttribute, USERDATA_COMMENT } from './numbers.ts';
import { ProtocolContext } from './protocol-context.ts';
import { ANONYMOUS_NAME } from './set.ts';
import { addStatement } from './statement.ts';
import type { AnonymousSet, Step } from './step.ts';
import { unsupported } from './unsupported.ts';
import type { MessageWriter } from './writer.ts';
import { writeCompat, writeXt } from './xt.ts';

/** A rule's steps in nft's order. Refuses what this compiler doesn't know or nft wouldn't take. */
export function ruleSteps({ expr = [], family }: Pick<NftRule, 'expr' | 'family'>): readonly Step[] {
  if (family !== 'ip') unsupported(`rules of family ${family}`);
  const context = new ProtocolContext();
  const steps: Step[] = [];
  for (const statement of expr) addStatement(steps, statement, context);
  return mergeNeighbours(steps);
}

/** Where a rule goes: to the end of its chain, to its beginning, or before the rule of a handle. */
export interface RulePlace {
  readonly inserted: boolean;
  readonly handle: number | undefined;
}

/** NEWRULE. `idOf` gives the id of a set in this batch. */
export function writeRule(
  writer: MessageWriter,
  sequence: number,
  rule: NftRule,
  steps: readonly Step[],
  { inserted, handle }: RulePlace,
  idOf: (set: AnonymousSet) => number,
): void {
  const { request, create, append } = messageFlag;
  const flags = request | create | (inserted ? 0 : append);
  const start = writer.openMessage(message.newRule, flags, sequence, familyNumber[rule.family]);
  writer.text(ruleAttribute.table, rule.table);
  writer.text(ruleAttribute.chain, rule.chain);
  if (handle !== undefined) writer.u64(ruleAttribute.position, handle);
  if (rule.comment !== undefined) writer.binary(ruleAttribute.userdata, commentData(rule.comment));
  writeCompat(writer, steps);
  const list = writer.open(ruleAttribute.expressions);
  for (const step of steps) writeStep(writer, step, idOf);
  writer.close(list);
  writer.closeMessage(start);
}

function writeStep(writer: MessageWriter, step: Step, idOf: (set: AnonymousSet) => number): void {
  switch (step.kind) {
    case 'compare':
      writeSubject(writer, step.subject);
      writeCompare(writer, step.op, step.value);
      break;
    case 'between':
      writeSubject(writer, step.subject);
      if (step.inverted) writeOutside(writer, step.from, step.to);
      else {
        writeCompare(writer, comparison['>='], step.from);
        writeCompare(writer, comparison['<='], step.to);
      }
      break;
    case 'lookup':
      writeSubject(writer, step.subject);
      writeLookup(writer, ANONYMOUS_NAME, idOf(step.set), step.inverted);
      break;
    case 'object':
      writeObject(writer, step.type, step.name);
      break;
    case 'limit':
      writeLimit(writer, step.limit);
      break;
    case 'log':
      writeLog(writer, step.log);
      break;
    case 'reject':
      writeReject(writer, step.type, step.code);
      break;
    case 'mark':
      writeMark(writer, step.mask, step.xor);
      break;
    case 'xt':
      writeXt(writer, step.xt);
      break;
    case 'verdict':
      writeVerdict(writer, step.code, step.chain);
      break;
    default:
      step satisfies never;
  }
}

/** Most that one entry of userdata can hold. */
const MOST_USERDATA = 250;

/** One entry {type u8, length u8, text and NUL}, as libnftnl keeps it. */
function commentData(comment: string): Uint8Array {
  const text = new TextEncoder().encode(comment);
  if (text.length > MOST_USERDATA) return unsupported(`a comment of ${text.length} bytes`);
  const data = new Uint8Array(text.length + 3);
  data[0] = USERDATA_COMMENT;
  data[1] = text.length + 1;
  data.set(text, 2);
  return data;
}
