import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | undefined;

/**
 * Gives memory of this thread back that nothing refers to any more; takes some milliseconds. V8's own function for it needs a
 * flag, but for a moment only: node's compiled modules are good for the flags alone that they were made with. The flag is the
 * process's, and another thread may have taken it back too soon: then nothing is collected this time.
 */
export function collectGarbage(): void {
  collect ??= collector();
  collect?.();
}

function collector(): (() => void) | undefined {
  setFlagsFromString('--expose-gc');
  try {
    // A context has the function only if it is made now.
    return runInNewContext('globalThis.gc') as (() => void) | undefined;
  } finally {
    setFlagsFromString('--no-expose-gc');
  }
}
