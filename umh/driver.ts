import { errno, errnoName } from '../protocol/errno.ts';
import { BpfilterError, errnoOf } from '../protocol/error.ts';
import { type AddressFamily, families } from '../protocol/family.ts';
import {
  composeCommand,
  decodeRequest,
  type MboxRequest,
  mbox_request,
  OWN_LEVEL,
  ownOptions,
  splitCommand,
} from '../protocol/mbox.ts';
import type { CallerSource } from './caller/descriptor.ts';
import type { CallerMemory, NamedRange } from './caller/memory.ts';
import type { DriverContext } from './context.ts';
import { addCounters } from './options/add-counters.ts';
import { getEntries } from './options/get-entries.ts';
import { getInfo } from './options/get-info.ts';
import { getRevision } from './options/get-revision.ts';
import { ownGets, ownSets } from './options/own.ts';
import type { ServeOption, Service } from './options/request.ts';
import { setReplace } from './options/set-replace.ts';
import { createReplay } from './replay.ts';
import { createTableKeeper } from './tables/keeper.ts';
import { kernelOf } from './tables/kernel.ts';
import type { Translator } from './tables/translator.ts';
import { useOrder } from './tables/use-order.ts';

/** The driver without its pipes. */
export interface Driver {
  /** Serves the 24 bytes of one request; returns the status. Never throws for anything a request can do. */
  serve(message: Uint8Array): number;
  /** To be called when the status has been sent. */
  answered(): void;
}

type OptionTable = ReadonlyMap<number, ServeOption>;

interface Level {
  readonly gets: OptionTable;
  readonly sets: OptionTable;
  /** Gets that look at no table: nothing they do can wait for another driver. */
  readonly stateless: OptionTable;
}

function levelOf(family: AddressFamily): Level {
  const { get, set } = family;
  return {
    gets: new Map([
      [get.info, getInfo(family)],
      [get.entries, getEntries(family)],
    ]),
    sets: new Map([
      [set.replace, setReplace(family)],
      [set.addCounters, addCounters(family)],
    ]),
    stateless: new Map([
      [get.revisionMatch, getRevision('match')],
      [get.revisionTarget, getRevision('target')],
    ]),
  };
}

const levels: ReadonlyMap<number, Level> = new Map([
  [OWN_LEVEL, { gets: ownGets, sets: ownSets, stateless: new Map() }],
  ...families.map((family) => [family.level, levelOf(family)] as const),
]);

function isHealthCheck(request: MboxRequest): boolean {
  return request.is_set === 0 && request.cmd === 0 && request.len === 0;
}

/** It comes before the replay of what was in flight, as the health check does, and says nothing about it. */
function isWarmUp({ cmd, is_set }: MboxRequest): boolean {
  return is_set === 0 && cmd === composeCommand(OWN_LEVEL, ownOptions.WARM_UP);
}

export interface DriverOptions {
  readonly context: DriverContext;
  readonly translator: Translator;
  readonly callers: CallerSource;
}

/** The driver over what it touches (`context`), the translation and the callers' memories. */
export function createDriver({ context, translator, callers }: DriverOptions): Driver {
  const { lock, log } = context;
  const kernel = kernelOf(context.plane, translator);
  const keeper = createTableKeeper({ context, translator, kernel });
  const replay = createReplay(context);
  let memory: CallerMemory | undefined;
  let named: NamedRange = { address: 0, length: 0 };
  /** A request came that was no health check and no warm-up. */
  let asked = false;
  const service: Service = {
    context,
    keeper,
    kernel,
    translator,
    replay,
    order: useOrder(context),
    memory: () => {
      memory ??= callers.take(named);
      return memory;
    },
  };

  const run = (message: Uint8Array, request: MboxRequest): number => {
    const { level, option, replay: isReplay } = splitCommand(request.cmd);
    const served = levels.get(level);
    const { len: length, pid, is_set } = request;
    const asked = { message, address: Number(request.addr), length, pid, replay: isReplay };
    named = asked;
    const stateless = is_set === 0 ? served?.stateless.get(option) : undefined;
    if (stateless !== undefined) return stateless(service, asked);
    const serve = (is_set === 0 ? served?.gets : served?.sets)?.get(option);
    if (serve === undefined) throw new BpfilterError('no-such-option', `level ${level} has no option ${option}`);
    lock.acquire();
    try {
      context.epoch.refresh();
      if (!isWarmUp(request)) {
        if (!isReplay) replay.settle();
        keeper.recover();
      }
      if (is_set !== 0) replay.expect();
      return serve(service, asked);
    } finally {
      lock.release();
    }
  };

  /** Says what a status can't: of refused changes always, of questions only what is no ordinary answer. */
  const report = (request: MboxRequest, error: unknown) => {
    const { level, option } = splitCommand(request.cmd);
    const what = `${request.is_set === 0 ? 'get' : 'set'} ${option} at level ${level} from process ${request.pid}`;
    if (!(error instanceof BpfilterError)) {
      const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
      log.error(`${what}: unexpected: ${stack}`);
      return;
    }
    const ordinary = error.code === 'stale' || error.code === 'caller-gone';
    const question = request.is_set === 0 && !['busy', 'state', 'dataplane', 'timeout', 'syscall'].includes(error.code);
    if (!ordinary && !question) log.error(`${what}: ${errnoName(errnoOf(error))}`, error);
  };

  return {
    serve(message) {
      if (message.byteLength !== mbox_request.size) return -errno.EINVAL;
      const request = decodeRequest(new DataView(message.buffer, message.byteOffset, message.byteLength));
      // The memory of the request behind it may have come already, and is not to be taken for a stray.
      if (isHealthCheck(request)) return 0;
      try {
        asked ||= !isWarmUp(request);
        return run(message, request);
      } catch (error) {
        report(request, error);
        return -errnoOf(error);
      } finally {
        memory = undefined;
        callers.close();
      }
    },
    answered() {
      // A health check comes before the replay of what was in flight, and says nothing about it.
      if (!asked) return;
      try {
        replay.settle();
      } catch (error) {
        log.error('the journal of an answered request stays', error);
      }
    },
  };
}
