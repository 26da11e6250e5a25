import type { NftTarget, TargetDefinition } from '../extension.ts';
import type { HeaderMatch, TableName } from '../ir.ts';
import type { NftStatement } from '../nft/json.ts';
import { anyHeader } from './header.ts';
import { orWhyNot } from './not-expressible.ts';

interface Place {
  readonly header?: HeaderMatch;
  /** The first that the target may stand in unless given. */
  readonly table?: TableName | undefined;
  /** Those of the rule; the target's own unless given. */
  readonly hooks?: number | undefined;
}

const ANY_HOOK = 0b11111;

/** What a target becomes, or the words of why nft can't carry it. */
export function translated<Info>(
  { placement, nft }: TargetDefinition<Info>,
  info: Info,
  {
    header = anyHeader,
    table = [placement.table ?? 'filter'].flat()[0] ?? 'filter',
    hooks = placement.hooks ?? ANY_HOOK,
  }: Place = {},
): NftTarget | string {
  return orWhyNot(() => nft(info, { header, table, hooks }));
}

/** Its statements alone, or those words. */
export function nftOf<Info>(
  target: TargetDefinition<Info>,
  info: Info,
  header?: HeaderMatch,
): readonly NftStatement[] | string {
  const found = translated(target, info, header && { header });
  return typeof found === 'string' ? found : found.statements;
}
