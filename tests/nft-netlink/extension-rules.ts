import { ipv4 } from '../../protocol/family.ts';
import type { AnyMatch, AnyTarget, Placement } from '../../rules/extension.ts';
import type { Rule, TableName } from '../../rules/ir.ts';
import { tableContext } from '../../rules/nft/context.ts';
import { compileRule } from '../../rules/nft/rule.ts';
import { matches, targets } from '../../rules/registry.gen.ts';
import { expand } from '../differential/domains.ts';
import { makeObjects } from '../differential/objects.ts';
import { randomFrom } from '../harness/random.ts';
import { iptables, nativeChain } from './native.ts';

/** A rule of an extension's examples, as ip_tables keeps it. */
export interface ExtensionRule {
  /** What iptables was told. */
  readonly text: string;
  readonly extension: string;
  readonly table: TableName;
  readonly chain: string;
  readonly rule: Rule;
}

const tables = ['filter', 'mangle', 'nat', 'raw', 'security'] as const;

/** The first table and chain of it that an extension may stand in. */
function placeOf({ table, hooks }: Placement): { readonly table: TableName; readonly chain: string } | undefined {
  for (const name of table === undefined ? tables : [table].flat()) {
    const chain = ipv4.tables[name].chains.find(({ hook }) => hooks === undefined || (hooks & (1 << hook)) !== 0);
    if (chain !== undefined) return { table: name, chain: chain.name };
  }
  return undefined;
}

/**
 * Every example of every extension, its braces filled in `times` times: given to the kernel's own
 * ip_tables in this thread's namespace and read back as it keeps them. What it refuses is left out.
 */
export function extensionRules(times: number, seed = 1): readonly ExtensionRule[] {
  makeObjects();
  const random = randomFrom(seed);
  const found: ExtensionRule[] = [];
  for (const extension of [...matches, ...targets] as readonly (AnyMatch | AnyTarget)[]) {
    const place = placeOf(extension.placement);
    if (place === undefined) continue;
    const texts = new Set(
      extension.examples.flatMap((example) => Array.from({ length: times }, () => expand(example, random).trim())),
    );
    found.push(...rulesOf(extension.name, place, [...texts]));
  }
  return found;
}

function rulesOf(
  extension: string,
  { table, chain }: { readonly table: TableName; readonly chain: string },
  texts: readonly string[],
): readonly ExtensionRule[] {
  const taken = texts.filter((text) => iptables(['-t', table, '-A', chain, ...wordsOf(text)]) === '');
  const rules = nativeChain(table, chain);
  iptables(['-t', table, '-F', chain]);
  // a rule for each that was taken, in order
  return rules.flatMap((rule, at) => {
    const text = taken[at];
    return text === undefined ? [] : [{ text, extension, table, chain, rule }];
  });
}

/** As a shell would: words between blanks, those in quotes whole. */
function wordsOf(text: string): readonly string[] {
  return [...text.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

/** Whether nft carries it by itself, its program too: that one overlooks the policies of ct timeouts. */
export function isExpressible({ rule, table, chain }: ExtensionRule): boolean {
  const hooks = ipv4.tables[table].chains.reduce((bits, one) => bits | (one.name === chain ? 1 << one.hook : 0), 0);
  try {
    const { objects } = compileRule(rule, 1, tableContext(table), { hooks });
    return !objects.some(({ body }) => 'ct timeout' in body);
  } catch {
    return false;
  }
}
