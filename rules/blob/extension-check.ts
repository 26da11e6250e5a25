import { BpfilterError } from '../../protocol/error.ts';
import { IPT_INV_PROTO } from '../../protocol/ip-tables.ts';
import { hookNames, xtAlign } from '../../protocol/x-tables.ts';
import type { AnyMatch, AnyTarget, CheckContext, Placement } from '../extension.ts';
import type { HeaderMatch, MatchUse, TableName } from '../ir.ts';
import { matchesOf } from './decode.ts';
import { errorTargetSize, extensionHeader, standardTargetSize } from './layout.ts';
import { hooksOf } from './per-hook.ts';
import type { Found, Registry } from './registry-interface.ts';
import type { WalkedTable } from './walk.ts';
import { malformed, where } from './where.ts';

/**
 * The matches and the target of one entry: find_check_entry, xt_check_match and xt_check_target
 * (net/ipv4/netfilter/ip_tables.c, net/netfilter/x_tables.c), in the kernel's order. `name` is the
 * caller's word for the table and may be none; `hooks` are those that reach the entry. Throws
 * `malformed`, what the registry throws, and what the extension's own check throws.
 */
export function checkExtensions(
  table: WalkedTable,
  index: number,
  name: string,
  hooks: number,
  registry: Registry,
): void {
  const { blob } = table;
  const at = table.offsets[index] ?? 0;
  const target = at + blob.targetOffset(at);
  for (let match = at + blob.layout.entry; match < target; match += blob.extensionSize(match)) {
    checkOne(table, index, 'match', match, name, hooks, registry.findMatch);
  }
  if (blob.extensionRevision(target) === 0 && (blob.isStandard(target) || blob.isError(target))) {
    // Part of the tables themselves; the size of ERROR was checked with the entry.
    const wanted = blob.isStandard(target) ? standardTargetSize : errorTargetSize;
    const found = blob.extensionSize(target);
    if (found !== wanted) throw malformed(`${where(table, index)}: target_size ${wanted} expected, found ${found}`);
    return;
  }
  checkOne(table, index, 'target', target, name, hooks, registry.findTarget);
}

function checkOne(
  table: WalkedTable,
  index: number,
  kind: 'match' | 'target',
  at: number,
  tableName: string,
  hooks: number,
  find: (name: string, revision: number) => Found<AnyMatch> | Found<AnyTarget>,
): void {
  const { blob } = table;
  const name = blob.extensionName(at);
  try {
    const { definition, revision } = find(name, blob.extensionRevision(at));
    const size = blob.extensionSize(at) - extensionHeader;
    if (size !== xtAlign(revision.size)) throw malformed(`${xtAlign(revision.size)} bytes expected, found ${size}`);
    const entry = table.offsets[index] ?? 0;
    checkPlacement(
      definition.placement,
      tableName,
      hooks,
      blob.protocol(entry),
      (blob.inverted(entry) & IPT_INV_PROTO) !== 0,
    );
    definition.check(revision.decode(blob.extensionData(at)), contextOf(table, entry, tableName, hooks));
  } catch (error) {
    if (!(error instanceof BpfilterError)) throw error;
    throw new BpfilterError(error.code, `${where(table, index)}: ${kind} ${name}: ${error.message}`, {
      errno: error.errno,
      cause: error,
    });
  }
}

function checkPlacement(placement: Placement, table: string, hooks: number, protocol: number, inverted: boolean): void {
  const tables: readonly string[] | undefined = placement.table === undefined ? undefined : [placement.table].flat();
  if (tables?.includes(table) === false) throw malformed(`only valid in table ${tables.join(' or ')}, not ${table}`);
  // A mask of 0 is no restriction, in the kernel too.
  if (placement.hooks && (hooks & ~placement.hooks) !== 0) {
    throw malformed(`only valid from ${hookList(placement.hooks)}, used from ${hookList(hooks)}`);
  }
  if (placement.protocol && (placement.protocol !== protocol || inverted))
    throw malformed(`only valid for protocol ${placement.protocol}`);
}

function contextOf({ blob }: WalkedTable, entry: number, tableName: string, hooks: number): CheckContext {
  let header: HeaderMatch | undefined;
  let matches: readonly MatchUse[] | undefined;
  return {
    // An unknown table is only told after all checks; an extension sees a name that equals none it knows.
    table: tableName as TableName,
    hooks,
    // Few extensions look at it.
    get header() {
      header ??= blob.layout.decodeHeader(blob.bytes, entry);
      return header;
    },
    get matches() {
      matches ??= matchesOf(blob, entry);
      return matches;
    },
  };
}

function hookList(mask: number): string {
  return hooksOf(mask)
    .map((hook) => hookNames[hook])
    .join(', ');
}
