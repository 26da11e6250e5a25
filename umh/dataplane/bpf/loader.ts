import { BpfilterError } from '../../../protocol/error.ts';
import { type DeviceClass, noDevice } from '../../../rules/bpf/device-classes.ts';
import type { CounterPlace } from '../../../rules/bpf/document.ts';
import { assemble, type Symbols } from '../../../rules/bpf/encode.ts';
import type { BpfImage } from '../../../rules/bpf/image.ts';
import { machineMaps } from '../../../rules/bpf/machine-frame.ts';
import { policyAlone } from '../../../rules/bpf/policy-program.ts';
import { hookProgram } from '../../../rules/bpf/program.ts';
import { smallestImage } from '../../../rules/bpf/smallest-image.ts';
import type { CounterListing } from '../../../rules/nft/counter-listing.ts';
import { BPF_MAP_TYPE_ARRAY, createMap, updateElement } from '../../../sys/bpf/map.ts';
import { possibleCpus } from '../../../sys/bpf/possible-cpus.ts';
import { BPF_PROG_TYPE_SOCKET_FILTER, loadProgram } from '../../../sys/bpf/program.ts';
import { ticksPerSecond } from '../../../sys/clock-resolution.ts';
import { closeFd } from '../../../sys/descriptor.ts';
import { type Bank, closePrograms, createBanks } from './banks.ts';
import { createCounterMaps } from './counter-maps.ts';
import { creditsPerTick } from './credits-per-tick.ts';
import { waitsForDestructors } from './destructor-wait.ts';
import { offsetReader } from './kernel-offsets.ts';
import { ownNamespace } from './own-namespace.ts';

/** The programs of a hook, loaded, by their descriptors; in force once nftables has them. */
export interface LoadedHook {
  readonly hook: number;
  readonly program: number;
  /** For devices that it isn't told of, in the order of their classes; `program` is for all others. */
  readonly byDevice: readonly { readonly device: DeviceClass; readonly program: number }[];
}

/** The classes of devices that a hook has programs for. */
export type DevicesOfHook = (hook: number) => readonly DeviceClass[];

/** What BPF does in the kernel for tables. Throws BpfilterError: `dataplane`, `not-expressible`. */
export interface BpfLoader {
  /** Why BPF can't carry tables here; undefined where it can. Found out once. */
  problem(): string | undefined;
  /** Makes counters, all of them 0, for so many ids from `firstId` on. */
  createCounters(firstId: number, slots: number): CounterPlace;
  /**
   * Memory for the records of a table's next image, which the programs are to read as it is; all of it 0, of that size or some more. The one
   * given out before goes, unless it came into force.
   */
  room(table: string, size: number): Uint8Array;
  /**
   * Loads what an image needs, a program at each of its hooks, or takes those that an earlier one of its table left in that room. Its
   * descriptors stay open until the next one is loaded, or `release`: by then nftables holds the programs, or nobody wants them.
   */
  load(image: BpfImage, counters: CounterPlace, devices?: DevicesOfHook): readonly LoadedHook[];
  /** What was loaded last into a room came into force, by a batch that brought its programs. */
  tookEffect(): void;
  /** Closes what was loaded, but for what lies in a room. */
  release(): void;
  /** Every counter that isn't 0. Throws `syscall` where nobody has the map any more. */
  readCounters(place: CounterPlace): CounterListing;
}

export interface LoaderOptions {
  /** A descriptor of a map that an earlier driver made; the shim gives it out. */
  readonly mapById: (id: number) => number;
}

interface Loading {
  readonly image: BpfImage;
  /** The records' map. */
  readonly records: number;
  readonly place: CounterPlace;
  readonly devices: DevicesOfHook;
}

/** As bpftool shows it. */
const MAP_NAME = 'bpfilter_rules';
const onlyKey = Buffer.alloc(4);

