import { atLeast } from './analysis.ts';
import type { GuardSpec } from './guard.ts';

/** A guard that stands earlier in a chain, with the header tests in front of it. */
interface KnownGuard {
  readonly spec: GuardSpec;
  readonly header: ReadonlySet<string>;
}

/** How many guards of a chain are remembered: enough for the protocols, and planning stays linear. */
const REMEMBERED = 16;

/**
 * The guards passed on the way down a chain. A packet that matches a header matched any part of it
 * earlier too (nothing changes what headers test), so a guard behind that part has seen it.
 */
export class GuardMemory {
  readonly #known: KnownGuard[] = [];

  covers(spec: GuardSpec, header: ReadonlySet<string>): boolean {
    return this.#known.some((known) => atLeast(known.spec, spec) && isSubset(known.header, header));
  }

  /** Where there is no room it takes the place of the narrowest, if that is narrower. */
  remember(spec: GuardSpec, header: ReadonlySet<string>): void {
    if (this.#known.length < REMEMBERED) {
      this.#known.push({ spec, header });
      return;
    }
    const sizes = this.#known.map((known) => known.header.size);
    const widest = Math.max(...sizes);
    if (header.size < widest) this.#known[sizes.indexOf(widest)] = { spec, header };
  }
}

function isSubset(part: ReadonlySet<string>, whole: ReadonlySet<string>): boolean {
  if (part.size > whole.size) return false;
  for (const test of part) if (!whole.has(test)) return false;
  return true;
}
