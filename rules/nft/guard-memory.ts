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

/** A guard that was taken into memory. */
interface Remembered {
  /** The entry's place in its chain. */
  readonly at: number;
  /** Where in the memory. */
  readonly slot: number;
  readonly guard: KnownGuard;
}

/**
 * The guards passed on the way down a chain. A packet that matches a header matched any part of it
 * earlier too (nothing changes what headers test), so a guard behind that part has seen it.
 */
export class GuardMemory {
  readonly #known: KnownGuard[] = [];
  /** All that it ever took in. Few: one takes another's place only if it has fewer tests. */
  readonly #log: Remembered[] = [];
  /** How many tests the narrowest of them has. */
  #narrowest = 0;

  covers(spec: GuardSpec, header: HeaderFacets): boolean {
    for (const known of this.#known) if (atLeast(known.spec, spec) && includes(known.header, header)) return true;
    return false;
  }

  /** Takes in a guard of entry `at`. Where there is no room it takes the place of the narrowest, if that is narrower. */
  remember(spec: GuardSpec, header: HeaderFacets, at: number): void {
    let slot = this.#known.length;
    if (slot >= REMEMBERED) {
      if (tests(header) >= this.#narrowest) return;
      slot = this.#known.findIndex((known) => tests(known.header) === this.#narrowest);
    }
    this.#put({ at, slot, guard: { spec, header } });
  }

  /** What it was in front of entry `at`. */
  before(at: number): GuardMemory {
    const memory = new GuardMemory();
    for (const one of this.#log) if (one.at < at) memory.#put(one);
    return memory;
  }

  #put(one: Remembered): void {
    this.#log.push(one);
    this.#known[one.slot] = one.guard;
    this.#narrowest = Math.max(...this.#known.map((known) => tests(known.header)));
  }
}

function tests(header: HeaderFacets): number {
  return header.filter((facet) => facet !== '').length;
}
