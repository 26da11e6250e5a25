import type { AddedHandles } from '../dataplane/data-plane.ts';

/**
 * nft's rule handles of a table's entries, as far as they are known. A handle is never used again while its table
 * lives, nor an id: what was once known stays true until the entry goes.
 */
export class HandleBook {
  readonly #handles = new Map<number, number | readonly number[]>();
  /** Every id from here on is known; one that has no handles has no rules. */
  #knownFrom: number;

  /** @param knownFrom 0: all, as `listed` tells; else a table's next id: none yet */
  constructor(knownFrom: number, listed: ReadonlyMap<number, readonly number[]> = new Map()) {
    this.#knownFrom = knownFrom;
    for (const [id, handles] of listed) this.#handles.set(id, handles.length === 1 ? (handles[0] ?? 0) : handles);
  }

  knows(id: number): boolean {
    return id >= this.#knownFrom;
  }

  get knowsAll(): boolean {
    return this.#knownFrom <= 1;
  }

  /** Ids from `from` on and their handles, one rule after the other. */
  pairs(from: number): Float64Array {
    const pairs: number[] = [];
    for (const [id, handles] of this.#handles) {
      if (id < from) continue;
      if (typeof handles === 'number') pairs.push(id, handles);
      else for (const handle of handles) pairs.push(id, handle);
    }
    return Float64Array.from(pairs);
  }

  /** In the order of the chain. */
  of(id: number): readonly number[] {
    const found = this.#handles.get(id) ?? [];
    return typeof found === 'number' ? [found] : found;
  }

  /** A transaction took effect: what it added (undefined: that isn't known), what went, and the first id that none has yet. */
  follow(added: AddedHandles | undefined, removed: readonly number[], nextId: number): void {
    for (const id of removed) this.#handles.delete(id);
    if (added === undefined) {
      this.#handles.clear();
      this.#knownFrom = nextId;
      return;
    }
    added.ids.forEach((id, at) => {
      const handle = added.handles[at] ?? 0;
      const before = this.#handles.get(id);
      if (before === undefined) this.#handles.set(id, handle);
      else this.#handles.set(id, typeof before === 'number' ? [before, handle] : [...before, handle]);
    });
  }
}
