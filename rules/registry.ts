import { BpfilterError } from '../protocol/error.ts';
import { XT_EXTENSION_MAXNAMELEN } from '../protocol/x-tables.ts';
import type { AnyMatch, AnyTarget, Placement } from './extension.ts';
import { matches, targets } from './registry.gen.ts';

export type ExtensionKind = 'match' | 'target';

export interface FoundMatch {
  readonly definition: AnyMatch;
  readonly revision: AnyMatch['revisions'][number];
}

export interface FoundTarget {
  readonly definition: AnyTarget;
  readonly revision: AnyTarget['revisions'][number];
}

interface Extension {
  readonly name: string;
  readonly placement: Placement;
  readonly revisions: Readonly<Record<number, unknown>>;
}

/** Targets that are part of the tables themselves: XT_STANDARD_TARGET and XT_ERROR_TARGET. */
const builtinTargets: readonly Extension[] = ['', 'ERROR'].map((name) => ({
  name,
  placement: {},
  revisions: { 0: undefined },
}));

const matchesByName = byName('match', matches);
const targetsByName = byName('target', targets);
const known: Readonly<Record<ExtensionKind, ReadonlyMap<string, Extension>>> = {
  match: new Map<string, Extension>(matchesByName),
  target: new Map<string, Extension>([...builtinTargets.map((one) => [one.name, one] as const), ...targetsByName]),
};

/**
 * The match of a rule, as the kernel's xt_find_match (net/netfilter/x_tables.c) looks it up.
 * Throws `no-such-extension`, `no-such-revision` (only for one that is registered for all families:
 * the kernel forgets that it saw another revision when it goes on to the common list), or `malformed`
 * for a name without room for its NUL.
 */
export function findMatch(name: string, revision: number): FoundMatch {
  const definition = matchesByName.get(name);
  const found = definition?.revisions[revision];
  if (definition === undefined || found === undefined) return missing('match', name, revision);
  return { definition, revision: found };
}

/**
 * The extension target of a rule (xt_request_find_target); throws as `findMatch`. The standard target
 * and ERROR are no extensions: ask `isBuiltinTarget` first.
 */
export function findTarget(name: string, revision: number): FoundTarget {
  const definition = targetsByName.get(name);
  const found = definition?.revisions[revision];
  if (definition === undefined || found === undefined) return missing('target', name, revision);
  return { definition, revision: found };
}

/** Whether it is the standard target ("") or ERROR; another revision of these is ENOENT, by `findTarget`. */
export function isBuiltinTarget(name: string, revision: number): boolean {
  return revision === 0 && builtinTargets.some((target) => target.name === name);
}

/** The revisions there are of an extension, ascending; none for an unknown name. */
export function revisions(kind: ExtensionKind, name: string): readonly number[] {
  return Object.keys(known[kind].get(name)?.revisions ?? {}).map(Number);
}

/**
 * What GET_REVISION_MATCH or _TARGET finds (xt_find_revision): the highest revision there is, when the
 * asked one exists. Throws `no-such-extension` or `revision-unsupported`.
 */
export function answerRevision(kind: ExtensionKind, name: string, revision: number): number {
  const there = revisions(kind, name);
  const best = there.at(-1);
  if (best === undefined) throw new BpfilterError('no-such-extension', `no ${kind} "${name}"`);
  if (!there.includes(revision)) throw new BpfilterError('revision-unsupported', otherRevision(kind, name, revision));
  return best;
}

function byName<E extends Extension>(kind: ExtensionKind, extensions: readonly E[]): ReadonlyMap<string, E> {
  const map = new Map(extensions.map((extension) => [extension.name, extension]));
  if (map.size !== extensions.length) throw new BpfilterError('state', `two ${kind} extensions of one name`);
  return map;
}

function missing(kind: ExtensionKind, name: string, revision: number): never {
  if (name.length >= XT_EXTENSION_MAXNAMELEN) {
    throw new BpfilterError(
      'malformed',
      `${kind} name of ${name.length} bytes, at most ${XT_EXTENSION_MAXNAMELEN - 1} fit`,
    );
  }
  const extension = known[kind].get(name);
  if (extension === undefined) throw new BpfilterError('no-such-extension', `no ${kind} "${name}"`);
  throw new BpfilterError(
    extension.placement.anyFamily === true ? 'no-such-revision' : 'no-such-extension',
    otherRevision(kind, name, revision),
  );
}

function otherRevision(kind: ExtensionKind, name: string, revision: number): string {
  return `no revision ${revision} of ${kind} "${name}", only ${revisions(kind, name).join(', ')}`;
}
