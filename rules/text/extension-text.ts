import type { PrintContext } from '../extension.ts';
import type { HeaderMatch, MatchUse } from '../ir.ts';
import { type Extensions, registered } from './extensions.ts';

/** What iptables puts behind a name whose revision it doesn't know. */
const unsupported = ' [unsupported revision]';

/** A match in `iptables -L`, as its plugin prints it (iptables.c, print_match). */
export function listedMatch(use: MatchUse, context: PrintContext, extensions: Extensions = registered): string {
  const found = extensions.match(use.name, use.revision, use.data);
  if (found.kind === 'unknown-name') return `UNKNOWN match \`${use.name}' `;
  if (found.kind === 'unknown-revision') return `${use.name}${unsupported} `;
  return found.definition.print(found.info, context);
}

/** A target in `iptables -L`, behind the matches (iptables.c, print_firewall). */
export function listedTarget(use: MatchUse, context: PrintContext, extensions: Extensions = registered): string {
  const found = extensions.target(use.name, use.revision, use.data);
  if (found.kind === 'unknown-name')
    return use.data.length === 0 ? '' : `[${use.data.length} bytes of unknown target data] `;
  if (found.kind === 'unknown-revision') return ` ${use.name}${unsupported}`;
  return found.definition.print(found.info, context);
}

/**
 * ` -m name options` of `iptables -S`. For a match without plugin, where iptables gives up, the
 * number of its bytes stands in the options' place.
 */
export function savedMatch(use: MatchUse, header: HeaderMatch, extensions: Extensions = registered): string {
  const found = extensions.match(use.name, use.revision, use.data);
  if (found.kind === 'unknown-name') return ` -m ${use.name}${unknownBytes(use)}`;
  if (found.kind === 'unknown-revision') return ` -m ${use.name}${unsupported}`;
  const { definition, info } = found;
  return ` -m ${definition.alias?.(info) ?? use.name}${definition.save(info, { header })}`;
}

/** ` -j NAME options` of `iptables -S`; without plugin as `savedMatch`. */
export function savedTarget(use: MatchUse, header: HeaderMatch, extensions: Extensions = registered): string {
  const found = extensions.target(use.name, use.revision, use.data);
  if (found.kind === 'unknown-name') return ` -j ${use.name}${unknownBytes(use)}`;
  if (found.kind === 'unknown-revision') return ` -j ${use.name}${unsupported}`;
  const { definition, info } = found;
  return ` -j ${definition.alias?.(info) ?? use.name}${definition.save(info, { header })}`;
}

function unknownBytes({ data }: MatchUse): string {
  return data.length === 0 ? '' : ` [${data.length} bytes]`;
}
