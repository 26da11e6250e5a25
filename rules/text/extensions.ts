import type { AnyMatch, AnyTarget, Revision } from '../extension.ts';
import { type ExtensionKind, findMatch, findTarget, revisions } from '../registry.ts';

/** A match or target that can print the bytes of a rule, or why there is none. */
export type Found<Definition> =
  | { readonly kind: 'known'; readonly definition: Definition; readonly info: unknown }
  | { readonly kind: 'unknown-name' }
  | { readonly kind: 'unknown-revision' };

/** Where the texts of extensions come from. */
export interface Extensions {
  match(name: string, revision: number, data: Uint8Array): Found<AnyMatch>;
  target(name: string, revision: number, data: Uint8Array): Found<AnyTarget>;
}

/** The extensions of the registry. Nothing is thrown for what isn't there: a listing always comes out. */
export const registered: Extensions = {
  match: (name, revision, data) => missing('match', name, revision) ?? read(findMatch(name, revision), data),
  target: (name, revision, data) => missing('target', name, revision) ?? read(findTarget(name, revision), data),
};

function missing(kind: ExtensionKind, name: string, revision: number): Found<never> | undefined {
  const known = revisions(kind, name);
  if (known.length === 0) return { kind: 'unknown-name' };
  return known.includes(revision) ? undefined : { kind: 'unknown-revision' };
}

function read<Definition>(
  { definition, revision }: { readonly definition: Definition; readonly revision: Revision<unknown> },
  data: Uint8Array,
): Found<Definition> {
  if (data.length < revision.size) return { kind: 'unknown-revision' };
  return { kind: 'known', definition, info: revision.decode(data) };
}
