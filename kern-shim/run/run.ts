import fs from 'node:fs';
import path from 'node:path';
import { BpfilterError, describeError } from '../../protocol/error.ts';
import { families } from '../../protocol/family.ts';
import { shimSocketName } from '../../protocol/shim-names.ts';
import { arch } from '../../sys/arch.ts';
import { closeFd } from '../../sys/descriptor.ts';
import { netnsCookie } from '../../sys/namespace.ts';
import { POLLHUP, poll } from '../../sys/poll.ts';
import type { ProcessEnd } from '../../sys/posix-spawn.ts';
import { execve } from '../../sys/process.ts';
import { setSoftNofile } from '../../sys/resource-limit.ts';
import { removeDeadSockets } from '../control/client.ts';
import { serveControl } from '../control/server.ts';
import { buildFilter } from '../intercept/filter.ts';
import { findNamesOpen } from '../intercept/names-file.ts';
import { openLog } from '../log.ts';
import type { ModulesOptions } from '../modules.ts';
import { baseWarning, findBaseFolder, stateFolder } from '../state-folder.ts';
import { handOver } from './hand-over.ts';
import {
  forgetLaunch,
  type Inherited,
  ignoreAgain,
  lastArguments,
  originalEnvironment,
  readInherited,
} from './inherited.ts';
import { commandWarning, findProgram, legacyFirst } from './legacy-path.ts';
import { nativeRulesWarning } from './native-rules.ts';
import {
  checkDescriptors,
  checkEnvironment,
  checkProc,
  lockEnvironment,
  mayAdministerHere,
  needsNoNewPrivs,
} from './preflight.ts';
import { outerShimServes } from './probe.ts';
import { executeBy, exitNotRun, lookUp, notExecuted, type Program } from './program.ts';
import { Serving } from './serving.ts';
import { endAs, endOf, leaveTerminal, relaySignals } from './signals.ts';
import { startTarget } from './target.ts';

export interface RunOptions {
  /** CMD and its arguments. */
  readonly command: readonly string[];
  readonly verbose: boolean;
  /** Variables to set (undefined: to leave out) for CMD. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly files: Pick<ModulesOptions, 'blobFile' | 'koffiFile' | 'client'>;
  /** Says something to the person on the terminal. */
  readonly warn: (message: string) => void;
}

const hangupWaitMs = 100;

/**
 * Runs CMD with all its descendants served: starts it from a filtered thread, serves its socket
 * options until it ends, and ends as it ended. Where descendants live on, a detached shim takes
 * over their listener.
 */
