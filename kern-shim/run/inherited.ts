import fs from 'node:fs';
import { setCloexec } from '../../sys/descriptor.ts';
import { ignoredByNode, setDisposition } from '../../sys/signal.ts';

/**
 * What this process was given that Node changes or hides from its programs: it raises the limit of
 * open files, sets every signal to its default, opens closed standard descriptors and closes further
 * ones on exec; its strings can't hold bytes that are no UTF-8. CMD is to get all of it as it was,
 * so the launcher notes it in one variable before Node starts.
 */
export interface Inherited {
  /** Soft limit of open files; undefined: as it is now. */
  readonly nofile: number | undefined;
  /** Signals that were ignored, by number. */
  readonly ignored: readonly number[];
  /** Descriptors above 2 that were open. */
  readonly descriptors: readonly number[];
  /** Of 0, 1 and 2 those that were not. */
  readonly closed: readonly number[];
}

/** Words `LIMIT IGNORED FD…`: the limit as ulimit prints it, the mask of /proc/PID/status, every open descriptor. */
const launchVariable = 'BPFILTER_LAUNCH';
/** Base64 of entries whose names no shell takes as a variable's: the launcher would lose them; and of those that it hides from us. */
const oddVariable = 'BPFILTER_LAUNCH_ENVIRONMENT';
const ownVariables = [launchVariable, oddVariable];

const highestSignal = 64;
const standard: readonly number[] = [0, 1, 2];
/** SIGCHLD: without it nobody would hear of CMD's end. 32 and 33: the C library's own, posix_spawn leaves them ignored. */
const leftAlone: readonly number[] = [...ignoredByNode, 17, 32, 33];

/** Started without the launcher (from the sources, say) there is nothing to restore. */
export function readInherited(): Inherited {
  const [limit, mask, ...open] = (process.env[launchVariable] ?? '').split(' ').filter(Boolean);
  const nofile = Number(limit);
  const descriptors = open.map(Number).filter(Number.isInteger);
  return {
    nofile: Number.isInteger(nofile) && nofile > 0 ? nofile : undefined,
    ignored: signalsOf(BigInt(`0x${/^[0-9a-f]+$/.test(mask ?? '') ? mask : '0'}`)),
    descriptors: descriptors.filter((fd) => !standard.includes(fd) && isOpen(fd)),
    closed: descriptors.length === 0 ? [] : standard.filter((fd) => !descriptors.includes(fd)),
  };
}

/** Has this process ignore again what it was to ignore: so its own life, and CMD's, is as with no Node in between. */
export function ignoreAgain({ ignored }: Inherited): void {
  for (const signal of ignored) if (!leftAlone.includes(signal)) setDisposition(signal, 'ignore');
}

/** The last `count` words of our command line, as bytes. */
export function lastArguments(count: number): Buffer[] {
  const words = splitAtNul(fs.readFileSync('/proc/self/cmdline'));
  return words.slice(words.length - count);
}

/**
 * The environment that we were started with, as bytes NAME=VALUE.
 *
 * @param changes variables to set instead, undefined to leave out
 */
export function originalEnvironment(changes: Readonly<Record<string, string | undefined>>): Buffer[] {
  const dropped = [...ownVariables, ...Object.keys(changes)];
  // A process that takes this one's place gets them as they came.
  const odd = Buffer.from(oddVariable in changes ? '' : (process.env[oddVariable] ?? ''), 'base64');
  const entries = [...splitAtNul(fs.readFileSync('/proc/self/environ')), ...splitAtNul(odd)];
  const kept = entries.filter((entry) => !dropped.some((name) => entry.toString('latin1').startsWith(`${name}=`)));
  const set = Object.entries(changes).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
  return [...kept, ...set.map((entry) => Buffer.from(entry))];
}

/** The variables that say what was inherited, for a process that takes this one's place. */
export function launchVariables(): Record<string, string> {
  return Object.fromEntries(
    ownVariables.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

/** Takes the notes out of our own environment, so that nothing we start finds them. */
export function forgetLaunch(): void {
  for (const name of ownVariables) delete process.env[name];
}

function signalsOf(mask: bigint): number[] {
  const signals: number[] = [];
  for (let signal = 1; signal <= highestSignal; signal += 1) {
    if ((mask & (1n << BigInt(signal - 1))) !== 0n) signals.push(signal);
  }
  return signals;
}

function isOpen(fd: number): boolean {
  try {
    setCloexec(fd, true);
    return true;
  } catch {
    return false;
  }
}

/** Strings that each end in NUL. */
function splitAtNul(bytes: Buffer): Buffer[] {
  const strings: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(0, at);
    strings.push(bytes.subarray(at, end < 0 ? bytes.length : end));
    at = end < 0 ? bytes.length : end + 1;
  }
  return strings;
}
