import { closeSync } from 'node:fs';
import { BpfilterError } from '../protocol/error.ts';
import { decodeRequest, mbox_reply, OWN_LEVEL, splitCommand } from '../protocol/mbox.ts';
import type { Driver } from './driver.ts';
import type { Pipes } from './serve.ts';

/**
 * Ways in which a driver misbehaves: it answers what is no status, answers a part, closes the pipe that it
 * answers by, or says that a change is done which it hasn't looked at.
 */
const kinds = ['garbage', 'short', 'closed-pipe', 'lose'] as const;
export type FaultKind = (typeof kinds)[number];

export interface Fault {
  readonly kind: FaultKind;
  readonly seed: number;
  /** Callers' requests from one fault to the next, on an average; the first one a driver gets is always served well. */
  readonly every: number;
}

/** The reply pipe. */
const TO_SHIM = 1;

/** BPFILTER_FAULT, `KIND:SEED:EVERY`; only drills set it. Throws `usage`. */
export function faultOf(text: string | undefined): Fault | undefined {
  if (text === undefined || text === '') return undefined;
  const [, name, seed, every] = /^([a-z-]+):(\d{1,10}):([1-9]\d{0,5})$/.exec(text) ?? [];
  const kind = kinds.find((one) => one === name);
  if (kind === undefined)
    throw new BpfilterError('usage', `BPFILTER_FAULT: KIND:SEED:EVERY expected (${kinds.join(', ')}), found "${text}"`);
  return { kind, seed: Number(seed), every: Number(every) };
}

/** The same driver and pipes with the fault in them. */
export function withFault(
  fault: Fault,
  { driver, pipes }: { readonly driver: Driver; readonly pipes: Pipes },
): { readonly driver: Driver; readonly pipes: Pipes } {
  // Each process has its own sequence: the same one again and again would meet the same requests.
  const next = numbers(fault.seed ^ Math.imul(process.pid, 0x9e3779b1));
  let left = 2 + next(2 * fault.every);
  let isDue = false;
  return {
    driver: {
      serve(message) {
        const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
        const { cmd, is_set } = decodeRequest(view);
        // The health check and the shim's own questions are no callers'.
        const isCallers = cmd !== 0 && splitCommand(cmd).level !== OWN_LEVEL;
        if (isCallers) left -= 1;
        const isMeant = fault.kind !== 'lose' || is_set === 1;
        isDue = left <= 0 && isCallers && isMeant;
        if (isDue) left = 2 + next(2 * fault.every);
        return isDue && fault.kind === 'lose' ? 0 : driver.serve(message);
      },
      // Who fails while it answers never gets to what comes behind the answer.
      answered: () => {
        if (!isDue || fault.kind === 'lose') driver.answered();
      },
    },
    pipes: {
      read: (bytes, offset, mayLook) => pipes.read(bytes, offset, mayLook),
      write(bytes, offset) {
        if (isDue) {
          misbehave(fault.kind, pipes, bytes, next);
          if (fault.kind !== 'lose') return bytes.length - offset;
        }
        return pipes.write(bytes, offset);
      },
    },
  };
}

function misbehave(kind: FaultKind, pipes: Pipes, bytes: Uint8Array, next: (end: number) => number): void {
  switch (kind) {
    case 'garbage': {
      const garbage = Uint8Array.from({ length: mbox_reply.size * 25 }, () => next(256));
      garbage[3] = 0x80 + next(0x7f); // far below any −errno: other numbers can't be told from a status
      pipes.write(garbage, 0);
      return;
    }
    case 'short':
      pipes.write(bytes.subarray(0, 1 + next(mbox_reply.size - 1)), 0);
      return;
    case 'closed-pipe':
      closeSync(TO_SHIM);
      return;
    case 'lose':
      return;
    default:
      kind satisfies never;
  }
}

/** Numbers from 0 up to, but not, `end`: xorshift32, the same for the same seed. */
function numbers(seed: number): (end: number) => number {
  let state = seed >>> 0 || 1;
  return (end) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % end;
  };
}
