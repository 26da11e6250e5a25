import { closeSync, writeSync } from 'node:fs';
import { BpfilterError } from '../../protocol/error.ts';
import { tryLock, unlock } from '../../sys/flock.ts';
import type { Log } from '../log.ts';
import { openStanding } from '../store/standing-file.ts';
import { killOrphans } from './orphans.ts';
import { formatIdentity, ownIdentity } from './process-identity.ts';

/** The lock of a state folder: one request at a time, whichever driver serves it. */
export interface StateLock {
  /** Waits for it. Throws `busy` after the deadline. */
  acquire(): void;
  release(): void;
}

export interface StateLockOptions {
  readonly path: string;
  readonly log: Log;
  /** Milliseconds that only grow. */
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => void;
  /** Milliseconds after which a request is given up. */
  readonly deadline?: number;
  /** Milliseconds after which to look for nft processes that outlived their driver. */
  readonly patience?: number;
}

const DEADLINE = 20_000;
const PATIENCE = 2_000;
const LONGEST_SLEEP = 5;

/** The lock as this process has it open, and what its nft processes need of it. */
export interface OpenStateLock extends StateLock {
  /** To be inherited by nft processes: while one lives, the lock is held, whatever becomes of us. */
  readonly descriptor: number;
  /** Who we are, as PARENT_VARIABLE wants it. */
  readonly identity: string;
  close(): void;
}

/** Opens (or makes) the lock file. Its text names the driver that last held it, for people. */
export function openStateLock(options: StateLockOptions): OpenStateLock {
  const { path, log, now, sleep, deadline = DEADLINE, patience = PATIENCE } = options;
  const descriptor = openStanding(path);
  const identity = formatIdentity(ownIdentity());
  const text = `${identity}\n`.padEnd(64);

  const wait = () => {
    const start = now();
    let pause = 0.05;
    let nextLook = patience;
    while (!tryLock(descriptor)) {
      const waited = now() - start;
      if (waited > deadline) {
        throw new BpfilterError('busy', `another driver or its nft has held ${path} for ${Math.round(waited)} ms`);
      }
      if (waited > nextLook) {
        nextLook = waited + patience;
        killOrphans(descriptor, log);
      }
      sleep(pause);
      pause = Math.min(pause * 2, LONGEST_SLEEP);
    }
  };
  let written = false;
  return {
    descriptor,
    identity,
    acquire() {
      if (!tryLock(descriptor)) {
        wait();
        written = false;
      }
      if (written) return;
      written = true;
      writeSync(descriptor, text, 0);
    },
    release: () => unlock(descriptor),
    close: () => closeSync(descriptor),
  };
}

const cell = new Int32Array(new SharedArrayBuffer(4));

/** Sleeps this thread; at least some microseconds. */
export function sleepSync(milliseconds: number): void {
  Atomics.wait(cell, 0, 0, milliseconds);
}