export function createBpfLoader({ mapById }: LoaderOptions): BpfLoader {
  // The last number and one: slices are found by a processor's number.
  const processors = (possibleCpus().at(-1) ?? 0) + 1;
  const counterMaps = createCounterMaps({ processors, mapById });
  const offsetsFor = offsetReader();
  let knownNamespace: bigint | undefined;
  const namespace = () => {
    knownNamespace ??= ownNamespace();
    return knownNamespace;
  };
  const banks = createBanks({ waits: waitsForDestructors });
  let loaded: readonly LoadedHook[] = [];
  let found: { readonly problem: string | undefined } | undefined;

  const release = () => {
    closePrograms(loaded);
    loaded = [];
  };

  const loadHooks = ({ image, records, place, devices }: Loading): readonly LoadedHook[] => {
    const symbols: Symbols = {
      maps: { [machineMaps.counters]: counterMaps.descriptor(place), [machineMaps.records]: records },
    };
    const made: number[] = [];
    const loadFor = (hook: number, device: Uint8Array): number => {
      const kernel = { offsets: () => offsetsFor(image.fields), creditsPerTick, ticksPerSecond, namespace };
      const program = hookProgram(image, { hook, counters: place.slots, processors, device, kernel });
      const fd = loadProgram({
        type: BPF_PROG_TYPE_SOCKET_FILTER,
        instructions: assemble(program, symbols),
        license: 'GPL',
        name: `bpfilter_hook${hook}`,
      });
      made.push(fd);
      return fd;
    };
    try {
      return image.hooks.map((hook) => ({
        hook,
        program: loadFor(hook, noDevice),
        byDevice: devices(hook).map((device) => ({ device, program: loadFor(hook, device.name) })),
      }));
    } catch (error) {
      for (const fd of made) closeFd(fd);
      throw error;
    }
  };

  const loadIntoBank = (bank: Bank, loading: Loading): readonly LoadedHook[] => {
    const madeFrom = programSource(loading);
    if (bank.programs?.madeFrom === madeFrom) return bank.programs.hooks;
    closePrograms(bank.programs?.hooks ?? []);
    delete bank.programs;
    const hooks = loadHooks(loading);
    bank.programs = { madeFrom, hooks };
    return hooks;
  };

  const load = (image: BpfImage, place: CounterPlace, devices: DevicesOfHook = () => []): readonly LoadedHook[] => {
    release();
    let records: number | undefined;
    try {
      const bank = banks.holding(image.records);
      if (bank !== undefined) return loadIntoBank(bank, { image, records: bank.map, place, devices });
      records = createRecords(image);
      loaded = loadHooks({ image, records, place, devices });
      return loaded;
    } catch (error) {
      throw inPlane(error);
    } finally {
      if (records !== undefined) closeFd(records);
    }
  };

  const room = (table: string, size: number): Uint8Array => {
    try {
      return banks.next(table, size).bytes;
    } catch (error) {
      throw inPlane(error);
    }
  };

  const createCounters = (firstId: number, slots: number): CounterPlace => {
    try {
      return counterMaps.create(firstId, slots);
    } catch (error) {
      throw inPlane(error);
    }
  };

  /** Loads something, to see whether it can. */
  const probe = (): string | undefined => {
    try {
      const place = createCounters(1, 1);
      try {
        load(smallestImage, place);
        release();
      } finally {
        counterMaps.close(place);
      }
      return undefined;
    } catch (error) {
      if (!(error instanceof BpfilterError)) throw error;
      return error.message;
    }
  };

  return {
    problem() {
      found ??= { problem: probe() };
      return found.problem;
    },
    createCounters,
    room,
    load,
    tookEffect: banks.tookEffect,
    release,
    readCounters: (place) => counterMaps.read(place),
  };
}

/**
 * All that programs are made from but the records, as text: where it is the same, so are they. Of the records `hookProgram` asks how many
 * bytes they are, whether some are looked up, and for the policy of a hook that has nothing else.
 */
function programSource({ image, place, devices }: Loading): string {
  const { records, lookedUp, ...rest } = image;
  const hooks = image.hooks.map((hook) => [
    policyAlone(image, hook),
    devices(hook).map(({ name, test }) => [Buffer.from(name).toString('hex'), test]),
  ]);
  return JSON.stringify([rest, records.length, lookedUp > 0, hooks, place], (_, value: unknown) =>
    value instanceof Map || value instanceof Set ? [...value] : value,
  );
}

function createRecords({ records }: BpfImage): number {
  const fd = createMap({
    type: BPF_MAP_TYPE_ARRAY,
    keySize: onlyKey.length,
    valueSize: records.length,
    maxEntries: 1,
    name: MAP_NAME,
  });
  try {
    updateElement(fd, onlyKey, records);
    return fd;
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}

/** A system call that fails is the data plane's failure to whoever asked for rules. */
function inPlane(error: unknown): unknown {
  if (!(error instanceof BpfilterError) || error.code !== 'syscall') return error;
  return new BpfilterError('dataplane', error.message, { errno: error.errno, cause: error });
}
