import { cannotExpress, type NftTarget } from '../extension.ts';
import type { HeaderMatch, MatchUse, Rule } from '../ir.ts';
import type { TableContext } from './context.ts';
import { placeOf, type Reach } from './reach.ts';
import { isNotExpressible, targetAsXt } from './xt.ts';

/**
 * What stands behind the counter; nothing for a rule that only counts. Throws `not-expressible`, and what
 * the extension throws.
 */
export function compileTarget(
  { target, header }: Pick<Rule, 'target' | 'header'>,
  context: TableContext,
  reach: Reach,
): NftTarget {
  switch (target.kind) {
    case 'accept':
      return { statements: [{ accept: null }] };
    case 'drop':
      return { statements: [{ drop: null }] };
    case 'return':
      return { statements: [{ return: null }] };
    case 'continue':
      return { statements: [] };
    case 'queue':
      return cannotExpress('QUEUE: nftables has no queue without NFT_QUEUE in the kernel');
    case 'jump':
      return { statements: [{ jump: { target: context.chainName(target.chain, 'user') } }] };
    case 'goto':
      return { statements: [{ goto: { target: context.chainName(target.chain, 'user') } }] };
    case 'extension':
      return compileExtension(target, header, context, reach);
    default:
      return target satisfies never;
  }
}

function compileExtension(use: MatchUse, header: HeaderMatch, context: TableContext, reach: Reach): NftTarget {
  const { definition, revision } = context.lookup.findTarget(use.name, use.revision);
  let target: NftTarget | undefined;
  let reason = "the kernel's own does it better";
  try {
    target = definition.nft(revision.decode(use.data), placeOf(header, context, reach));
  } catch (error) {
    if (!isNotExpressible(error)) throw error;
    reason = error.message;
  }
  if (target !== undefined && target.secondBest !== true) return target;
  try {
    return targetAsXt(use, header, context, reason);
  } catch (error) {
    if (target === undefined || !isNotExpressible(error)) throw error;
    return target;
  }
}
