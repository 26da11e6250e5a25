import { BpfilterError } from '../../../protocol/error.ts';
import { type DeviceClass, noDevice } from '../../../rules/bpf/device-classes.ts';
import type { CounterPlace } from '../../../rules/bpf/document.ts';
import { assemble } from '../../../rules/bpf/encode.ts';
import type { BpfImage } from '../../../rules/bpf/image.ts';
import { machine } from '../../../rules/bpf/machine.ts';
import { tracksConnections } from '../../../rules/bpf/machine-conntrack.ts';
import { type KernelOffsets, machineMaps } from '../../../rules/bpf/machine-frame.ts';
import {
  COUNTER_SIZE,
  HEADER_SIZE,
  PADDING_SIZE,
  RECORD_SIZE,
  SHAPE_KEY_SIZE,
  SHAPE_VALUE_SIZE,
} from '../../../rules/bpf/record.ts';
import { cannotExpress } from '../../../rules/extension.ts';
import { CounterListing } from '../../../rules/nft/counter-listing.ts';
import { creditsPerSecond } from '../../../rules/rate/credits.ts';
import {
  BPF_F_MMAPABLE,
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_HASH,
  createMap,
  updateBatch,
  updateElement,
} from '../../../sys/bpf/map.ts';
import { mapInfo } from '../../../sys/bpf/map-info.ts';
import { possibleCpus } from '../../../sys/bpf/possible-cpus.ts';
import { BPF_PROG_TYPE_SOCKET_FILTER, loadProgram } from '../../../sys/bpf/program.ts';
import { ticksPerSecond } from '../../../sys/clock-resolution.ts';
import { closeFd } from '../../../sys/descriptor.ts';
import { mapShared, type SharedMapping } from '../../../sys/mmap.ts';
import { readKernelOffsets } from './kernel-offsets.ts';

/** A program at each hook of a table, loaded; in force once nftables has it. */
export interface LoadedTable {
  /** By hook, in the image's order. */
  readonly programs: readonly number[];
  /** By hook, for each of its device classes. */
  readonly byDevice: readonly (readonly number[])[];
}

/** The classes of devices that a hook has programs for. */
export type DevicesOfHook = (hook: number) => readonly DeviceClass[];

/** What BPF does in the kernel for tables. Throws BpfilterError: `dataplane`, `syscall`. */
export interface BpfLoader {
  /** Why BPF can't carry tables here; undefined where it can. Found out once. */
  problem(): string | undefined;
  /** Makes counters for so many ids from `firstId` on. */
  createCounters(firstId: number, slots: number): CounterPlace;
  /**
   * Loads what an image needs. Its descriptors stay open until the next one is loaded, or `release`: by then nftables
   * holds the programs, or nobody wants them.
   */
  load(image: BpfImage, counters: CounterPlace, devices?: DevicesOfHook): LoadedTable;
  /** Closes what was loaded. */
  release(): void;
  /** Every counter that isn't 0. */
  readCounters(place: CounterPlace): CounterListing;
}

export interface LoaderOptions {
  /** A descriptor of a map that an earlier driver made; the shim gives it out. */
  readonly mapById: (id: number) => number;
}

/** The map's memory, and its descriptor for programs to come. */
interface OpenCounters {
  readonly fd: number;
  readonly mapping: SharedMapping;
}

const name = { records: 'bpfilter_rules', counters: 'bpfilter_counts', shapes: 'bpfilter_shapes' } as const;
const onlyKey = Buffer.alloc(4);
/** So many maps are kept open: those of all tables, and of one that is on its way out. */
const MOST_OPEN = 12;

