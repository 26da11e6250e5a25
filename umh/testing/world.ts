import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BpfilterError } from '../../protocol/error.ts';
import { ipv4, type TableName } from '../../protocol/family.ts';
import { composeCommand, encodeRequest, mbox_request, OWN_LEVEL, ownOptions } from '../../protocol/mbox.ts';
import { xt_counters, xt_counters_info } from '../../protocol/x-tables.ts';
import type { CallerMemory } from '../caller/memory.ts';
import { createDriver, type Driver } from '../driver.ts';
import type { Log } from '../log.ts';
import { openEpoch } from '../store/epoch.ts';
import { openStateFiles } from '../store/files.ts';
import { wholeNotes } from '../store/whole-file.ts';
import { Crash, crashingEpoch, crashingFiles, crashingMemory, crashingPlane } from './crash.ts';
import { FakeNft } from './fake-nft.ts';
import { fakeTranslator } from './fake-translator.ts';

export interface CounterPair {
  readonly packets: bigint;
  readonly bytes: bigint;
}

/** One driver in the world, over its own connection. */
export interface Connection {
  readonly crash: Crash;
  /** The shim's part: message in, status out. Throws when the driver died on the way. */
  ask(message: Uint8Array): number;
}

/** State folders lie in memory, as the real ones do. */
const MEMORY = '/dev/shm';
export const ADDRESS = 0x1000;
const COUNTERS = 0x2_0000;

