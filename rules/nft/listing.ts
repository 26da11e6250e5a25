import { BpfilterError } from '../../protocol/error.ts';
import { counterId, type Generation, guardedId, parseMarker } from './names.ts';

/** What is read of anything nft printed (`nft -j list …`); each object of its array has one key that tells its kind. */
interface Listed {
  readonly nftables?: unknown;
  readonly chain?: unknown;
  readonly rule?: unknown;
  readonly table?: unknown;
  readonly name?: unknown;
  readonly handle?: unknown;
  readonly expr?: unknown;
  readonly comment?: unknown;
  readonly counter?: unknown;
}

/**
 * The rule handles of each entry, in the order of its chain, from `nft -j list table`. A rule belongs to
 * the entry whose counter it names, a guard to the one its comment says. Throws `dataplane` for text that
 * is no listing.
 */
export function handlesById(listing: string): ReadonlyMap<number, readonly number[]> {
  const found = new Map<number, number[]>();
  for (const object of objectsOf(listing)) {
    const { rule } = object;
    if (!isRecord(rule)) continue;
    const id = ruleEntry(rule);
    if (id === undefined) continue;
    const { handle } = rule;
    if (typeof handle !== 'number') throw unreadable('a rule without a handle');
    const known = found.get(id);
    if (known === undefined) found.set(id, [handle]);
    else known.push(handle);
  }
  return found;
}

/** The generation in force, from `nft -j list table`; undefined where the table has no marker. Throws as `handlesById`. */
export function generationOf(listing: string): Generation | undefined {
  for (const { chain } of objectsOf(listing)) {
    if (!isRecord(chain) || typeof chain.name !== 'string') continue;
    const generation = parseMarker(chain.name);
    if (generation !== undefined) return generation;
  }
  return undefined;
}

/** A chain of any table. */
export interface ListedChain {
  readonly table: string;
  readonly name: string;
}

/** The chains in what `nft -j list chains` printed. Throws as `handlesById`. */
export function chainsIn(listing: string): readonly ListedChain[] {
  return objectsOf(listing).flatMap(({ chain }) => {
    if (!isRecord(chain)) return [];
    const { table, name } = chain;
    return typeof table === 'string' && typeof name === 'string' ? [{ table, name }] : [];
  });
}

/** The entry a rule belongs to: by the counter it names, or, a guard, by its comment. */
export function ruleEntry({
  expr,
  comment,
}: {
  readonly expr?: unknown;
  readonly comment?: unknown;
}): number | undefined {
  if (Array.isArray(expr)) {
    for (const statement of expr) {
      const name = isRecord(statement) ? statement.counter : undefined;
      const id = typeof name === 'string' ? counterId(name) : undefined;
      if (id !== undefined) return id;
    }
  }
  return typeof comment === 'string' ? guardedId(comment) : undefined;
}

function objectsOf(listing: string): readonly Listed[] {
  const parsed = parse(listing);
  const objects = isRecord(parsed) ? parsed.nftables : undefined;
  if (!Array.isArray(objects)) throw unreadable('no "nftables" array');
  return objects.filter(isRecord);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unreadable('not JSON', error);
  }
}

function isRecord(value: unknown): value is Listed {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unreadable(problem: string, cause?: unknown): BpfilterError {
  return new BpfilterError('dataplane', `nft's listing: ${problem}`, { cause });
}
