import { BpfilterError } from '../../protocol/error.ts';
import type { CallerMemory } from '../caller/memory.ts';
import type { DriverContext } from '../context.ts';
import type { Replay } from '../replay.ts';
import type { TableKeeper } from '../tables/keeper.ts';
import type { Kernel } from '../tables/kernel.ts';
import type { Translator } from '../tables/translator.ts';
import type { UseOrder } from '../tables/use-order.ts';

/** One request, taken apart. */
export interface Request {
  /** The 24 bytes as they came. */
  readonly message: Uint8Array;
  /** An address in the caller's memory, and how many bytes it gives. */
  readonly address: number;
  readonly length: number;
  readonly pid: number;
  readonly replay: boolean;
}

/** What options are served with. */
export interface Service {
  readonly context: DriverContext;
  readonly keeper: TableKeeper;
  readonly order: UseOrder;
  readonly replay: Replay;
  readonly kernel: Kernel;
  readonly translator: Pick<Translator, 'carrierOf'>;
  /** The memory of the request's caller. Throws `fault` when it didn't come. */
  readonly memory: () => CallerMemory;
}

/** Serves one option; returns the status. Throws what the caller is to see. */
export type ServeOption = (service: Service, request: Request) => number;

/** Throws `malformed` unless the length is right. */
export function wantLength(option: string, ok: boolean, request: Request, wanted: string): void {
  if (!ok) throw new BpfilterError('malformed', `${option}: ${wanted} bytes expected, found ${request.length}`);
}

/** Reads `size` bytes of the caller. */
export function readCaller(service: Service, address: number, size: number): Uint8Array {
  const bytes = Buffer.allocUnsafeSlow(size);
  service.memory().read(address, bytes);
  return bytes;
}
