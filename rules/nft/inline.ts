import { BpfilterError } from '../../protocol/error.ts';
import type { NftMatch } from '../extension.ts';
import type { CompiledRule, NamedObject, NftRuleBody, OwnChain } from './compiled-rule.ts';
import type { Tests } from './condition.ts';
import type { NftExpression, NftStatement } from './json.ts';
import { chainNamed, entryParts, type PlannedChain, ruleName, type TablePlan } from './plan.ts';
import { compileParts } from './rule.ts';
import { partsOf, type RuleParts } from './rule-parts.ts';
import { waysThrough } from './ways.ts';

/**
 * Chains that nest deeper than nft follows are written out in the place of the jumps that lead to them: each of
 * their rules once for each jump, behind the jump's tests and behind the opposite of every RETURN before it.
 * Every rule goes on counting in its one counter.
 *
 *     INPUT: -s A -j c      c: -p tcp -j RETURN       INPUT: A counter r1
 *                              -j DROP                        A tcp counter r2
 *                                                             A !tcp counter r3 drop
 */

/** Nft rules at most, as a multiple of the table's rules. */
const GROWTH = 10;

/** What a packet has passed to get to a rule of a chain that is written out. */
interface Path {
  readonly header: Tests;
  readonly matches: readonly NftMatch[];
}

/** What jumps have become so far. */
interface WrittenOut {
  readonly rules: NftRuleBody[];
  readonly objects: NamedObject[];
  readonly chains: OwnChain[];
}

/** Writes jumps out. One for each table. */
export class Inliner {
  readonly #plan: TablePlan;
  readonly #users: ReadonlyMap<string, PlannedChain>;
  readonly #ids: ArrayLike<number>;
  readonly #writtenOut = new Set<number>();
  readonly #quiet = new Map<PlannedChain, boolean>();
  #budget: number;

  /** @param ids by entry of the blob */
  constructor(plan: TablePlan, ids: ArrayLike<number>) {
    this.#plan = plan;
    this.#ids = ids;
    this.#users = new Map(
      plan.chains.filter(({ source }) => source.kind === 'user').map((chain) => [chain.source.name, chain]),
    );
    this.#budget = GROWTH * plan.source.offsets.length;
  }

  /**
   * The entry at that place of a chain, which leads to one that is written out. Throws `loop` where that can't be done exactly, or
   * grows too large.
   */
  expand(chain: PlannedChain, at: number): CompiledRule {
    const out: WrittenOut = { rules: [], objects: [], chains: [] };
    const start: Path = { header: [], matches: [] };
    const behind = this.#entry(chain, at, start, out);
    // who comes back from where a goto led to leaves this chain too
    if (behind !== undefined) {
      const { header, matches } = this.#parts(chain, at);
      if (header !== 'never') {
        for (const expr of waysThrough(header, matches)) out.rules.push({ expr: [...expr, { return: null }] });
      }
    }
    return out;
  }

  /** Writes an entry behind a path. Returns what lets pass who doesn't leave the chain by it, where anybody does. */
  #entry(chain: PlannedChain, at: number, path: Path, out: WrittenOut): readonly NftMatch[] | undefined {
    const where = () => ruleName(chain.source, chain.source.first + at);
    const parts = this.#parts(chain, at);
    if (parts.header === 'never') return undefined;
    const [verdict] = parts.target.statements;
    const goes = verdict !== undefined && 'goto' in verdict;
    const returns = verdict !== undefined && 'return' in verdict;
    const leadsTo = chain.entries[at]?.analysis.leadsTo;
    const inlined =
      leadsTo !== undefined && this.#plan.inlined.has(leadsTo) ? chainNamed(this.#users, leadsTo) : undefined;
    const written = behindPath(path, parts, inlined !== undefined || returns ? [] : asJump(parts));
    this.#write(chain.source.first + at, written, isStateless(parts), out, where);
    if (inlined !== undefined) {
      if (!isStateless(parts)) throw cannot(where(), 'a test with a state leads to it');
      this.#chain(inlined, pathBehind(path, parts), out, where);
    }
    return goes || returns ? opposite(parts, where) : undefined;
  }

  #chain(chain: PlannedChain, path: Path, out: WrittenOut, where: () => string): void {
    if (!this.#isQuiet(chain) && !isStable(path)) throw cannot(where(), 'a target in it may change what led to it');
    let here = path;
    for (let at = 0; at < chain.entries.length; at += 1) {
      const on = this.#entry(chain, at, here, out);
      if (on !== undefined) here = { header: here.header, matches: [...here.matches, ...on] };
    }
  }

  /** Whether no packet that comes back from a chain was changed in it. */
  #isQuiet(chain: PlannedChain): boolean {
    const known = this.#quiet.get(chain);
    if (known !== undefined) return known;
    const found = chain.entries.every(({ analysis: { leadsTo } }, at) => {
      return (
        isQuiet(this.#parts(chain, at)) && (leadsTo === undefined || this.#isQuiet(chainNamed(this.#users, leadsTo)))
      );
    });
    this.#quiet.set(chain, found);
    return found;
  }

  #write(index: number, parts: RuleParts, stateless: boolean, out: WrittenOut, where: () => string): void {
    const id = this.#ids[index] ?? 0;
    const compiled = compileParts(parts, id, 0);
    const hasOwn = compiled.objects.length + compiled.chains.length > 0 || !stateless;
    if (hasOwn && this.#writtenOut.has(id))
      throw cannot(where(), 'a rule with a state of its own is reached by several jumps');
    this.#writtenOut.add(id);
    const rules = compiled.rules.flatMap(simplified);
    this.#budget -= rules.length;
    if (this.#budget < 0) throw cannot(where(), `the table grows more than ${GROWTH} times as large`);
    out.rules.push(...rules);
    out.objects.push(...compiled.objects);
    out.chains.push(...compiled.chains);
  }

  #parts({ source, entries }: PlannedChain, at: number): RuleParts {
    return entries[at]?.analysis.parts ?? entryParts(this.#plan, source.first + at);
  }
}

