import type { NftRule } from '../json.ts';
import type { Evaluation } from './evaluation.ts';
import { type IdOf, writeExpression } from './expression.ts';
import { writeCompare, writeLookup, writeObject, writeOutside, writeSubject, writeVerdict } from './expressions.ts';
import { mergeNeighbours } from './merge.ts';
import { comparison, familyNumber, message, messageFlag, ruleAttribute, USERDATA_COMMENT } from './numbers.ts';
import { ProtocolContext } from './protocol-context.ts';
import type { AnonymousSet } from './set-model.ts';
import { addStatement } from './statement.ts';
import type { Step } from './step.ts';
import { unsupported } from './unsupported.ts';
import type { MessageWriter } from './writer.ts';
import { writeCompat, writeXt } from './xt.ts';

/** What a rule is compiled to. */
export interface RuleSteps {
  /** In nft's order. */
  readonly steps: readonly Step[];
  /** Sets of its own, in the order in which they are made. */
  readonly sets: readonly AnonymousSet[];
}

/** Compiles a rule. Refuses what this compiler doesn't know or nft wouldn't take. */
export function ruleSteps({ expr = [], family }: Pick<NftRule, 'expr' | 'family'>): RuleSteps {
  if (family !== 'ip') unsupported(`rules of family ${family}`);
  const evaluation: Evaluation = { steps: [], protocols: new ProtocolContext(), sets: [] };
  for (const statement of expr) addStatement(statement, evaluation);
  return { steps: mergeNeighbours(evaluation.steps), sets: evaluation.sets };
}

/** Where a rule goes: to the end of its chain, to its beginning, or before the rule of a handle. */
export interface RulePlace {
  readonly inserted: boolean;
  readonly handle: number | undefined;
}

/** NFT_RULE_MAXEXPRS */
const MOST_EXPRESSIONS = 128;
/** Bytes of the shortest one there is, and less: what is shorter altogether needn't be counted. */
const LEAST_EXPRESSION = 16;

/** NEWRULE. `idOf` gives the id of a set in this batch. */
export function writeRule(
  writer: MessageWriter,
  sequence: number,
  rule: NftRule,
  steps: readonly Step[],
  { inserted, handle }: RulePlace,
  idOf: IdOf,
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
  if (writer.sizeOf(list) > MOST_EXPRESSIONS * LEAST_EXPRESSION) {
    const count = writer.membersOf(list);
    if (count > MOST_EXPRESSIONS)
      unsupported(`a rule of ${count} expressions in chain ${rule.chain}, of ${MOST_EXPRESSIONS} that there may be`);
  }
  writer.close(list);
  writer.closeMessage(start);
}

function writeStep(writer: MessageWriter, step: Step, idOf: IdOf): void {
  switch (step.kind) {
    case 'compare':
      writeSubject(writer, step.subject, idOf);
      writeCompare(writer, step.op, step.value);
      break;
    case 'between':
      writeSubject(writer, step.subject, idOf);
      if (step.inverted) writeOutside(writer, step.from, step.to);
      else {
        writeCompare(writer, comparison['>='], step.from);
        writeCompare(writer, comparison['<='], step.to);
      }
      break;
    case 'lookup':
      writeSubject(writer, step.subject, idOf);
      writeLookup(writer, step, idOf);
      break;
    case 'object':
      writeObject(writer, step.type, step.name);
      break;
    case 'plain':
      for (const one of step.expressions) writeExpression(writer, one, idOf);
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
