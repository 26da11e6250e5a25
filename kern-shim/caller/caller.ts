import fs from 'node:fs';
import { BpfilterError } from '../../protocol/error.ts';
import { closeFd } from '../../sys/descriptor.ts';
import { POLLIN, Poller } from '../../sys/poll.ts';
import { accessibleBytes, addressSpaceInUse, MAP_READABLE, MAP_WRITABLE } from '../../sys/process-map.ts';
import { pidfdOpenThread } from '../../sys/thread.ts';

/** How much of a range the caller itself could read and write, from its start. */
export interface Access {
  readonly readable: number;
  readonly writable: number;
}

/**
 * A calling thread by descriptors that can't come to mean another one: its pidfd, its memory and
 * the map of it. A pid can be used again, an open file can't.
 */
export class Caller {
  readonly tid: number;
  readonly pidfd: number;
  /** The open /proc/TID/mem. */
  readonly memory: number;
  readonly #maps: number;
  readonly #alive: Poller;

  /** @throws ESRCH when it is gone, 'not-permitted' when its memory is not ours to open */
  constructor(tid: number) {
    this.tid = tid;
    this.pidfd = pidfdOpenThread(tid);
    const opened: number[] = [];
    try {
      // One by one: who is killed between the two leaves the first to be closed.
      opened.push(fs.openSync(`/proc/${tid}/mem`, 'r+'));
      opened.push(fs.openSync(`/proc/${tid}/maps`, 'r'));
    } catch (cause) {
      for (const fd of opened) fs.closeSync(fd);
      closeFd(this.pidfd);
      throw new BpfilterError(
        'not-permitted',
        `the memory of ${tid} can't be opened: it belongs to somebody this shim has no right over`,
        {
          cause,
        },
      );
    }
    [this.memory, this.#maps] = opened as [number, number];
    this.#alive = new Poller([this.pidfd], [POLLIN]);
  }

  /** Whether this still is the thread and the program it was opened for; no, where the kernel can't tell. */
  get current(): boolean {
    return this.#alive.wait(0) === 0 && addressSpaceInUse(this.#maps) === true;
  }

  /** What the caller may do with `length` bytes at `address`; the kernel's copies to and from it ask the same. */
  access(address: number, length: number): Access {
    const readable = accessibleBytes(this.#maps, address, length, MAP_READABLE);
    return { readable, writable: accessibleBytes(this.#maps, address, readable, MAP_READABLE | MAP_WRITABLE) };
  }

  /** The int at an address, undefined where there is none to be read. */
  readInt(address: number): number | undefined {
    try {
      if (accessibleBytes(this.#maps, address, 4, MAP_READABLE) < 4) return undefined;
      return fs.readSync(this.memory, word, 0, 4, address) === 4 ? word.readInt32LE(0) : undefined;
    } catch {
      return undefined;
    }
  }

  /** Stores an int; false where it can't be written. */
  writeInt(address: number, value: number): boolean {
    word.writeInt32LE(value, 0);
    try {
      if (accessibleBytes(this.#maps, address, 4, MAP_WRITABLE) < 4) return false;
      return fs.writeSync(this.memory, word, 0, 4, address) === 4;
    } catch {
      return false;
    }
  }

  close(): void {
    fs.closeSync(this.memory);
    fs.closeSync(this.#maps);
    closeFd(this.pidfd);
  }
}

const word = Buffer.alloc(4);

/** Keeps the last caller open: one run of iptables makes several calls in a row. */
export class Callers {
  #last: Caller | undefined;

  /** @throws as Caller */
  of(tid: number): Caller {
    if (this.#last?.tid === tid && this.#last.current) return this.#last;
    this.#last?.close();
    this.#last = undefined;
    this.#last = new Caller(tid);
    return this.#last;
  }
}
