import type { NftStatement } from '../json.ts';
import type { Evaluation } from './evaluation.ts';
import { type Attribute, u32 } from './expression.ts';
import { subjectExpressions } from './load-expressions.ts';
import { subjectOf } from './operand.ts';
import { registerOf } from './registers.ts';
import { statefulExpression } from './stateful.ts';
import { unsupported } from './unsupported.ts';

/** NFT_DYNSET_OP_* */
const operations = { add: 0, update: 1, delete: 2 } as const;
const HAS_EXPRESSIONS = 2; // NFT_DYNSET_F_EXPR

type SetStatement = Extract<NftStatement, { readonly set: unknown }>['set'];

/** The name of the set that a statement changes. */
export function changedSet({ set }: SetStatement): string {
  return set.startsWith('@') ? set.slice(1) : unsupported(`set ${set}`);
}

/** Puts what is loaded into a set, with states of its own (NFTA_DYNSET_*). */
export function addSetStatement(statement: SetStatement, evaluation: Evaluation): void {
  const { op, elem, stmt = [] } = statement;
  const { subject, shift } = subjectOf(elem, evaluation);
  if (shift !== 0) unsupported('bits of a byte as an element');
  const states = stmt.map((one) => statefulExpression(one) ?? unsupported(`${Object.keys(one)[0]} of an element`));
  const [only] = states;
  const attributes: Attribute[] = [
    u32(4, registerOf(0)),
    u32(3, operations[op]),
    { type: 1, as: 'text', value: changedSet(statement) },
  ];
  if (states.length === 1 && only !== undefined) attributes.push({ type: 7, as: 'expression', value: only });
  else if (states.length > 1) attributes.push({ type: 10, as: 'expressions', value: states }, u32(9, HAS_EXPRESSIONS));
  evaluation.steps.push({
    kind: 'plain',
    expressions: [...subjectExpressions(subject), { name: 'dynset', attributes }],
  });
}
