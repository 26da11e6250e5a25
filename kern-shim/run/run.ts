import fs from 'node:fs';
import path from 'node:path';
import { BpfilterError } from '../../protocol/error.ts';
import { families } from '../../protocol/family.ts';
import { arch } from '../../sys/arch.ts';
import { netnsCookie } from '../../sys/namespace.ts';
import { POLLHUP, poll } from '../../sys/poll.ts';
import { execve } from '../../sys/process.ts';
import { setSoftNofile } from '../../sys/resource-limit.ts';
import { serveControl } from '../control/server.ts';
import { buildFilter } from '../intercept/filter.ts';
import { findNamesOpen } from '../intercept/names-file.ts';
import { openLog } from '../log.ts';
import type { ModulesOptions } from '../modules.ts';
import { findBaseFolder, stateFolder } from '../state-folder.ts';
import { handOver } from './hand-over.ts';
import { commandWarning, findProgram, legacyFirst } from './legacy-path.ts';
import { nativeRulesWarning } from './native-rules.ts';
import { checkProc, lockEnvironment, mayAdministerHere, needsNoNewPrivs } from './preflight.ts';
import { outerShimServes } from './probe.ts';
import { Serving } from './serving.ts';
import { endAs, relaySignals } from './signals.ts';
import { startTarget, type TargetEnd } from './target.ts';

export interface RunOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly verbose: boolean;
  /** Soft limit of open files to give CMD; Node has raised its own. */
  readonly nofile: number | undefined;
  readonly files: Pick<ModulesOptions, 'blobFile' | 'koffiFile' | 'client'>;
  /** Says something to the person on the terminal. */
  readonly warn: (message: string) => void;
}

/** Exit statuses as env(1) and sudo have them. */
const exitNotFound = 127;
const exitNotExecutable = 126;

const hangupWaitMs = 100;

/**
 * Runs CMD with all its descendants served: starts it from a filtered thread, serves its socket
 * options until it ends, and ends as it ended. Where descendants live on, a detached shim takes
 * over their listener.
 */
export async function run(options: RunOptions): Promise<never> {
  const { command, args, warn } = options;
  checkProc();
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
    ...legacy.warnings,
    commandWarning(command, legacy.path),
    nativeRulesWarning(findProgram('iptables-legacy-save', searchPath)),
  ];
  for (const warning of warnings) {
    if (warning === undefined) continue;
    warn(warning);
    log.write(warning);
  }
  const env = { ...definedOnly(process.env), ...lockEnvironment(base, process.env), PATH: legacy.path };
  const moduleOptions: ModulesOptions = { ...options.files, base, verboseFd: log.verboseFd };
  const target = await new Promise<{ end: TargetEnd; serving: Serving | undefined }>((resolve, reject) => {
    const tellPid = relaySignals();
    let serving: Serving | undefined;
    startTarget(
      { filter: filterProgram(), noNewPrivs: needsNoNewPrivs(), command, args, env, nofile: options.nofile },
      {
        listening(listener) {
          serving = new Serving(listener, moduleOptions, (error) =>
            log.write(`serving thread failed, started again: ${String(error)}`),
          );
          const serves = serving;
          serveControl(path.join(folder, `shim-${process.pid}.sock`), (operation) => serves.ask(operation));
        },
        nested() {
          if (!outerShimServes()) {
            reject(
              new BpfilterError('busy', 'another program supervises this process by seccomp notification already'),
            );
            return;
          }
          try {
            execNested(command, args, options.nofile);
          } catch (error) {
            reject(error);
          }
        },
        failed: (message) => reject(new BpfilterError('syscall', `CMD can't be supervised: ${message}`)),
        started: tellPid,
        notStarted(code, message) {
          warn(`${command}: ${code === 'ENOENT' ? 'command not found' : message}`);
          resolve({ end: { status: code === 'ENOENT' ? exitNotFound : exitNotExecutable, signal: null }, serving });
        },
        ended: (end) => resolve({ end, serving }),
      },
    );
  });
  await finish(target.serving, options.files, base);
  fs.rmSync(path.join(folder, `shim-${process.pid}.sock`), { force: true });
  endAs(target.end);
}

/** Leaves the listener to a detached shim when filtered processes live on. Drivers of ours end with their pipes. */
async function finish(serving: Serving | undefined, files: RunOptions['files'], base: string): Promise<void> {
  // The thread that started CMD is filtered itself; it ends with CMD, and then only others hold the listener.
  if (serving === undefined || hangsUp(serving.listener)) return;
  await handOver(serving.listener, { ...files, base });
  await serving.stop();
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

/** An outer shim serves this tree already: nothing stands between it and CMD. */
function execNested(command: string, args: readonly string[], nofile: number | undefined): void {
  const program = findProgram(command, process.env.PATH ?? '');
  if (program === undefined) {
    process.stderr.write(`bpfilter: ${command}: command not found\n`);
    process.exit(exitNotFound);
  }
  if (nofile !== undefined) setSoftNofile(nofile);
  execve(program, [command, ...args], process.env);
}

/** Root looks for programs in the sbin folders too; an ordinary user who became root of a namespace of its own has none of them in PATH. */
function withSystemPrograms(searchPath: string): string {
  if (process.geteuid?.() !== 0) return searchPath;
  const folders = searchPath.split(':');
  return [...folders, ...['/usr/sbin', '/sbin'].filter((folder) => !folders.includes(folder))].join(':');
}

function definedOnly(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