export function createBpfLoader({ mapById }: LoaderOptions): BpfLoader {
  // The last number and one: slices are found by a processor's number.
  const processors = (possibleCpus().at(-1) ?? 0) + 1;
  const open = new Map<number, OpenCounters>();
  let loaded: number[] = [];
  let offsets: KernelOffsets | undefined;
  let found: { readonly problem: string | undefined } | undefined;

  const openCounters = ({ mapId, slots }: CounterPlace): OpenCounters => {
    const known = open.get(mapId);
    if (known !== undefined) return known;
    return keep(mapId, slots, mapById(mapId));
  };
  const keep = (mapId: number, slots: number, fd: number): OpenCounters => {
    try {
      const counters = { fd, mapping: mapShared(fd, processors * slots * COUNTER_SIZE, { writable: false }) };
      open.set(mapId, counters);
      for (const [id, one] of open) {
        if (open.size <= MOST_OPEN) break;
        open.delete(id);
        one.mapping.unmap();
        closeFd(one.fd);
      }
      return counters;
    } catch (error) {
      closeFd(fd);
      throw error;
    }
  };
  const kernelOffsets = ({ fields }: BpfImage) => {
    // again when there was no connection tracking yet: it may be a module that was loaded since
    if (offsets === undefined || (offsets.conntrack === undefined && tracksConnections(fields)))
      offsets = readKernelOffsets();
    if (offsets.conntrack === undefined && tracksConnections(fields))
      cannotExpress('the kernel has no connection tracking yet, or tells nothing of it');
    return offsets;
  };
  const release = () => {
    for (const fd of loaded) closeFd(fd);
    loaded = [];
  };

  const load = (image: BpfImage, place: CounterPlace, devices: DevicesOfHook = () => []): LoadedTable => {
    release();
    const counters = openCounters(place);
    const size = image.records.length;
    const maps: number[] = [];
    try {
      const records = createMap({
        type: BPF_MAP_TYPE_ARRAY,
        keySize: 4,
        valueSize: size,
        maxEntries: 1,
        name: name.records,
      });
      maps.push(records);
      updateElement(records, onlyKey, image.records);
      const shapes = image.shapes.count === 0 ? undefined : createShapes(image);
      if (shapes !== undefined) maps.push(shapes);
      const symbols = {
        maps: {
          [machineMaps.records]: records,
          [machineMaps.counters]: counters.fd,
          ...(shapes === undefined ? {} : { [machineMaps.shapes]: shapes }),
        },
      };
      const loadFor = (hook: number, device: Uint8Array): number => {
        const program = machine({
          hook,
          size,
          counters: place.slots,
          processors,
          fields: image.fields,
          looks: image.looks,
          ...(image.looks.has('limit') ? { creditsPerTick: creditsPerTick() } : {}),
          twelveBytes: image.twelveBytes,
          inNames: image.inNames,
          outNames: image.outNames,
          device,
          shapes: shapes !== undefined,
          jumps: image.jumps,
          offsets: needsOffsets(image) ? kernelOffsets(image) : noOffsets,
        });
        const fd = loadProgram({
          type: BPF_PROG_TYPE_SOCKET_FILTER,
          instructions: assemble(program, symbols),
          license: 'GPL',
          name: `bpfilter_hook${hook}`,
        });
        loaded.push(fd);
        return fd;
      };
      return {
        programs: image.hooks.map((hook) => loadFor(hook, noDevice)),
        byDevice: image.hooks.map((hook) => devices(hook).map(({ name: device }) => loadFor(hook, device))),
      };
    } catch (error) {
      release();
      throw inPlane(error);
    } finally {
      for (const fd of maps) closeFd(fd);
    }
  };

  const probe = (): string | undefined => {
    try {
      const place = createCounters(1, 1);
      load(smallest, place);
      release();
      const counters = open.get(place.mapId);
      open.delete(place.mapId);
      counters?.mapping.unmap();
      if (counters !== undefined) closeFd(counters.fd);
      return undefined;
    } catch (error) {
      if (!(error instanceof BpfilterError)) throw error;
      return error.message;
    }
  };

  const createCounters = (firstId: number, slots: number): CounterPlace => {
    try {
      const fd = createMap({
        type: BPF_MAP_TYPE_ARRAY,
        keySize: 4,
        valueSize: processors * slots * COUNTER_SIZE,
        maxEntries: 1,
        flags: BPF_F_MMAPABLE,
        name: name.counters,
      });
      const { id } = mapInfo(fd);
      keep(id, slots, fd);
      return { mapId: id, firstId, slots };
    } catch (error) {
      throw inPlane(error);
    }
  };

  return {
    problem() {
      found ??= { problem: probe() };
      return found.problem;
    },
    createCounters,
    load,
    release,
    readCounters(place) {
      const { mapping } = openCounters(place);
      return summed(new Uint32Array(mapping.bytes), place, processors);
    },
  };
}

