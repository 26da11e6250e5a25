import { BpfilterError } from '../../protocol/error.ts';
import { type AddressFamily, ipv4 } from '../../protocol/family.ts';
import type { AnyMatch, AnyTarget, Revision } from '../extension.ts';
import type { TableName } from '../ir.ts';
import { findMatch, findTarget } from '../registry.ts';
import { hookChainName, nftTableName, userChainName } from './names.ts';
import { withoutXt, type XtSupport } from './xt.ts';

/** Where extensions are looked up (rules/registry.ts). */
export interface ExtensionLookup {
  findMatch(name: string, revision: number): { readonly definition: AnyMatch; readonly revision: Revision<unknown> };
  findTarget(name: string, revision: number): { readonly definition: AnyTarget; readonly revision: Revision<unknown> };
}

/** What the translation of a rule needs to know of its table. */
export interface TableContext {
  readonly family: AddressFamily;
  readonly table: TableName;
  /** The nft table. */
  readonly nftTable: string;
  readonly lookup: ExtensionLookup;
  readonly xt: XtSupport;
  /** The nft chain of a chain of the table. */
  chainName(name: string, kind: 'builtin' | 'user'): string;
  /** The base chain of a built-in chain. */
  hookName(builtin: string): string;
}

export interface ContextOptions {
  readonly family?: AddressFamily;
  readonly lookup?: ExtensionLookup;
  /** What may stand in for nft; nothing unless given. */
  readonly xt?: XtSupport;
  /** The nft table's name; the one of our own unless given. */
  readonly nftTable?: string;
}

/** What compiling needs to know of a table; the address family is IPv4's, the registry ours, and nft on its own unless given. */
export function tableContext(table: TableName, options: ContextOptions = {}): TableContext {
  const { family = ipv4, lookup = { findMatch, findTarget }, xt = withoutXt, nftTable = nftTableName(table) } = options;
  const builtins: ReadonlySet<string> = new Set(family.tables[table].chains.map(({ name }) => name));
  return {
    family,
    table,
    nftTable,
    lookup,
    xt,
    chainName: (name, kind) => (kind === 'builtin' ? name : userChainName(name, builtins)),
    hookName: hookChainName,
  };
}

/** Runs `work`; an error of ours gets the rule's name in front, and keeps its code and errno. */
export function naming<T>(where: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof BpfilterError)) throw error;
    const { code, errno, call } = error;
    throw new BpfilterError(code, `${where}: ${error.message}`, { errno, call, cause: error });
  }
}
