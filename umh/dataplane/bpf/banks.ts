import { BPF_F_MMAPABLE, BPF_MAP_TYPE_ARRAY, createMap } from '../../../sys/bpf/map.ts';
import { closeFd } from '../../../sys/descriptor.ts';
import { mapShared, type SharedMapping } from '../../../sys/mmap.ts';
import type { LoadedHook } from './loader.ts';

/** A map of records, and the programs that work on it once they are loaded. */
export interface Bank {
  readonly map: number;
  readonly mapping: SharedMapping;
  /** What the map holds; not to be touched any more once the bank is closed. */
  readonly bytes: Uint8Array;
  programs?: {
    /** All that they were made from, the records apart. */
    readonly madeFrom: string;
    readonly hooks: readonly LoadedHook[];
  };
}

/**
 * The banks of all tables. A table has one in force; those that it had before are kept, since where only records differ
 * the programs can stay: the verifier and the kernel's compiler take longer than all else that a small table's change does.
 *
 * A bank is written again only when no packet can be in its programs any more. Its own change took it out of force, and
 * the one after that waited for all such packets (destructor-wait.ts): so a table goes round three.
 */
export interface Banks {
  /** One for the next change of a table, its bytes all 0, `size` of them or some more. The one given out before goes unless it came into force. Throws `syscall`. */
  next(table: string, size: number): Bank;
  /** The bank given out last, if it is the one that holds these bytes. */
  holding(bytes: Uint8Array): Bank | undefined;
  /** The bank given out last has come into force, by a batch that brought matches of xt's. */
  tookEffect(): void;
}

export interface BanksOptions {
  /** Whether such a batch waits; asked for when it matters. */
  readonly waits: () => boolean;
}

const MOST_RETIRED = 2;

/** Larger ones aren't kept: against their records the programs are little, and a table would hold three of them. */
const LARGEST_KEPT = 1 << 21;

const MAP_NAME = 'bpfilter_rules';

interface Kept {
  inForce?: Bank | undefined;
  /** The earliest first; `at` which change they were taken out of force. */
  readonly retired: { readonly bank: Bank; readonly at: number }[];
}

export function createBanks({ waits }: BanksOptions): Banks {
  const tables = new Map<string, Kept>();
  let given: { readonly table: string; readonly bank: Bank } | undefined;
  /** Changes of any table that took effect: each waited for those before. */
  let changes = 0;
  let doWait: boolean | undefined;

  const keptOf = (table: string): Kept => {
    const kept = tables.get(table) ?? { retired: [] };
    tables.set(table, kept);
    return kept;
  };
  /** One that no packet is in. */
  const takeFree = ({ retired }: Kept, size: number): Bank | undefined => {
    const [earliest] = retired;
    if (earliest === undefined || earliest.at >= changes) return undefined;
    doWait ??= waits();
    if (!doWait) return undefined;
    retired.shift();
    if (earliest.bank.bytes.length === size) return earliest.bank;
    closeBank(earliest.bank);
    return undefined;
  };

  return {
    next(table, size) {
      if (given !== undefined) closeBank(given.bank);
      given = undefined;
      const roomy = isKept(size) ? roomFor(size) : size;
      const free = takeFree(keptOf(table), roomy);
      free?.bytes.fill(0);
      const bank = free ?? createBank(roomy);
      given = { table, bank };
      return bank;
    },
    holding: (bytes) => (given?.bank.bytes.buffer === bytes.buffer ? given.bank : undefined),
    tookEffect() {
      if (given === undefined) return;
      const { table, bank } = given;
      given = undefined;
      changes += 1;
      const kept = keptOf(table);
      if (kept.inForce !== undefined) kept.retired.push({ bank: kept.inForce, at: changes });
      kept.inForce = bank;
      if (isKept(bank.bytes.length) && doWait !== false) {
        for (const { bank: earliest } of kept.retired.splice(0, kept.retired.length - MOST_RETIRED))
          closeBank(earliest);
        return;
      }
      tables.delete(table);
      for (const one of [bank, ...kept.retired.map(({ bank }) => bank)]) closeBank(one);
    },
  };
}

function isKept(size: number): boolean {
  return size <= LARGEST_KEPT;
}

/** A table that grows a little fits where it was: the programs are made for a size. At most an eighth is left over, or a page. */
function roomFor(size: number): number {
  const step = Math.max(4096, 2 ** Math.floor(Math.log2(size)) / 8);
  return Math.ceil(size / step) * step;
}

function createBank(size: number): Bank {
  const map = createMap({
    type: BPF_MAP_TYPE_ARRAY,
    keySize: 4,
    valueSize: size,
    maxEntries: 1,
    flags: BPF_F_MMAPABLE,
    name: MAP_NAME,
  });
  try {
    const mapping = mapShared(map, size, { writable: true });
    return { map, mapping, bytes: new Uint8Array(mapping.bytes) };
  } catch (error) {
    closeFd(map);
    throw error;
  }
}

/** Programs that nftables has live on, and with them the map. */
function closeBank({ map, mapping, programs }: Bank): void {
  mapping.unmap();
  closeFd(map);
  closePrograms(programs?.hooks ?? []);
}

export function closePrograms(hooks: readonly LoadedHook[]): void {
  for (const { program, byDevice } of hooks) {
    for (const one of [program, ...byDevice.map(({ program }) => program)]) closeFd(one);
  }
}