/** What a limit gains in each tick. The credits that rules were given are those of kernels with 250 or 1,000 ticks a second. */
export function creditsPerTick(): number {
  const ticks = ticksPerSecond();
  if (creditsPerSecond(ticks) !== creditsPerSecond())
    cannotExpress(`limit: the kernel ticks ${ticks} times a second, for which a BPF program here knows no credits`);
  return creditsPerSecond(ticks) / ticks;
}

/** Every packet is accepted, and counted once. */
const smallest: BpfImage = {
  hooks: [1],
  records: smallestRecords(),
  shapes: { keys: new Uint8Array(), values: new Uint8Array(), count: 0 },
  fields: new Map(),
  looks: new Set(),
  twelveBytes: false,
  inNames: false,
  outNames: false,
  jumps: true,
};

function smallestRecords(): Uint8Array {
  const records = Buffer.alloc(HEADER_SIZE + RECORD_SIZE + PADDING_SIZE);
  for (const at of [4, 24]) records.writeUInt32LE(HEADER_SIZE, at);
  return records;
}

function needsOffsets({ inNames, outNames, fields }: BpfImage): boolean {
  return inNames || outNames || tracksConnections(fields) || fields.has('macStart') || fields.has('inGroup');
}

const noOffsets: KernelOffsets = {
  skb: { dev: 0, dst: 0, nfct: 0, head: 0, data: 0, macHeader: 0 },
  dst: { dev: 0 },
  device: { name: 0, privFlags: 0, group: 0, type: 0 },
};

/** Its elements are made at once, which takes a fifth of the time that one by one takes. */
function createShapes({ shapes: { keys, values, count } }: BpfImage): number {
  const fd = createMap({
    type: BPF_MAP_TYPE_HASH,
    keySize: SHAPE_KEY_SIZE,
    valueSize: SHAPE_VALUE_SIZE,
    maxEntries: count,
    name: name.shapes,
  });
  try {
    updateBatch(fd, keys, values, count);
    return fd;
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}

/** The slices of all processors, counter by counter; halves of 32 bits, as bigints are slow. */
function summed(words: Uint32Array, { firstId, slots }: CounterPlace, processors: number): CounterListing {
  const listing = new CounterListing();
  const per = COUNTER_SIZE / 4;
  for (let slot = 0; slot < slots; slot += 1) {
    let [packets, bytes] = [0, 0];
    let [packetsHigh, bytesHigh] = [0, 0];
    for (let processor = 0; processor < processors; processor += 1) {
      const at = (processor * slots + slot) * per;
      packets += words[at] ?? 0;
      packetsHigh += words[at + 1] ?? 0;
      bytes += words[at + 2] ?? 0;
      bytesHigh += words[at + 3] ?? 0;
    }
    if (packets === 0 && packetsHigh === 0) continue;
    const carry = (low: number) => Math.floor(low / 2 ** 32);
    listing.add(firstId + slot, packetsHigh + carry(packets), packets, bytesHigh + carry(bytes), bytes);
  }
  return listing;
}

/** A system call that fails is the data plane's failure to whoever asked for rules. */
function inPlane(error: unknown): unknown {
  if (!(error instanceof BpfilterError) || error.code !== 'syscall') return error;
  return new BpfilterError('dataplane', error.message, { errno: error.errno, cause: error });
}
