import type { NftExpression, NftReject, NftStatement } from '../json.ts';
import { matchSteps, protocolStep } from './match.ts';
import { objectType, verdictCode } from './numbers.ts';
import type { ProtocolContext } from './protocol-context.ts';
import type { Step } from './step.ts';
import { unsupported } from './unsupported.ts';

/** Steps of one statement, and what nft puts at the rule's very front for it. */
export interface StatementSteps {
  readonly front: readonly Step[];
  readonly steps: readonly Step[];
}

const TCP = 6;
const NOTHING: readonly Step[] = [];

export function statementSteps(statement: NftStatement, context: ProtocolContext): StatementSteps {
  if ('reject' in statement) return rejectSteps(statement.reject, context);
  return {
    front: NOTHING,
    steps: 'match' in statement ? matchSteps(statement.match, context) : [otherStep(statement)],
  };
}

function otherStep(statement: Exclude<NftStatement, { readonly match: unknown } | { readonly reject: unknown }>): Step {
  if ('counter' in statement) {
    const { counter: name } = statement;
    return typeof name === 'string'
      ? { kind: 'object', type: objectType.counter, name }
      : unsupported('a counter without a name');
  }
  if ('accept' in statement) return { kind: 'verdict', code: verdictCode.accept };
  if ('drop' in statement) return { kind: 'verdict', code: verdictCode.drop };
  if ('return' in statement) return { kind: 'verdict', code: verdictCode.return };
  if ('jump' in statement) return { kind: 'verdict', code: verdictCode.jump, chain: statement.jump.target };
  if ('goto' in statement) return { kind: 'verdict', code: verdictCode.goto, chain: statement.goto.target };
  if ('limit' in statement) {
    const { limit } = statement;
    return typeof limit === 'string'
      ? { kind: 'object', type: objectType.limit, name: limit }
      : { kind: 'limit', limit };
  }
  if ('log' in statement) return { kind: 'log', log: statement.log ?? {} };
  if ('mangle' in statement) return markStep(statement.mangle);
  statement satisfies never;
  return unsupported(`statement ${JSON.stringify(statement)}`);
}

/** `meta mark set …`: a constant, or the mark with bits changed. */
function markStep({ key, value }: Extract<NftStatement, { readonly mangle: unknown }>['mangle']): Step {
  if (!isMark(key)) return unsupported(`set ${JSON.stringify(key)}`);
  if (typeof value === 'number') return { kind: 'mark', xor: value };
  if (typeof value === 'object' && '|' in value) {
    const bits = constant(value['|']);
    return { kind: 'mark', mask: ~bits >>> 0, xor: bits };
  }
  if (typeof value === 'object' && '&' in value) return { kind: 'mark', mask: constant(value['&']), xor: 0 };
  if (typeof value === 'object' && '^' in value) {
    const [kept, xor] = value['^'];
    if (typeof xor !== 'number') return unsupported(`mark ^ ${JSON.stringify(xor)}`);
    if (isMark(kept)) return { kind: 'mark', mask: 0xffffffff, xor };
    if (typeof kept === 'object' && '&' in kept) return { kind: 'mark', mask: constant(kept['&']), xor };
  }
  return unsupported(`set mark ${JSON.stringify(value)}`);
}

/** The number beside the mark. */
function constant([left, right]: readonly [NftExpression, NftExpression]): number {
  return isMark(left) && typeof right === 'number' ? right : unsupported(`${JSON.stringify(right)} beside the mark`);
}

function isMark(expression: NftExpression): boolean {
  return typeof expression === 'object' && 'meta' in expression && expression.meta.key === 'mark';
}

const ICMP_UNREACHABLE = 0; // NFT_REJECT_ICMP_UNREACH
const TCP_RESET = 1; // NFT_REJECT_TCP_RST

/** Codes of ICMP "destination unreachable" (RFC 792, 1122, 1812) by nft's names. */
const icmpCodes: Readonly<Record<string, number>> = {
  'net-unreachable': 0,
  'host-unreachable': 1,
  'prot-unreachable': 2,
  'port-unreachable': 3,
  'net-prohibited': 9,
  'host-prohibited': 10,
  'admin-prohibited': 13,
};

function rejectSteps(reject: NftReject | null, context: ProtocolContext): StatementSteps {
  const { type = 'icmp', expr = 'port-unreachable' } = reject ?? {};
  if (type === 'tcp reset') {
    const step: Step = { kind: 'reject', type: TCP_RESET, code: 0 };
    return { front: context.lacks(TCP) ? [protocolStep(TCP)] : NOTHING, steps: [step] };
  }
  const code = type === 'icmp' ? icmpCodes[expr] : undefined;
  if (code === undefined) return unsupported(`reject with ${type} ${expr}`);
  return { front: NOTHING, steps: [{ kind: 'reject', type: ICMP_UNREACHABLE, code }] };
}
