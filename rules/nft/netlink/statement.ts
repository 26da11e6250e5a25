import type { NftReject, NftStatement } from '../json.ts';
import { type Evaluation, protocolStep } from './evaluation.ts';
import { type Attribute, type Expression, type ExpressionName, u8, u16, u32 } from './expression.ts';
import { tcpOptionKind } from './header-options.ts';
import { logExpression } from './log.ts';
import type { Loose } from './loose.ts';
import { addMangle } from './mangle.ts';
import { addMatch } from './match.ts';
import { addDup, addNat, addTproxy, natKinds } from './nat.ts';
import { objectType, verdictCode } from './numbers.ts';
import { addSetStatement } from './set-statement.ts';
import { statefulExpression } from './stateful.ts';
import type { Step } from './step.ts';
import { unsupported } from './unsupported.ts';

/** Adds the steps of one statement; some of them at the rule's very front. */
export function addStatement(statement: Loose<NftStatement>, evaluation: Evaluation): void {
  if (statement.match !== undefined) {
    addMatch(statement.match, evaluation);
    return;
  }
  const step = simpleStep(statement) ?? objectStep(statement) ?? plainStep(statement);
  if (step !== undefined) evaluation.steps.push(step);
  else addEvaluated(statement, evaluation);
}

function simpleStep(statement: Loose<NftStatement>): Step | undefined {
  const { counter, accept, drop, return: back, jump, goto, xt } = statement;
  if (typeof counter === 'string') return { kind: 'object', type: objectType.counter, name: counter };
  if (accept === null) return { kind: 'verdict', code: verdictCode.accept };
  if (drop === null) return { kind: 'verdict', code: verdictCode.drop };
  if (back === null) return { kind: 'verdict', code: verdictCode.return };
  if (jump !== undefined) return { kind: 'verdict', code: verdictCode.jump, chain: jump.target };
  if (goto !== undefined) return { kind: 'verdict', code: verdictCode.goto, chain: goto.target };
  if (xt !== undefined) return { kind: 'xt', xt };
  return undefined;
}

/** Statements that name an object, by the object's type. */
const named = [
  ['limit', objectType.limit],
  ['quota', objectType.quota],
  ['ct helper', objectType.ctHelper],
  ['ct timeout', objectType.ctTimeout],
  ['ct expectation', objectType.ctExpectation],
] as const;

function objectStep(statement: Loose<NftStatement>): Step | undefined {
  for (const [key, type] of named) {
    const name = statement[key];
    if (typeof name === 'string') return { kind: 'object', type, name };
  }
  return undefined;
}

/** Statements that read nothing of a packet's, and need nothing told of it. */
function plainStep(statement: Loose<NftStatement>): Step | undefined {
  const { log, synproxy, notrack, reset } = statement;
  const state = statefulExpression(statement);
  if (state !== undefined) return one(state);
  if (log !== undefined) return one(logExpression(log ?? {}));
  if (synproxy !== undefined) return one({ name: 'synproxy', attributes: synproxyAttributes(synproxy) });
  if (notrack === null) return one(plain('notrack'));
  if (reset !== undefined) return one(plain('exthdr', u8(2, tcpOptionKind(reset['tcp option'].name)), u32(6, STRIP)));
  return undefined;
}

function one(expression: Expression): Step {
  return { kind: 'plain', expressions: [expression] };
}

function addEvaluated(statement: Loose<NftStatement>, evaluation: Evaluation): void {
  const { reject, mangle, set, dup, tproxy } = statement;
  if (reject !== undefined) addReject(reject, evaluation);
  else if (mangle !== undefined) addMangle(mangle, evaluation);
  else if (set !== undefined) addSetStatement(set, evaluation);
  else if (dup !== undefined) addDup(dup, evaluation);
  else if (tproxy !== undefined) addTproxy(tproxy, evaluation);
  else {
    const kind = natKinds.find((one) => statement[one] !== undefined);
    if (kind === undefined) unsupported(`a statement ${Object.keys(statement).join()}`);
    else addNat(kind, statement[kind] ?? null, evaluation);
  }
}

function plain(name: ExpressionName, ...attributes: readonly Attribute[]): Expression {
  return { name, attributes };
}

/** exthdr without a register: the option is overwritten (NFT_EXTHDR_OP_TCPOPT). */
const STRIP = 1;

/** NF_SYNPROXY_OPT_* (linux/netfilter/nf_SYNPROXY.h): what is given is told, and what clients may ask for. */
const synproxyOptions: Readonly<Record<string, number>> = { 'sack-perm': 4, timestamp: 8 };
const MSS = 1;
const WSCALE = 2;

function synproxyAttributes(
  synproxy: Extract<NftStatement, { readonly synproxy: unknown }>['synproxy'],
): readonly Attribute[] {
  const { mss, wscale, flags = [] } = synproxy ?? {};
  const asked = flags.reduce(
    (sum, flag) => sum | (synproxyOptions[flag] ?? unsupported(`synproxy ${flag}`)),
    (mss === undefined ? 0 : MSS) | (wscale === undefined ? 0 : WSCALE),
  );
  return [u16(1, mss ?? 0), u8(2, wscale ?? 0), u32(3, asked)];
}

const TCP = 6;
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

function addReject(reject: NftReject | null, { steps, protocols }: Evaluation): void {
  const { type = 'icmp', expr = 'port-unreachable' } = reject ?? {};
  const push = (kind: number, code: number) =>
    steps.push({ kind: 'plain', expressions: [plain('reject', u32(1, kind), u8(2, code))] });
  if (type === 'tcp reset') {
    // nft puts the test before all others, so that nothing is logged that isn't rejected
    if (protocols.lacks(TCP)) steps.unshift(protocolStep(TCP));
    push(TCP_RESET, 0);
    return;
  }
  const code = type === 'icmp' ? icmpCodes[expr] : undefined;
  push(ICMP_UNREACHABLE, code ?? unsupported(`reject with ${type} ${expr}`));
}
