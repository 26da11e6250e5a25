import './title.ts';
import { join } from 'node:path';
import { describeError } from '../protocol/error.ts';
import { decodeMemoryNote, memoryNoteSize } from '../protocol/memory-note.ts';
import type { XtSupport } from '../rules/nft/xt.ts';
import { isBpfCapable } from '../sys/bpf-capable.ts';
import { confine } from '../sys/confinement.ts';
import { recvFd } from '../sys/fd-passing.ts';
import { leaveMemoryToHeir } from '../sys/memory-heir.ts';
import { askForSlice } from '../sys/scheduling.ts';
import { callerSource, type Received } from './caller/descriptor.ts';
import { withBpfCounters } from './dataplane/bpf/bpf-plane.ts';
import { type BpfLoader, createBpfLoader } from './dataplane/bpf/loader.ts';
import { openMapDesk } from './dataplane/bpf/map-desk.ts';
import { chooseDataPlane } from './dataplane/choose.ts';
import type { DataPlane } from './dataplane/data-plane.ts';
import { nftRunner } from './dataplane/nft-exec.ts';
import { createDriver } from './driver.ts';
import { tuneEngine } from './engine.ts';
import { withFault } from './faults.ts';
import { randomInstance } from './instance-name.ts';
import { openStateLock, sleepSync } from './lock/state-lock.ts';
import { createLog, type Log } from './log.ts';
import { pipesOf, serveRequests } from './serve.ts';
import { type Backend, logDescriptors, readSettings, type Settings } from './settings.ts';
import { openEpoch } from './store/epoch.ts';
import { openStateFiles } from './store/files.ts';
import { stateName } from './store/state-names.ts';
import { openWholeNotes } from './store/whole-file.ts';
import { createAutoTranslator } from './tables/auto-translator.ts';
import { createBpfTranslator } from './tables/bpf-translator.ts';
import { createNftTranslator } from './tables/nft-translator.ts';
import type { Translator } from './tables/translator.ts';

/** Descriptors the shim gives us. */
const FROM_SHIM = 0;
const TO_SHIM = 1;
const CALLERS = 4;

/** From the driver's end until its memory is taken down: requests that waited for its successor are answered by then. */
const heirMs = 30;

/** `run --no-xt` */
const forbiddenXt: XtSupport = { problem: () => 'it was forbidden (--no-xt, BPFILTER_XT=no)' };

function start(log: Log): void {
  const settings = readSettings(process.env);
  const { stateFolder, client, nft, transport, backend } = settings;
  const now = () => performance.now();
  const lock = openStateLock({ path: join(stateFolder, stateName.lock), log, now, sleep: sleepSync });
  const run = nftRunner({ program: nft, lock, environment: process.env });
  const nftPlane = chooseDataPlane({ wanted: transport, run, log });
  const loader = createBpfLoader({ mapById: openMapDesk().mapById });
  const plane = withBpfCounters(nftPlane, loader);
  const context = {
    client,
    files: openStateFiles(stateFolder),
    epoch: openEpoch(join(stateFolder, stateName.epoch)),
    whole: openWholeNotes(join(stateFolder, stateName.whole)),
    lock,
    plane,
    log,
    newInstance: randomInstance,
    stateFolder,
  };
  const driver = createDriver({
    context,
    translator: translatorOf(settings, plane, loader),
    callers: callerSource({ receive: () => takeEarly() ?? receiveMemory() }),
  });
  tuneEngine(settings.smallHeap);
  // The shim's is for the shim alone.
  askForSlice(0n);
  confineSelf(plane, backend, log);
  leaveMemoryToHeir(heirMs);
  // The first call of a C function takes longer. Who doesn't wait for us may have sent something already.
  early = receiveMemory();
  const { fault } = settings;
  const pipes = pipesOf(FROM_SHIM, TO_SHIM);
  const faulty = fault === undefined ? { driver, pipes } : withFault(fault, { driver, pipes });
  serveRequests(faulty.driver, faulty.pipes, log);
}

function translatorOf({ xt, backend }: Settings, plane: DataPlane, loader: BpfLoader): Translator {
  const nft = createNftTranslator({ xt: xt ? plane.xt : forbiddenXt });
  const problem = () => {
    if (plane.transport.name !== 'netlink') return 'programs get into nftables over netlink only';
    return plane.xt.problem('match', 'bpf', 1) ?? loader.problem();
  };
  return createAutoTranslator({
    nft,
    bpf: createBpfTranslator({ loader, plane }),
    backend,
    problem,
    release: loader.tookEffect,
  });
}

const note = Buffer.alloc(memoryNoteSize);

/**
 * From here on it reads callers' memory and files, and speaks netlink; it starts nothing but nft, where that carries
 * the rules, and loads BPF only where it was told to and can.
 */
function confineSelf({ transport }: DataPlane, backend: Backend, log: Log): void {
  try {
    confine({ execute: transport.name === 'exec', bpf: backend !== 'nft' && isBpfCapable() });
  } catch (error) {
    log.warning(`the driver isn't confined: ${describeError(error)}`);
  }
}

let early: Received | undefined;

function takeEarly(): Received | undefined {
  const taken = early;
  early = undefined;
  return taken;
}

function receiveMemory(): Received | undefined {
  const descriptor = recvFd(CALLERS, note);
  return descriptor === undefined ? undefined : { descriptor, ...decodeMemoryNote(note) };
}

const log = createLog({ descriptors: logDescriptors(process.env), pid: process.pid, now: Date.now });
try {
  start(log);
} catch (error) {
  log.error('the driver ends', error);
  process.exitCode = 1;
}
