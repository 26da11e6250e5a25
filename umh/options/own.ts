import { errno } from '../../protocol/errno.ts';
import { BpfilterError, describeError } from '../../protocol/error.ts';
import { families } from '../../protocol/family.ts';
import { ownOptions } from '../../protocol/mbox.ts';
import type { Transport } from '../dataplane/data-plane.ts';
import { sameVersion } from '../store/table-file.ts';
import { tableIds } from '../table-id.ts';
import { entryCount, type LiveTable } from '../tables/live-table.ts';
import type { Carrier, KernelVersion } from '../tables/translator.ts';
import { getInfo } from './get-info.ts';
import type { Request, ServeOption, Service } from './request.ts';

/** Writes a text to the caller; its length in bytes. */
function answer(service: Service, request: Request, text: string): number {
  const bytes = Buffer.from(text);
  if (bytes.length > request.length) {
    const message = `room for ${bytes.length} bytes expected, found ${request.length}`;
    throw new BpfilterError('malformed', message, { errno: errno.EMSGSIZE });
  }
  service.memory().write(request.address, bytes);
  return bytes.length;
}

/** NAMES: the tables in use, last come first, as /proc/net/ip_tables_names has them. */
const names: ServeOption = (service, request) => {
  const used = service.order.used().filter((id) => id.family === families[0]);
  const lines = used.map((id) => `${id.name}\n`);
  return answer(service, request, lines.reverse().join(''));
};

/** A table as STATUS shows it. */
export interface TableStatus {
  readonly family: string;
  readonly name: string;
  readonly used: boolean;
  /** 0 and absent for a table that was never replaced: nothing of it is in nftables. */
  readonly generation: number;
  readonly instance?: string;
  /** The table of nftables that holds it. */
  readonly nftTable?: string;
  /** What carries its rules, and why it does. */
  readonly carrier?: Carrier;
  /** Rules that people wrote: without chain heads, policies and closing RETURNs. */
  readonly rules: number;
  readonly entries: number;
  readonly bytes: number;
  /** Whether nftables has exactly this generation now. */
  readonly inForce: boolean;
  /** Why the table can't be told about. */
  readonly problem?: string;
}

/** What STATUS answers, as JSON. */
export interface DriverStatus {
  readonly pid: number;
  readonly stateFolder: string;
  /** How rules get to the kernel, and why so. */
  readonly transport: Transport;
  readonly tables: readonly TableStatus[];
}

function ruleCount({ view }: LiveTable): number {
  return view.chains.reduce((count, chain) => count + chain.last - chain.first, 0);
}

interface StatusContext {
  readonly used: boolean;
  readonly kernel: KernelVersion | undefined;
  readonly translator: Service['translator'];
}

function statusOf(live: LiveTable, { used, kernel, translator }: StatusContext): TableStatus {
  const { id, view, inForce } = live;
  return {
    family: id.family.name,
    name: id.name,
    used,
    generation: inForce?.version.generation ?? 0,
    ...(inForce === undefined
      ? {}
      : {
          instance: inForce.version.instance,
          nftTable: inForce.nftTable,
          carrier: translator.carrierOf(id, inForce),
        }),
    rules: ruleCount(live),
    entries: entryCount(view),
    bytes: view.entries.length,
    inForce: inForce !== undefined && kernel?.kind === 'ours' && sameVersion(kernel.version, inForce.version),
  };
}

const status: ServeOption = (service, request) => {
  const { keeper, order, kernel, context, translator } = service;
  const used = order.used();
  const tables = tableIds.map((id): TableStatus => {
    const about = { family: id.family.name, name: id.name, used: used.includes(id) };
    try {
      return statusOf(keeper.get(id), { used: about.used, kernel: undefined, translator });
    } catch (error) {
      return { ...about, generation: 0, rules: 0, entries: 0, bytes: 0, inForce: false, problem: describeError(error) };
    }
  });
  // The kernel last: what was wrong has been put right by then.
  const versions = tables.some((table) => table.generation > 0) ? kernel.versions() : undefined;
  const told = tableIds.map((id, index): TableStatus | undefined => {
    const table = tables[index];
    if (table === undefined || table.generation === 0) return table;
    return statusOf(keeper.get(id), { used: table.used, kernel: versions?.get(id), translator });
  });
  const answerText: DriverStatus = {
    pid: process.pid,
    stateFolder: context.stateFolder,
    transport: context.plane.transport,
    tables: told.filter((table) => table !== undefined),
  };
  return answer(service, request, JSON.stringify(answerText));
};

/** RESET: takes chains and state of all tables away. Done twice it is as done once. */
const reset: ServeOption = (service) => {
  service.keeper.reset();
  return 0;
};

/**
 * WARM_UP: has a driver that stands by learn the tables in use, so that it can answer for them at once. Changes
 * nothing and settles nothing: the driver before it may be in the middle of a request, and knows later counters.
 */
const warmUp: ServeOption = (service, request) => {
  const { keeper, order } = service;
  for (const id of order.used()) {
    const known = keeper.learn(id);
    if (known !== undefined) rehearse(service, request, known);
  }
  return 0;
};

/**
 * What every command asks first, once for nobody: a function's first call takes ten times as long as the next. Nothing
 * that could find the table other than it was just learned is asked.
 */
function rehearse(service: Service, request: Request, known: LiveTable): void {
  const { family, name } = known.id;
  const { keeper, replay } = service;
  replay.settle(true);
  keeper.recover(true);
  if (request.length < family.getinfo.size) return;
  // Through the memory that came with the request, whose sender keeps nothing in it.
  const asked = new Uint8Array(family.getinfo.size);
  asked.set(Buffer.from(name));
  service.memory().write(request.address, asked);
  getInfo(family)({ ...service, keeper: { ...keeper, get: () => known } }, { ...request, length: asked.length });
}

/** bpfilter's own options, which no kernel has. */
export const ownGets: ReadonlyMap<number, ServeOption> = new Map([
  [ownOptions.NAMES, names],
  [ownOptions.STATUS, status],
  [ownOptions.WARM_UP, warmUp],
]);
export const ownSets: ReadonlyMap<number, ServeOption> = new Map([[ownOptions.RESET, reset]]);
