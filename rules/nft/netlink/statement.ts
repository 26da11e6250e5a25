import type { NftExpression, NftReject, NftStatement } from '../json.ts';
import type { Loose } from './loose.ts';
import { addMatch, protocolStep } from './match.ts';
import { objectType, verdictCode } from './numbers.ts';
import type { ProtocolContext } from './protocol-context.ts';
import type { Step } from './step.ts';
import { unsupported } from './unsupported.ts';

const TCP = 6;

/** Adds the steps of one statement; some of them at the rule's very front. */
export function addStatement(steps: Step[], statement: Loose<NftStatement>, context: ProtocolContext): void {
  if (statement.match !== undefined) addMatch(steps, statement.match, context);
  else if (statement.reject !== undefined) addReject(steps, statement.reject, context);
  else steps.push(otherStep(statement));
}

function otherStep({
  counter,
  accept,
  drop,
  return: back,
  jump,
  goto,
  limit,
  log,
  mangle,
  xt,
}: Loose<NftStatement>): Step {
  if (counter !== undefined) {
    return typeof counter === 'string'
      ? { kind: 'object', type: objectType.counter, name: counter }
      : unsupported('a counter without a name');
  }
  if (accept === null) return { kind: 'verdict', code: verdictCode.accept };
  if (drop === null) return { kind: 'verdict', code: verdictCode.drop };
  if (back === null) return { kind: 'verdict', code: verdictCode.return };
  if (jump !== undefined) return { kind: 'verdict', code: verdictCode.jump, chain: jump.target };
  if (goto !== undefined) return { kind: 'verdict', code: verdictCode.goto, chain: goto.target };
  if (limit !== undefined) {
    return typeof limit === 'string'
      ? { kind: 'object', type: objectType.limit, name: limit }
      : { kind: 'limit', limit };
  }
  if (log !== undefined) return { kind: 'log', log: log ?? {} };
  if (mangle !== undefined) return markStep(mangle);
  if (xt !== undefined) return { kind: 'xt', xt };
  return unsupported('a statement of another kind');
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

function addReject(steps: Step[], reject: NftReject | null, context: ProtocolContext): void {
  const { type = 'icmp', expr = 'port-unreachable' } = reject ?? {};
  if (type === 'tcp reset') {
    // nft puts the test before all others, so that nothing is logged that isn't rejected
    if (context.lacks(TCP)) steps.unshift(protocolStep(TCP));
    steps.push({ kind: 'reject', type: TCP_RESET, code: 0 });
    return;
  }
  const code = type === 'icmp' ? icmpCodes[expr] : undefined;
  steps.push({ kind: 'reject', type: ICMP_UNREACHABLE, code: code ?? unsupported(`reject with ${type} ${expr}`) });
}
