import { writeSync } from 'node:fs';
import { describeError } from '../protocol/error.ts';
import { oneLine } from '../protocol/log-text.ts';

export type LogLevel = 'info' | 'warning' | 'error';

/** Where the driver says what a status of 4 bytes can't. Never throws. */
export interface Log {
  info(message: string): void;
  warning(message: string): void;
  /** `error` adds its message and those of its causes. */
  error(message: string, error?: unknown): void;
}

export interface LogOptions {
  /** Descriptors that get every line. */
  readonly descriptors: readonly number[];
  readonly pid: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly write?: (descriptor: number, line: string) => void;
}

/** A log of one line a record: ISO time, program and pid, level, text. */
export function createLog(options: LogOptions): Log {
  const write = options.write ?? ((descriptor: number, line: string) => void writeSync(descriptor, line));
  const put = (level: LogLevel, message: string) => {
    const time = new Date(options.now()).toISOString();
    const line = `${time} bpfilter_umh[${options.pid}] ${level}: ${oneLine(message)}\n`;
    for (const descriptor of options.descriptors) {
      try {
        write(descriptor, line);
      } catch {
        // a log that can't be written must not cost a request
      }
    }
  };
  return {
    info: (message) => put('info', message),
    warning: (message) => put('warning', message),
    error: (message, error) => put('error', error === undefined ? message : `${message}: ${describeError(error)}`),
  };
}
