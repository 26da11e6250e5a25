import { Worker } from 'node:worker_threads';
import { ownStdio, workerFile } from '../worker-file.ts';
import type { TargetData, TargetMessage } from './messages.ts';

export interface TargetEvents {
  listening(listener: number): void;
  nested(): void;
  failed(message: string): void;
  started(pid: number): void;
  /** @param errno what exec failed with, undefined when it wasn't exec that failed */
  notStarted(errno: number | undefined, message: string): void;
}

/** Starts the thread that filters itself and then starts CMD; it ends at once after that. */
export function startTarget(data: TargetData, events: TargetEvents): Worker {
  const { url, execArgv } = workerFile('target-worker', 'run');
  const worker = new Worker(url, {
    workerData: data,
    execArgv,
    ...ownStdio,
    resourceLimits: { maxYoungGenerationSizeMb: 1 },
  });
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
        events.notStarted(message.errno, message.message);
        return;
      default:
        message satisfies never;
    }
  });
  return worker;
}
