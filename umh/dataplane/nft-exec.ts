import type { SpawnSyncReturns } from 'node:child_process';
import fs from 'node:fs';
import { errno } from '../../protocol/errno.ts';
import { BpfilterError } from '../../protocol/error.ts';
import { CounterListing } from '../../rules/nft/counter-listing.ts';
import { countersById } from '../../rules/nft/counters.ts';
import type { NftCommand, NftDocument } from '../../rules/nft/json.ts';
import { chainsIn, handlesById } from '../../rules/nft/listing.ts';
import { closeFd } from '../../sys/descriptor.ts';
import { memfdCreate } from '../../sys/memfd.ts';
import { INHERITED_LOCK, PARENT_VARIABLE } from '../lock/orphans.ts';
import type { CommitResult, DataPlane } from './data-plane.ts';
import { holdsXt } from './holds-xt.ts';
import { errnoOfComplaint, isNoSuchObject, trimComplaint } from './nft-error.ts';

/** One run of nft. */
export interface NftRun {
  readonly args: readonly string[];
  readonly input: string;
  /** Milliseconds; then it is killed. */
  readonly timeout: number;
}

/** How it ended: `status` is null when a signal ended it; `failure` when it never ran or was given up. */
export interface NftEnd {
  readonly status: number | null;
  readonly signal: string | null;
  readonly failure?: 'missing' | 'timeout' | 'other';
  readonly message?: string;
  readonly stdout: Uint8Array;
  readonly stderr: string;
}

export type RunNft = (run: NftRun) => NftEnd;

