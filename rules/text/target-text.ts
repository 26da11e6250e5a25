import { IPT_F_GOTO } from '../../protocol/ip-tables.ts';
import type { PrintContext } from '../extension.ts';
import type { HeaderMatch, TargetUse } from '../ir.ts';
import { listedTarget, savedTarget } from './extension-text.ts';

/** What stands in the target column of `iptables -L`: "" for a rule without target. */
export function targetName(target: TargetUse): string {
  switch (target.kind) {
    case 'accept':
    case 'drop':
    case 'queue':
    case 'return':
      return target.kind.toUpperCase();
    case 'continue':
      return '';
    case 'jump':
    case 'goto':
      return target.chain;
    case 'extension':
      return target.name;
    default:
      return target satisfies never;
  }
}

/** What `iptables -L` says of the target behind the matches: only extensions say anything. */
export function targetDetails(target: TargetUse, context: PrintContext): string {
  return target.kind === 'extension' ? listedTarget(target, context) : '';
}

/** ` -j NAME options`, ` -g CHAIN`, or "" for a rule without target, as `iptables -S` writes it. */
export function savedTargetText(target: TargetUse, header: HeaderMatch): string {
  if (target.kind === 'continue') return '';
  if (target.kind === 'extension') return savedTarget(target, header);
  return ` -${(header.flags & IPT_F_GOTO) === 0 ? 'j' : 'g'} ${targetName(target)}`;
}