export async function run(options: RunOptions): Promise<never> {
  const { warn } = options;
  const [command = ''] = options.command;
  const inherited = readInherited();
  checkProc();
  checkEnvironment(process.env);
  checkDescriptors();
  if (!mayAdministerHere()) {
    throw new BpfilterError(
      'not-permitted',
      'no right to set up a firewall in this network namespace: use "bpfilter run --isolated -- CMD" for one of your own, or become root',
    );
  }
  const base = findBaseFolder(process.env);
  const folder = stateFolder(base, netnsCookie());
  const log = openLog(path.join(folder, 'log'), options.verbose ? 2 : undefined);
  const searchPath = withSystemPrograms(process.env.PATH ?? '/usr/bin:/bin');
  const legacy = legacyFirst(path.join(base, 'bin'), searchPath);
  const warnings = [
    baseWarning(process.env),
    ...legacy.warnings,
    commandWarning(command, legacy.path),
    nativeRulesWarning(findProgram('iptables-legacy-save', searchPath)),
  ];
  for (const warning of warnings) {
    if (warning === undefined) continue;
    warn(warning);
    log.write(warning);
  }
  const program = lookUp(lastArguments(options.command.length), legacy.path);
  const env = originalEnvironment({ ...lockEnvironment(base, process.env), ...options.env, PATH: legacy.path });
  forgetLaunch();
  ignoreAgain(inherited);
  const moduleOptions: ModulesOptions = { ...options.files, base, verboseFd: log.verboseFd };
  const { end, serving } = await new Promise<{ end: ProcessEnd; serving: Serving | undefined }>((resolve, reject) => {
    const begun = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
    const tellPid = relaySignals(inherited.ignored, () => Atomics.load(new Int32Array(begun), 0) === 1);
    let serving: Serving | undefined;
    startTarget(
      { filter: filterProgram(), noNewPrivs: needsNoNewPrivs(), program, env, inherited, begun },
      {
        listening(listener) {
          serving = new Serving(listener, moduleOptions, (error) =>
            log.write(`serving thread failed, started again: ${String(error)}`),
          );
          const serves = serving;
          serveControl(
            path.join(folder, shimSocketName(process.pid)),
            (operation) => serves.ask(operation),
            (error) => log.write(`can't be asked by its socket: ${describeError(error)}`),
          );
          removeDeadSockets(folder).catch((error: unknown) =>
            log.write(`dead shims' sockets stay: ${describeError(error)}`),
          );
        },
        nested() {
          if (!outerShimServes()) {
            reject(
              new BpfilterError('busy', 'another program supervises this process by seccomp notification already'),
            );
            return;
          }
          resolve({ end: execNested(program, env, inherited, warn), serving });
        },
        failed: (message) => reject(new BpfilterError('syscall', `CMD can't be supervised: ${message}`)),
        started(pid) {
          tellPid(pid);
          leaveTerminal([0, 1]);
          for (const fd of inherited.descriptors) closeFd(fd);
          endOf(pid).then((end) => resolve({ end, serving }), reject);
        },
        notStarted(failed, message) {
          const told = notExecuted(failed);
          warn(`${command}: ${told?.text ?? message}`);
          resolve({ end: { status: told?.status ?? exitNotRun }, serving });
        },
      },
    );
  });
  if (!(await finish(serving, options.files, base))) {
    warn('what still runs of CMD is no longer served: no detached shim came up (see bpfilter status for the log)');
    log.write('no detached shim came up for the background jobs of CMD');
  }
  try {
    fs.rmSync(path.join(folder, shimSocketName(process.pid)), { force: true });
  } catch (error) {
    // CMD may have taken the folder away or made it read-only; it ended as it ended all the same.
    log.write(`its socket stays: ${describeError(error)}`);
  }
  endAs(end);
}

/**
 * Ends the drivers, and leaves the listener to a detached shim when filtered processes live on; false when none
 * took it.
 */
async function finish(serving: Serving | undefined, files: RunOptions['files'], base: string): Promise<boolean> {
  if (serving === undefined) return true;
  // The thread that started CMD is filtered itself; it ends with CMD, and then only others hold the listener.
  if (hangsUp(serving.listener)) {
    await serving.driversEnded();
    return true;
  }
  const taken = handOver(serving.listener, { ...files, base });
  await serving.stop();
  return taken;
}

/** Whether the last filtered task has gone. */
function hangsUp(listener: number): boolean {
  const [events] = poll([{ fd: listener, events: 0 }], hangupWaitMs);
  return ((events ?? 0) & POLLHUP) !== 0;
}

function filterProgram(): Uint8Array {
  const { auditArch, nr } = arch();
  const options = families.map((family) => ({
    level: family.level,
    get: Object.values(family.get),
    set: Object.values(family.set),
  }));
  return buildFilter({ auditArch, ...nr }, options, findNamesOpen());
}

/** An outer shim serves this tree already: nothing stands between it and CMD. Returns only when CMD can't be executed. */
function execNested(
  program: Program,
  env: readonly Uint8Array[],
  inherited: Inherited,
  warn: (message: string) => void,
): ProcessEnd {
  const { nofile, descriptors, closed, ignored } = inherited;
  if (nofile !== undefined) setSoftNofile(nofile);
  try {
    return executeBy(program, (file, argv) => execve(file, argv, env, { keep: descriptors, close: closed, ignored }));
  } catch (error) {
    const told = notExecuted(error instanceof BpfilterError ? error.errno : undefined);
    warn(`${Buffer.from(program.argv[0] ?? '')}: ${told?.text ?? String(error)}`);
    return { status: told?.status ?? exitNotRun };
  }
}

/** Root looks for programs in the sbin folders too; an ordinary user who became root of a namespace of its own has none of them in PATH. */
function withSystemPrograms(searchPath: string): string {
  if (process.geteuid?.() !== 0) return searchPath;
  const folders = searchPath.split(':');
  return [...folders, ...['/usr/sbin', '/sbin'].filter((folder) => !folders.includes(folder))].join(':');
}
