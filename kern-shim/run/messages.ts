import type { ModuleStatus } from '../module.ts';
import type { ModulesOptions } from '../modules.ts';
import type { Inherited } from './inherited.ts';
import type { Program } from './program.ts';

/** What the main thread tells the serving thread at its start. */
export interface ServeData extends Omit<ModulesOptions, 'register'> {
  readonly listener: number;
  /** eventfd that wakes the serving thread, which sleeps in poll(2) and has no event loop meanwhile. */
  readonly wake: number;
  /** What a serving thread that fails leaves to its successor (TakenCall, DriverRegister). */
  readonly taken: SharedArrayBuffer;
  readonly drivers: SharedArrayBuffer;
}

/** What the serving thread does between two requests. */
export type ServeOperation = 'status' | 'kill' | 'load' | 'unload';

/** What a person may ask of a running shim, by its socket. `disable`: no driver is started until `enable`. */
export type ControlOperation = ServeOperation | 'disable' | 'enable';
export const controlOperations: readonly ControlOperation[] = ['status', 'kill', 'load', 'unload', 'disable', 'enable'];

export interface ServeCommand {
  readonly id: number;
  readonly operation: ServeOperation | 'stop';
}

/** One served namespace, as `status` shows it. */
export interface ServedStatus extends ModuleStatus {
  readonly folder: string;
  readonly log: string;
  readonly own: boolean;
  /** What the driver itself says of its tables: JSON text; undefined when it doesn't run. */
  readonly driver: string | undefined;
}

export type ServeMessage =
  | { readonly kind: 'answer'; readonly id: number; readonly text: string }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string }
  | { readonly kind: 'served'; readonly id: number; readonly status: readonly ServedStatus[] }
  | { readonly kind: 'hangup' }
  | { readonly kind: 'stopped' };

/** What the main thread tells the thread that starts CMD. */
export interface TargetData {
  readonly filter: Uint8Array;
  readonly noNewPrivs: boolean;
  readonly program: Program;
  /** Entries NAME=VALUE. */
  readonly env: readonly Uint8Array[];
  readonly inherited: Inherited;
  /** An Int32 that becomes 1 when CMD is about to be started. */
  readonly begun: SharedArrayBuffer;
}

export type TargetMessage =
  | { readonly kind: 'listening'; readonly listener: number }
  /** A filter with a listener is there already: seccomp allows one in a tree. */
  | { readonly kind: 'nested' }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'started'; readonly pid: number }
  | { readonly kind: 'not-started'; readonly errno: number | undefined; readonly message: string };
