import { Worker } from 'node:worker_threads';
import { workerFile } from '../worker-file.ts';
import type { TargetData, TargetMessage } from './messages.ts';

/** How CMD ended. */
export interface TargetEnd {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface TargetEvents {
  listening(listener: number): void;
  nested(): void;
  failed(message: string): void;
  started(pid: number): void;
  /** @param code errno name of the failed exec, e.g. "ENOENT" */
  notStarted(code: string, message: string): void;
  ended(end: TargetEnd): void;
}

/** Starts the thread that filters itself and then starts CMD. */
export function startTarget(data: TargetData, events: TargetEvents): Worker {
  const { url, execArgv } = workerFile('target-worker', 'run');
  const worker = new Worker(url, { workerData: data, execArgv, resourceLimits: { maxYoungGenerationSizeMb: 1 } });
  worker.on('error', (error) => events.failed(error.message));
  worker.on('message', (message: TargetMessage) => {
    switch (message.kind) {
      case 'listening':
        events.listening(message.listener);
        return;
      case 'nested':
        events.nested();
        return;
      case 'failed':
        events.failed(message.message);
        return;
      case 'started':
        events.started(message.pid);
        return;
      case 'not-started':
        events.notStarted(message.code, message.message);
        return;
      case 'ended':
        events.ended(message);
        return;
      default:
        message satisfies never;
    }
  });
  return worker;
}
