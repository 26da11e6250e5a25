import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CallerMemory } from '../caller/memory.ts';
import type { DataPlane } from '../dataplane/data-plane.ts';
import type { Epoch } from '../store/epoch.ts';
import { type StateFiles, TEMPORARY } from '../store/files.ts';

/** The driver's death at a chosen step; from then on it does nothing more. */
export class Died extends Error {
  override readonly name = 'Died';
}

/** How a step goes when the driver dies at it. */
export type Death = 'before' | 'half' | 'after';

/** Counts the steps by which a driver changes anything outside itself, and kills it at one of them. */
export class Crash {
  steps: string[] = [];
  dead = false;
  /** Called where a file would need room that it hasn't got. */
  needsRoom: () => void = () => {};
  #at = 0;
  #death: Death = 'before';
  #between: () => void = () => {};
  #fail: (() => never) | undefined;

  /** Counts anew, to die at step number `at` (from 1; 0 = never). `between` runs before every step. */
  arm(at: number, death: Death, between: () => void = () => {}): void {
    this.steps = [];
    this.#at = at;
    this.#death = death;
    this.#between = between;
    this.#fail = undefined;
  }

  /** Counts anew; step number `at` throws instead of being done, and nobody dies. */
  failAt(at: number, fail: () => never): void {
    this.arm(at, 'before');
    this.#fail = fail;
  }

  step<T>(label: string, work: () => T, half: () => void = () => {}): T {
    if (this.dead) throw new Died(label);
    this.#between();
    this.steps.push(label);
    if (this.steps.length !== this.#at) return work();
    if (this.#fail !== undefined) return this.#fail();
    this.dead = true;
    if (this.#death === 'half') half();
    if (this.#death === 'after') work();
    throw new Died(label);
  }
}

/** State files whose driver can die at any change, also with half of a file written. */
export function crashingFiles(files: StateFiles, crash: Crash, root: string): StateFiles {
  return {
    read: (name) => files.read(name),
    exists: (name) => files.exists(name),
    list: () => files.list(),
    age: (name) => files.age(name),
    replace: (name, parts, size) => {
      const tear = () => {
        const bytes = Buffer.concat(parts);
        writeFileSync(join(root, `${name}${TEMPORARY}`), bytes.subarray(0, bytes.length / 2));
      };
      crash.step(
        `replace ${name}`,
        () => {
          crash.needsRoom();
          files.replace(name, parts, size);
        },
        tear,
      );
    },
    overwrite: (name, position, parts) => {
      const tear = () => {
        const bytes = Buffer.concat(parts);
        // One small write is whole or absent; a longer one may be cut.
        if (bytes.length > 600) files.overwrite(name, position, [bytes.subarray(0, bytes.length / 2)]);
      };
      const end = parts.reduce((sum, { length }) => sum + length, position);
      crash.step(
        `overwrite ${name} @${position}`,
        () => {
          if (end > (files.size(name) ?? 0)) crash.needsRoom();
          files.overwrite(name, position, parts);
        },
        tear,
      );
    },
    extend: (name, size) =>
      crash.step(`extend ${name}`, () => {
        crash.needsRoom();
        files.extend(name, size);
      }),
    size: (name) => files.size(name),
    exchange: (from, to) => crash.step(`exchange ${from} ${to}`, () => files.exchange(from, to)),
    setAside: (from, to) => crash.step(`set aside ${from}`, () => files.setAside(from, to)),
    rename: (from, to) => crash.step(`rename ${from} ${to}`, () => files.rename(from, to)),
    remove: (name) => crash.step(`remove ${name}`, () => files.remove(name)),
  };
}

export function crashingEpoch(epoch: Epoch, crash: Crash): Epoch {
  return {
    now: epoch.now,
    refresh: () => epoch.refresh(),
    bump: (slot) => crash.step(`bump ${slot}`, () => epoch.bump(slot)),
  };
}

export function crashingPlane(plane: DataPlane, crash: Crash): DataPlane {
  return {
    transport: plane.transport,
    xt: plane.xt,
    hasTable: (family, table) => plane.hasTable(family, table),
    commit: (document, generation) => crash.step('commit', () => plane.commit(document, generation)),
    listCounters: (family, table) => crash.step('list counters', () => plane.listCounters(family, table)),
    listHandles: (family, table) => crash.step('list handles', () => plane.listHandles(family, table)),
    ...(plane.glance === undefined ? {} : { glance: plane.glance }),
    generation: () => plane.generation(),
    listChains: (family) => crash.step('list chains', () => plane.listChains(family)),
  };
}

export function crashingMemory(memory: CallerMemory, crash: Crash): CallerMemory {
  return {
    sequence: memory.sequence,
    read: (address, into) => memory.read(address, into),
    write: (address, bytes) => {
      const tear = () => memory.write(address, bytes.subarray(0, bytes.length / 2));
      crash.step('write to caller', () => memory.write(address, bytes), tear);
    },
  };
}
