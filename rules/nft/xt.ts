import { BpfilterError } from '../../protocol/error.ts';
import { IPT_INV_PROTO } from '../../protocol/ip-tables.ts';
import { cannotExpress, type NftMatch, type NftTarget } from '../extension.ts';
import type { HeaderMatch, MatchUse } from '../ir.ts';
import type { TableContext } from './context.ts';
import type { NftXt } from './json.ts';

/** Which of the kernel's own extensions may carry what nft can't say. */
export interface XtSupport {
  /** Why this one can't; undefined when it can. */
  problem(kind: NftXt['kind'], name: string, revision: number): string | undefined;
}

/** Rules that nft must carry by itself. */
export const withoutXt: XtSupport = { problem: () => "the kernel's own extensions aren't to be used here" };

/** Rules that are in force already: whatever carries them is there. */
export const anyXt: XtSupport = { problem: () => undefined };

/** Whether an extension said, by `cannotExpress`, that nft can't carry it. */
export function isNotExpressible(error: unknown): error is BpfilterError {
  return error instanceof BpfilterError && error.code === 'not-expressible';
}

/**
 * A match as the kernel's own, from the blob's bytes; it drops what ip_tables drops (hotdrop) by itself.
 * Throws `not-expressible` with `reason`, why nft can't carry it, and why the kernel's can't stand in.
 */
export function matchAsXt(use: MatchUse, header: HeaderMatch, context: TableContext, reason: string): NftMatch {
  const { definition } = context.lookup.findMatch(use.name, use.revision);
  const isBound = definition.placement.table !== undefined;
  const xt = xtOf('match', use, definition.noXt, isBound, header, context, reason);
  return { alternatives: [[{ xt }]], ...(definition.stateful === true ? { stateful: true } : {}) };
}

/** A target as the kernel's own. Throws as `matchAsXt`. */
export function targetAsXt(use: MatchUse, header: HeaderMatch, context: TableContext, reason: string): NftTarget {
  const { definition, revision } = context.lookup.findTarget(use.name, use.revision);
  const isBound = definition.placement.table !== undefined || definition.asksTableName?.(revision.decode(use.data));
  return { statements: [{ xt: xtOf('target', use, definition.noXt, isBound === true, header, context, reason) }] };
}

/** `isBound`: only in an nft table of ip_tables' name. */
function xtOf(
  kind: NftXt['kind'],
  { name, revision, data }: MatchUse,
  noXt: string | undefined,
  isBound: boolean,
  { protocol, inverted }: HeaderMatch,
  { xt, table }: TableContext,
  reason: string,
): NftXt {
  const problem = noXt ?? xt.problem(kind, name, revision);
  if (problem !== undefined) cannotExpress(`${reason}; nor can the kernel's own ${kind} ${name}: ${problem}`);
  return {
    kind,
    name,
    revision,
    info: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex'),
    ...(protocol === 0 ? {} : { protocol }),
    ...(protocol !== 0 && (inverted & IPT_INV_PROTO) !== 0 ? { protocolInverted: true } : {}),
    ...(isBound ? { table } : {}),
  };
}