/** A kernel, a state folder and the memory of a caller; drivers come and go. */
export class World {
  readonly #whole = wholeNotes();
  readonly folder = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'umh-'));
  readonly nft = new FakeNft();
  readonly memory = Buffer.alloc(0x3_0000);
  readonly lines: string[] = [];
  /** Which request of the shim's is asked. */
  sequence = 0n;
  /** How often a driver was done with the memory of its caller. */
  closed = 0;
  #held = false;
  #instances = 0;

  close(): void {
    rmSync(this.folder, { recursive: true });
  }

  #log(): Log {
    const put = (level: string) => (message: string, error?: unknown) => {
      this.lines.push(`${level}: ${message}${error instanceof Error ? `: ${error.message}` : ''}`);
    };
    return { info: put('info'), warning: put('warning'), error: put('error') };
  }

  /** Starts a driver for a shim. */
  connect(client = 'aa', crash = new Crash()): Connection {
    const epoch = openEpoch(join(this.folder, 'epoch'));
    const within = (address: number, length: number) => {
      if (address + length > this.memory.length) throw new BpfilterError('fault', `nothing at ${address}`);
    };
    const memory = (): CallerMemory => ({
      sequence: this.sequence,
      read: (address, into) => {
        within(address, into.length);
        into.set(this.memory.subarray(address, address + into.length));
      },
      write: (address, bytes) => {
        within(address, bytes.length);
        this.memory.set(bytes, address);
      },
    });
    let locked = false;
    const driver: Driver = createDriver({
      translator: fakeTranslator,
      callers: {
        take: () => crashingMemory(memory(), crash),
        close: () => {
          this.closed += 1;
        },
      },
      context: {
        client,
        files: crashingFiles(openStateFiles(this.folder), crash, this.folder),
        epoch: crashingEpoch(epoch, crash),
        whole: this.#whole,
        plane: crashingPlane(this.nft, crash),
        log: this.#log(),
        stateFolder: this.folder,
        newInstance: () => `i${++this.#instances}`,
        lock: {
          acquire: () => {
            if (this.#held) throw new Error('the lock is held');
            this.#held = locked = true;
          },
          release: () => {
            this.#held = locked = false;
          },
        },
      },
    });
    // The health check, with which every shim begins.
    driver.serve(new Uint8Array(mbox_request.size));
    driver.answered();
    return {
      crash,
      ask: (message) => {
        const status = driver.serve(message);
        if (crash.dead) {
          epoch.close();
          if (locked) this.#held = false;
          throw new Error('the driver died');
        }
        driver.answered();
        if (crash.dead) epoch.close();
        return status;
      },
    };
  }

  message(level: number, option: number, isSet: boolean, length: number, replay = false): Uint8Array {
    const bytes = new Uint8Array(24);
    const cmd = composeCommand(level, option, replay);
    encodeRequest(new DataView(bytes.buffer), {
      addr: BigInt(ADDRESS),
      len: length,
      is_set: isSet ? 1 : 0,
      cmd,
      pid: 7,
    });
    return bytes;
  }

  /** Puts an option's argument where the message says. */
  place(argument: Uint8Array): void {
    this.memory.set(argument, ADDRESS);
  }

  info(connection: Connection, table: string): { status: number; entries: number; size: number } {
    this.place(Buffer.from(table.padEnd(32, '\0')));
    const status = connection.ask(this.message(0, ipv4.get.info, false, ipv4.getinfo.size));
    const { num_entries: entries, size } = ipv4.getinfo.read(this.memory, ADDRESS);
    return { status, entries, size };
  }

  /** The table's entries as a caller reads them. */
  entries(connection: Connection, table: TableName): { status: number; entries: Uint8Array } {
    const { size } = this.info(connection, table);
    this.place(ipv4.getEntries.write({ name: table, size }));
    const head = ipv4.getEntries.size;
    const status = connection.ask(this.message(0, ipv4.get.entries, false, head + size));
    return { status, entries: Uint8Array.from(this.memory.subarray(ADDRESS + head, ADDRESS + head + size)) };
  }

  /** Counters of every entry, as a caller reads them. */
  counters(connection: Connection, table: TableName): CounterPair[] {
    const { status, entries } = this.entries(connection, table);
    if (status !== 0) throw new Error(`GET_ENTRIES: ${status}`);
    const pairs: CounterPair[] = [];
    for (let at = 0; at < entries.length; ) {
      const entry = ipv4.entry.read(entries, at);
      pairs.push({ packets: entry.counters.pcnt, bytes: entry.counters.bcnt });
      at += entry.next_offset;
    }
    return pairs;
  }

  /** Places a replace argument (its room for counters filled in) and gives its message. */
  replaceMessage(argument: Uint8Array, numCounters: number, replay = false): Uint8Array {
    const bytes = Buffer.from(argument);
    bytes.writeUInt32LE(numCounters, ipv4.replace.offsets.num_counters);
    bytes.writeBigUInt64LE(BigInt(COUNTERS), ipv4.replace.offsets.counters);
    this.memory.fill(0xee, COUNTERS, COUNTERS + 16 * numCounters);
    this.place(bytes);
    return this.message(0, ipv4.set.replace, true, bytes.length, replay);
  }

  /** The old counters that the last replace gave back. */
  oldCounters(count: number): CounterPair[] {
    return Array.from({ length: count }, (_, i) => {
      const { pcnt, bcnt } = xt_counters.read(this.memory, COUNTERS + 16 * i);
      return { packets: pcnt, bytes: bcnt };
    });
  }

  addMessage(table: string, pairs: readonly CounterPair[], replay = false): Uint8Array {
    const bytes = new Uint8Array(xt_counters_info.size + 16 * pairs.length);
    xt_counters_info.write({ name: table, num_counters: pairs.length }, bytes);
    for (const [i, { packets, bytes: bcnt }] of pairs.entries()) {
      xt_counters.write({ pcnt: packets, bcnt }, bytes, xt_counters_info.size + 16 * i);
    }
    this.place(bytes);
    return this.message(0, ipv4.set.addCounters, true, bytes.length, replay);
  }

  resetMessage(replay = false): Uint8Array {
    return this.message(OWN_LEVEL, ownOptions.RESET, true, 0, replay);
  }

  warmUpMessage(): Uint8Array {
    return this.message(OWN_LEVEL, ownOptions.WARM_UP, false, ipv4.getinfo.size);
  }

  text(connection: Connection, option: keyof typeof ownOptions, room = 65536): { status: number; text: string } {
    const status = connection.ask(this.message(OWN_LEVEL, ownOptions[option], false, room));
    return { status, text: status > 0 ? this.memory.toString('latin1', ADDRESS, ADDRESS + status) : '' };
  }
}