/**
 * The same rule without tests that those before them imply; none where they contradict each other, which nft
 * refuses for transport protocols.
 */
function simplified(rule: NftRuleBody): readonly NftRuleBody[] {
  const seen = new Set<string>();
  const excluded = new Set<unknown>();
  let protocol: unknown;
  const expr: NftStatement[] = [];
  for (const one of rule.expr) {
    if (!('match' in one)) {
      expr.push(one);
      continue;
    }
    const text = JSON.stringify(one);
    if (seen.has(text)) continue;
    seen.add(text);
    const { op, left, right } = one.match;
    if (isProtocol(left) && (op === '==' || op === '!=') && typeof right === 'number') {
      const holds = op === '==';
      if (protocol !== undefined) {
        if ((protocol === right) !== holds) return [];
        continue;
      }
      if (holds && excluded.has(right)) return [];
      if (holds) protocol = right;
      else excluded.add(right);
    }
    expr.push(one);
  }
  return [{ ...rule, expr }];
}

function isProtocol(left: NftExpression): boolean {
  return typeof left === 'object' && 'meta' in left && left.meta.key === 'l4proto';
}

function behindPath({ header, matches }: Path, parts: RuleParts, target: readonly NftStatement[]): RuleParts {
  const own: readonly NftMatch[] = parts.header === 'never' ? [] : [{ alternatives: [parts.header] }];
  return partsOf(header, [...matches, ...own, ...parts.matches], { ...parts.target, statements: target });
}

function pathBehind(path: Path, parts: RuleParts): Path {
  return { header: path.header, matches: behindPath(path, parts, []).matches };
}

/** What a goto to a chain that stays leads to comes back: the rules behind it aren't for who went there. */
function asJump({ target: { statements } }: RuleParts): readonly NftStatement[] {
  return statements.map((one) => ('goto' in one ? { jump: one.goto } : one));
}

function isStateless({ stateful, matches }: RuleParts): boolean {
  return stateful === matches.length;
}

/** Whether a target changes nothing of a packet that goes on. */
function isQuiet({ target: { statements, chain } }: RuleParts): boolean {
  const quiet = ['accept', 'drop', 'return', 'jump', 'goto', 'log', 'reject'];
  return chain === undefined && statements.every((one) => quiet.some((name) => name in one));
}

/** Fields that no target changes before it lets a packet go on. */
const stableFields: readonly string[] = ['ip saddr', 'ip daddr', 'ip protocol', 'ip frag-off'];
const stablePorts: readonly string[] = ['tcp', 'udp', 'sctp', 'dccp', 'udplite', 'th', 'icmp'];
const stableKeys: readonly string[] = ['l4proto', 'iif', 'oif', 'iifname', 'oifname'];

function isStable({ header, matches }: Path): boolean {
  const statements = [...header, ...matches.flatMap(({ alternatives }) => alternatives.flat())];
  return statements.every((one) => 'match' in one && isStableTest(subjectOf(one.match.left)));
}

function isStableTest(left: NftExpression): boolean {
  if (typeof left !== 'object') return false;
  if ('meta' in left) return stableKeys.includes(left.meta.key);
  if (!('payload' in left)) return false;
  const { payload } = left;
  if ('base' in payload) return payload.base === 'th';
  return stableFields.includes(`${payload.protocol} ${payload.field}`) || stablePorts.includes(payload.protocol);
}

function subjectOf(left: NftExpression): NftExpression {
  return typeof left === 'object' && '&' in left ? left['&'][0] : left;
}

/** Holds for the packets that the tests of a rule don't hold for; one match for each way through the rule. */
function opposite({ header, matches }: RuleParts, where: () => string): readonly NftMatch[] {
  if (header === 'never') return [];
  return waysThrough(header, matches).map((way) => ({
    alternatives: way.map((test, at) => [...way.slice(0, at), opposed(test, where)]),
  }));
}

const opposites = { '==': '!=', '!=': '==', '<': '>=', '>=': '<', '>': '<=', '<=': '>' } as const;
/** Tests of these are answered for every packet: if one doesn't hold, its opposite does. */
const totalKeys: readonly string[] = [...stableKeys, 'mark', 'length', 'pkttype'];

function opposed(test: NftStatement, where: () => string): NftStatement {
  if (!('match' in test) || !isTotal(subjectOf(test.match.left))) {
    throw cannot(where(), 'its RETURN or goto tests what has no opposite in nft');
  }
  const { op, left, right } = test.match;
  if (op === 'in') return { match: { op: '==', left: { '&': [left, right] }, right: 0 } };
  return { match: { op: opposites[op], left, right } };
}

function isTotal(left: NftExpression): boolean {
  if (typeof left !== 'object') return false;
  if ('meta' in left) return totalKeys.includes(left.meta.key);
  if ('ct' in left) return left.ct.key === 'state';
  if (!('payload' in left)) return false;
  const { payload } = left;
  // a header that isn't whole is dropped by the guard in front
  if ('base' in payload) return payload.base === 'th' || payload.base === 'nh';
  return payload.protocol === 'ip' || stablePorts.includes(payload.protocol);
}

function cannot(where: string, why: string): BpfilterError {
  return new BpfilterError('loop', `${where}: jumps nest deeper than nftables follows, and ${why}`);
}
