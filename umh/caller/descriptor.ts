import { closeSync } from 'node:fs';
import { BpfilterError } from '../../protocol/error.ts';
import type { MemoryNote } from '../../protocol/memory-note.ts';
import { type CallerMemory, type NamedRange, openMemory } from './memory.ts';

/** Where the descriptors of callers' memories come from: one for each request that names memory. */
export interface CallerSource {
  /**
   * Takes what came for this request, which names `named` of the caller's memory. Throws `fault` when nothing did and the request needs it.
   * Every descriptor it took is closed by `close`.
   */
  take(named: NamedRange): CallerMemory;
  /** Ends the request: closes its descriptor, and any that came unasked. */
  close(): void;
}

/** An open /proc/PID/mem and what the caller may do with the range that the request names. */
export interface Received extends MemoryNote {
  readonly descriptor: number;
}

export interface CallerSourceOptions {
  /** The next descriptor that waits; never blocks. */
  readonly receive: () => Received | undefined;
  readonly close?: (descriptor: number) => void;
}

/** A source over a socket that passes descriptors. */
export function callerSource(options: CallerSourceOptions): CallerSource {
  const { receive, close = closeSync } = options;
  let held: Received | undefined;
  const takeOne = () => {
    const next = receive();
    if (next === undefined) return false;
    if (held !== undefined) close(held.descriptor);
    held = next;
    return true;
  };
  return {
    take(named) {
      // A stray one came first: messages keep their order, and the request's own was sent last.
      while (takeOne());
      if (held === undefined)
        throw new BpfilterError('fault', 'the request names memory, but no descriptor of it came');
      const { descriptor, readable, writable, sequence } = held;
      return openMemory(descriptor, { ...named, readable, writable }, sequence);
    },
    close() {
      // Behind the request's own nothing can have come yet; the next request would find it.
      if (held === undefined) while (takeOne());
      if (held !== undefined) close(held.descriptor);
      held = undefined;
    },
  };
}
