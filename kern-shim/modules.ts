import fs from 'node:fs';
import path from 'node:path';
import { composeCommand, type MboxRequest, OWN_LEVEL, ownOptions } from '../protocol/mbox.ts';
import { bpfCapabilities, isBpfCapable } from '../sys/bpf-capable.ts';
import { CAP_NET_ADMIN } from '../sys/capability.ts';
import { closeFd } from '../sys/descriptor.ts';
import { MFD_CLOEXEC, memfdCreate } from '../sys/memfd.ts';
import { netnsCookie } from '../sys/namespace.ts';
import { AF_INET, SOCK_CLOEXEC, SOCK_DGRAM, socket, socketNetns } from '../sys/socket.ts';
import { netnsOwners, type Owners } from './caller/capability.ts';
import { defaultDeadlines } from './deadline.ts';
import { blobReader } from './driver-blob.ts';
import type { PassedMemory } from './driver-process.ts';
import type { DriverRegister } from './driver-register.ts';
import { HelperGate } from './helper-gate.ts';
import { type Log, openLog } from './log.ts';
import { MapDesks } from './map-desk.ts';
import { BpfilterModule } from './module.ts';
import { OldGarbage } from './old-garbage.ts';
import { poisonKeeper } from './poison.ts';
import { Spawner } from './spawner/spawner.ts';
import { stateFolder } from './state-folder.ts';
import { nodeInterpreter, type Spawn, UsermodeDriver } from './usermode-driver.ts';

export interface ModulesOptions {
  /** Folder that holds the state folders of all namespaces. */
  readonly base: string;
  /** The driver blob's file, and koffi's native module for it. */
  readonly blobFile: string;
  readonly koffiFile: string;
  /** 16 hex digits that name this shim in the journals. */
  readonly client: string;
  readonly verboseFd: number | undefined;
  /** A second driver for the shim's own namespace, which takes over at once. */
  readonly standby?: boolean;
  /** Notes the drivers that are started. */
  readonly register?: DriverRegister;
  /** Memory of the gate (helper-gate.ts) that every start of a driver passes. */
  readonly gate?: SharedArrayBuffer;
}

/** One network namespace that is served: its module, and what was learned of it. */
export interface Served {
  readonly module: BpfilterModule;
  readonly folder: string;
  readonly log: Log;
  /** Who may administer it. */
  readonly owners: Owners;
  /** Inode of the namespace, to know a task's by. */
  readonly inode: bigint;
  readonly isOwn: boolean;
}

interface Slot extends Served {
  readonly spawner: Spawner;
  lastUse: number;
}

/** What drivers are called. */
export const driverName = 'bpfilter_umh';

/** A driver that is killed again and again on one request, or before it is up, is no accident any more. */
const requestAttempts = 8;

/** A request that needs a driver waits so long while none may be started. */
const gateTimeoutMs = 10_000;

/** A command that is over sooner needs no standby. */
const standbyAfterMs = 250;

/** What a driver that is shown the tables may write to, for practice: a file in memory that nobody reads. */
const practiceSize = 4096;

/** Has a driver learn the tables; it changes nothing. */
const warmUp: MboxRequest = {
  addr: 0n,
  len: practiceSize,
  is_set: 0,
  cmd: composeCommand(OWN_LEVEL, ownOptions.WARM_UP),
  pid: 0,
};

/** After so long without a request a driver in another namespace is ended: it would keep that namespace alive. */
const foreignIdleMs = 5_000;

/**
 * The modules of all network namespaces that were asked for: one driver each, made at the first
 * request. Callers may enter other namespaces; the one that counts is their socket's.
 */
export class Modules {
  readonly #options: ModulesOptions;
  readonly #slots = new Map<bigint, Slot>();
  readonly ownCookie = netnsCookie();
  readonly #gate: HelperGate;
  readonly #blob: () => Uint8Array;
  readonly #garbage = new OldGarbage();
  #practiceFile: number | undefined;
  /** What drivers keep. */
  readonly #capabilities: readonly number[];
  /** Where drivers ask for BPF maps; undefined where the shim may not use BPF. */
  readonly desks: MapDesks | undefined;

  constructor(options: ModulesOptions) {
    this.#options = options;
    this.#gate = new HelperGate(options.gate);
    this.#blob = blobReader(options.blobFile);
    const canBpf = isBpfCapable();
    this.#capabilities = [CAP_NET_ADMIN, ...(canBpf && wantsBpf() ? bpfCapabilities : [])];
    // a driver that may not use BPF still reads the counters of tables that another made
    this.desks = canBpf ? new MapDesks() : undefined;
  }

  /** The module for the namespace of a socket. */
  forSocket(cookie: bigint, socket: number): Served {
    const known = this.#slots.get(cookie);
    if (known !== undefined) {
      known.lastUse = performance.now();
      return known;
    }
    const netns = socketNetns(socket);
    try {
      return this.#add(cookie, netns, netnsOwners(socket));
    } finally {
      closeFd(netns);
    }
  }

  /** The shim's own namespace. */
  forOwn(): Served {
    const own = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    try {
      return this.forSocket(this.ownCookie, own);
    } finally {
      closeFd(own);
    }
  }

