import { atLeast } from './analysis.ts';
import type { GuardSpec } from './guard.ts';
import { type HeaderFacets, includes } from './header-facets.ts';

/** A guard that stands earlier in a chain, with the header tests in front of it. */
interface KnownGuard {
  readonly spec: GuardSpec;
  readonly header: HeaderFacets;
}

/** How many guards of a chain are remembered: enough for the protocols, and planning stays linear. */
const REMEMBERED = 16;

/**
 * The guards passed on the way down a chain. A packet that matches a header matched any part of it
 * earlier too (nothing changes what headers test), so a guard behind that part has seen it.
 */
export class GuardMemory {
  readonly #known: KnownGuard[] = [];
  /** How many tests the narrowest of them has. */
  #narrowest = 0;

  covers(spec: GuardSpec, header: HeaderFacets): boolean {
    for (const known of this.#known) if (atLeast(known.spec, spec) && includes(known.header, header)) return true;
    return false;
  }

  /** Where there is no room it takes the place of the narrowest, if that is narrower. */
  remember(spec: GuardSpec, header: HeaderFacets): void {
    const count = tests(header);
    if (this.#known.length < REMEMBERED) this.#known.push({ spec, header });
    else if (count >= this.#narrowest) return;
    else this.#known[this.#known.findIndex((known) => tests(known.header) === this.#narrowest)] = { spec, header };
    this.#narrowest = Math.max(...this.#known.map((known) => tests(known.header)));
  }
}

function tests(header: HeaderFacets): number {
  return header.filter((facet) => facet !== '').length;
}
