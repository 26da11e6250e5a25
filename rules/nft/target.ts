import { cannotExpress } from '../extension.ts';
import type { Rule } from '../ir.ts';
import type { TableContext } from './context.ts';
import type { NftStatement } from './json.ts';

/** The statements behind the counter; none for a rule that only counts. */
export function compileTarget(
  { target, header }: Pick<Rule, 'target' | 'header'>,
  context: TableContext,
): readonly NftStatement[] {
  switch (target.kind) {
    case 'accept':
      return [{ accept: null }];
    case 'drop':
      return [{ drop: null }];
    case 'return':
      return [{ return: null }];
    case 'continue':
      return [];
    case 'queue':
      return cannotExpress('QUEUE: nftables has no queue without NFT_QUEUE in the kernel');
    case 'jump':
      return [{ jump: { target: context.chainName(target.chain, 'user') } }];
    case 'goto':
      return [{ goto: { target: context.chainName(target.chain, 'user') } }];
    case 'extension': {
      const { definition, revision } = context.lookup.findTarget(target.name, target.revision);
      return definition.nft(revision.decode(target.data), { header });
    }
    default:
      return target satisfies never;
  }
}
