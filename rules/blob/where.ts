import { BpfilterError } from '../../protocol/error.ts';
import { hookNames, XT_FUNCTION_MAXNAMELEN } from '../../protocol/x-tables.ts';
import type { BlobBytes } from './blob-bytes.ts';
import { hooksOf, type PerHook } from './per-hook.ts';

/** What an entry's place is told from: all entries before it must have been walked. */
export interface Located {
  readonly blob: BlobBytes;
  readonly offsets: Uint32Array;
  readonly validHooks: number;
  readonly hookEntry: PerHook;
  readonly underflow: PerHook;
}

/**
 * An entry as messages name it: "entry 7 (rule 2 of INPUT)". For messages only: it searches back
 * for the chain's start.
 */
export function where(table: Located, index: number): string {
  const { blob, offsets } = table;
  const hooks = hooksOf(table.validHooks);
  for (let first = Math.min(index, offsets.length); first >= 0; first -= 1) {
    const at = startOf(table, first);
    const hook = hooks.find((one) => table.hookEntry[one] === at);
    if (hook !== undefined)
      return describe(index, hookNames[hook], index - first + 1, table.underflow[hook] === startOf(table, index));
    const target = first < offsets.length ? at + blob.targetOffset(at) : undefined;
    if (target !== undefined && first < index && blob.isError(target)) {
      return describe(index, blob.errorName(target, XT_FUNCTION_MAXNAMELEN), index - first, false);
    }
  }
  return `entry ${index}`;
}

function describe(index: number, chain: string, rule: number, policy: boolean): string {
  return policy ? `entry ${index} (policy of ${chain})` : `entry ${index} (rule ${rule} of ${chain})`;
}

/** Where entry `index` starts; also of the one that comes next, which isn't walked yet. */
function startOf({ offsets, blob }: Located, index: number): number {
  const at = offsets[index];
  if (at !== undefined) return at;
  const last = offsets.at(-1);
  return last === undefined ? 0 : last + blob.nextOffset(last);
}

/** EINVAL: the bytes break a rule of the interface. */
export function malformed(message: string): BpfilterError {
  return new BpfilterError('malformed', message);
}