export interface NftExecOptions {
  readonly program: string;
  /** The state lock, which every nft inherits: one that outlives us goes on holding it. */
  readonly lock: { readonly descriptor: number; readonly identity: string };
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const MAX_OUTPUT = 1 << 30;
/** The shim gives a request 30 s and more for long ones: a hung nft must leave time to ask what became of it. */
const BASE_TIMEOUT = 20_000;
const SHORT_TIMEOUT = 5_000;
const TIMEOUT_PER_MIB = 1_000;
/** nft looks for each rule that is named by its handle from the first one on: twice as many take four times as long. */
const MOST_BY_HANDLE = 10_000;

function failureOf(error: Error | undefined): 'missing' | 'timeout' | 'other' | undefined {
  if (error === undefined) return undefined;
  const code = 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'missing';
  return code === 'ETIMEDOUT' ? 'timeout' : 'other';
}

function writeWhole(fd: number, bytes: Buffer): void {
  let at = 0;
  while (at < bytes.length) at += fs.writeSync(fd, bytes, at, bytes.length - at, at);
}

/** Loaded when a program is started: with what it brings along it takes a fifth of a driver's start, and over netlink is of no use. */
const startProgram = () => process.getBuiltinModule('node:child_process').spawnSync;

/** Runs nft as a child that inherits the state lock at descriptor INHERITED_LOCK. */
export function nftRunner(options: NftExecOptions): RunNft {
  const { program, lock, environment } = options;
  // nft reads hours and dates by the time zone, ip_tables by UTC.
  const env = { ...environment, LC_ALL: 'C', TZ: 'UTC', [PARENT_VARIABLE]: lock.identity };
  return ({ args, input, timeout }) => {
    // Node's own pipes are sockets, which nft can't open again as /dev/stdin: a file in memory it can.
    const stdin = memfdCreate('nft-input');
    const stdio: ('pipe' | number)[] = [stdin, 'pipe', 'pipe'];
    stdio[INHERITED_LOCK] = lock.descriptor;
    let end: SpawnSyncReturns<Buffer>;
    try {
      writeWhole(stdin, Buffer.from(input));
      end = startProgram()(program, args, { stdio, env, timeout, killSignal: 'SIGKILL', maxBuffer: MAX_OUTPUT });
    } finally {
      closeFd(stdin);
    }
    const failure = failureOf(end.error);
    return {
      status: end.status,
      signal: end.signal,
      ...(failure === undefined ? {} : { failure, message: end.error?.message ?? '' }),
      stdout: end.stdout ?? new Uint8Array(),
      stderr: end.stderr?.toString() ?? '',
    };
  };
}

function howItEnded(end: NftEnd): string {
  const text = trimComplaint(end.stderr);
  const how =
    end.failure === 'timeout'
      ? 'nft took too long and was killed'
      : end.failure !== undefined
        ? `nft failed: ${end.message ?? ''}`
        : end.signal !== null
          ? `nft was killed by ${end.signal}`
          : `nft ended with status ${end.status}`;
  return text === '' ? how : `${how}: ${text}`;
}

/** Whether a command says by a handle which rule it means. */
function namesHandle(command: NftCommand): boolean {
  return Object.values(command).some((object) => 'rule' in object && object.rule.handle !== undefined);
}

/** For a table that netlink put in force and that somebody took away: nft's own words would be about iptables-nft. */
function onlyNetlink(): BpfilterError {
  const message =
    'nft can\'t load rules with the kernel\'s own extensions: serve the table over netlink, or begin anew with "bpfilter reset"';
  return new BpfilterError('dataplane', message, { errno: errno.EOPNOTSUPP });
}

/** Whoever wanted that makes the whole table anew, which takes nft no longer than its size. */
function tooManyHandles(count: number): CommitResult {
  const reason = `nft is too slow for ${count} commands about rules by their handles (${MOST_BY_HANDLE} at most)`;
  return { kind: 'refused', reason, errno: errno.EMSGSIZE };
}

function listingIn(text: string): CounterListing {
  return CounterListing.of(countersById(text));
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
}

/** nftables by the `nft` program: each call is a process of its own, and waited for. `reason`: why this transport. */
export function nftDataPlane(run: RunNft, reason: string): DataPlane {
  const wantInstalled = (end: NftEnd) => {
    if (end.failure === 'missing') {
      throw new BpfilterError('dataplane', 'nft is not installed (Debian package nftables)');
    }
  };
  const list = (args: readonly string[], timeout = BASE_TIMEOUT): string | undefined => {
    const end = run({ args: ['-j', ...args], input: '', timeout });
    wantInstalled(end);
    if (end.status === 0) return textOf(end.stdout);
    if (end.status === 1 && isNoSuchObject(end.stderr)) return undefined;
    throw new BpfilterError(
      end.failure === 'timeout' ? 'timeout' : 'dataplane',
      `nft ${args.join(' ')}: ${howItEnded(end)}`,
    );
  };
  const read = <T>(parse: (text: string) => T, text: string | undefined) =>
    text === undefined ? undefined : parse(text);
  return {
    transport: { name: 'exec', reason },
    commit(document: NftDocument): CommitResult {
      if (document.nftables.some(holdsXt)) throw onlyNetlink();
      const byHandle = document.nftables.filter(namesHandle).length;
      if (byHandle > MOST_BY_HANDLE) return tooManyHandles(byHandle);
      const input = JSON.stringify(document);
      const timeout = BASE_TIMEOUT + Math.ceil(input.length / (1 << 20)) * TIMEOUT_PER_MIB;
      const end = run({ args: ['-j', '-f', '-'], input, timeout });
      wantInstalled(end);
      if (end.status === 0) return { kind: 'committed' };
      const reason = howItEnded(end);
      if (end.status === null || end.failure !== undefined) {
        return { kind: 'unknown', reason, tookTooLong: end.failure === 'timeout' };
      }
      // A bad descriptor or an unreadable library: nft ends with a status of its own before it does anything.
      return { kind: 'refused', reason, errno: end.stderr === '' ? errno.EIO : errnoOfComplaint(end.stderr) };
    },
    // nft doesn't print it.
    generation: () => undefined,
    listCounters: (family, table) => read(listingIn, list(['list', 'counters', 'table', family, table])),
    listHandles: (family, table) => read(handlesById, list(['-a', 'list', 'table', family, table])),
    hasTable: (family, table) => list(['-t', 'list', 'table', family, table], SHORT_TIMEOUT) !== undefined,
    xt: { problem: () => 'only netlink can load it, and rules go through the nft program here' },
    listChains: (family) => read(chainsIn, list(['list', 'chains', family], SHORT_TIMEOUT)) ?? [],
  };
}