  /** The served namespace with this inode number; undefined for one that is neither ours nor was asked for yet. */
  byInode(inode: bigint): Served | undefined {
    for (const slot of this.#slots.values()) if (slot.inode === inode) return slot;
    return fs.statSync('/proc/self/ns/net', { bigint: true }).ino === inode ? this.forOwn() : undefined;
  }

  all(): readonly Served[] {
    return [...this.#slots.values()];
  }

  /**
   * What can be done between requests: ends drivers in other namespaces that nobody asked for a while, has
   * modules see to their standbys, and collects garbage. Milliseconds until it is worth calling again, −1 for never.
   */
  tend(isIdle: boolean): number {
    let next = -1;
    for (const [cookie, slot] of this.#slots) {
      if (slot.isOwn) {
        next = soonest(next, slot.module.tend(isIdle));
        continue;
      }
      const left = slot.lastUse + foreignIdleMs - performance.now();
      if (left <= 0) this.#remove(cookie, slot);
      else next = soonest(next, Math.ceil(left));
    }
    return soonest(next, this.#garbage.tend(isIdle));
  }

  close(): void {
    for (const [cookie, slot] of this.#slots) this.#remove(cookie, slot);
    if (this.#practiceFile !== undefined) closeFd(this.#practiceFile);
    this.desks?.close();
  }

  #noting(spawn: Spawn): Spawn {
    const { register } = this.#options;
    if (register === undefined) return spawn;
    return (request) => {
      const executed = spawn(request);
      return () => {
        const spawned = executed();
        register.note(spawned.pid);
        return spawned;
      };
    };
  }

  #practice(): PassedMemory {
    this.#practiceFile ??= memfdCreate('bpfilter practice', MFD_CLOEXEC);
    fs.ftruncateSync(this.#practiceFile, practiceSize);
    return { descriptor: this.#practiceFile, readable: practiceSize, writable: practiceSize };
  }

  #add(cookie: bigint, netns: number, owners: Owners): Served {
    const { base, koffiFile, client, verboseFd, standby } = this.#options;
    const { env } = process;
    const isOwn = cookie === this.ownCookie;
    const folder = stateFolder(base, cookie);
    const log = openLog(path.join(folder, 'log'), verboseFd);
    const spawner = new Spawner({ capabilities: this.#capabilities, ...(isOwn ? {} : { netns: duplicate(netns) }) });
    const module = new BpfilterModule({
      newDriver: () =>
        new UsermodeDriver(driverName, this.#noting(spawner.spawn), { gate: this.#gate, timeoutMs: gateTimeoutMs }),
      blob: this.#blob,
      interpreter: nodeInterpreter,
      env: driverEnvironment(folder, client, koffiFile),
      log,
      deadlines: defaultDeadlines,
      attempts: requestAttempts,
      keepPoison: poisonKeeper(folder, log),
      ...(standby === true && isOwn && env.BPFILTER_STANDBY !== 'no'
        ? {
            standby: {
              afterMs: standbyAfterMs,
              warmUp,
              warmUpMemory: this.#practice(),
              mayStart: () => !this.#gate.isClosed,
            },
          }
        : {}),
      ...(this.desks === undefined ? {} : { desks: this.desks }),
      now: () => performance.now(),
    });
    const inode = fs.fstatSync(netns, { bigint: true }).ino;
    const slot: Slot = { module, folder, log, owners, inode, isOwn, spawner, lastUse: performance.now() };
    this.#slots.set(cookie, slot);
    return slot;
  }

  #remove(cookie: bigint, slot: Slot): void {
    slot.module.unload();
    slot.spawner.close();
    fs.closeSync(slot.log.fd);
    this.#slots.delete(cookie);
  }
}

/** Whether drivers may put rules into BPF programs. What they make of an unknown word is an error. */
function wantsBpf(): boolean {
  const { BPFILTER_BACKEND: backend } = process.env;
  return backend === 'auto' || backend === 'bpf';
}

/** The shorter of two waits; −1 is for ever. */
function soonest(one: number, other: number): number {
  if (one < 0 || other < 0) return Math.max(one, other);
  return Math.min(one, other);
}

/** The spawner's thread closes over a descriptor of its own: reopening needs no further call. */
function duplicate(fd: number): number {
  return fs.openSync(`/proc/self/fd/${fd}`, 'r');
}

/** Only what the driver needs: a caller's NODE_OPTIONS or LD_PRELOAD are none of its business. */
function driverEnvironment(folder: string, client: string, koffiFile: string): Record<string, string> {
  const { BPFILTER_NFT: nft, BPFILTER_TRANSPORT: transport, BPFILTER_BACKEND: backend } = process.env;
  const { BPFILTER_XT: xt, BPFILTER_FAULT: fault, BPFILTER_SMALL_HEAP: smallHeap } = process.env;
  return {
    PATH: '/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin',
    LC_ALL: 'C',
    BPFILTER_STATE: folder,
    BPFILTER_CLIENT: client,
    BPFILTER_KOFFI: koffiFile,
    ...(nft === undefined ? {} : { BPFILTER_NFT: nft }),
    ...(transport === undefined ? {} : { BPFILTER_TRANSPORT: transport }),
    ...(backend === undefined ? {} : { BPFILTER_BACKEND: backend }),
    ...(xt === undefined ? {} : { BPFILTER_XT: xt }),
    ...(fault === undefined ? {} : { BPFILTER_FAULT: fault }),
    ...(smallHeap === undefined ? {} : { BPFILTER_SMALL_HEAP: smallHeap }),
  };
}
