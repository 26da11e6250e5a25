import { BpfilterError } from '../protocol/error.ts';
import type { WantedTransport } from './dataplane/choose.ts';
import { type Fault, faultOf } from './faults.ts';

/** What the shim tells the driver in its environment. */
export interface Settings {
  /** The state folder of this network namespace; exists. */
  readonly stateFolder: string;
  /** Which shim: names its journal. */
  readonly client: string;
  /** nft, as a path or a name to look up. */
  readonly nft: string;
  /** How rules get to the kernel. */
  readonly transport: WantedTransport;
  /** What carries them there; `auto`: for each table BPF where it can, else nft. */
  readonly backend: Backend;
  /** Whether the kernel's own xt extensions may carry what nft can't say. */
  readonly xt: boolean;
  /** How the driver is to misbehave, for drills; not at all unless told. */
  readonly fault: Fault | undefined;
  /**
   * Whether its young memory stays small, for drills: that takes tens of thousands of requests to grow, and never shrinks, which
   * hides what is never given back.
   */
  readonly smallHeap: boolean;
  /** Descriptors for the log. */
  readonly logDescriptors: readonly number[];
}

export type Backend = 'auto' | 'nft' | 'bpf';

type Environment = Readonly<Record<string, string | undefined>>;

const STDERR = 2;

/** Throws `usage` for what the shim must have said and hasn't. */
export function readSettings(environment: Environment): Settings {
  const { BPFILTER_STATE, BPFILTER_CLIENT, BPFILTER_NFT, BPFILTER_TRANSPORT } = environment;
  const { BPFILTER_BACKEND, BPFILTER_XT, BPFILTER_FAULT, BPFILTER_SMALL_HEAP } = environment;
  if (BPFILTER_STATE === undefined || BPFILTER_STATE === '')
    throw new BpfilterError('usage', 'BPFILTER_STATE is not set');
  if (BPFILTER_CLIENT === undefined || !/^[0-9a-f]{1,32}$/.test(BPFILTER_CLIENT)) {
    throw new BpfilterError('usage', `BPFILTER_CLIENT: hex digits expected, found "${BPFILTER_CLIENT ?? ''}"`);
  }
  return {
    stateFolder: BPFILTER_STATE,
    client: BPFILTER_CLIENT,
    nft: BPFILTER_NFT === undefined || BPFILTER_NFT === '' ? 'nft' : BPFILTER_NFT,
    transport: transportOf(BPFILTER_TRANSPORT),
    backend: backendOf(BPFILTER_BACKEND),
    xt: isAllowed(BPFILTER_XT),
    fault: faultOf(BPFILTER_FAULT),
    smallHeap: isSmall(BPFILTER_SMALL_HEAP),
    logDescriptors: logDescriptors(environment),
  };
}

/** BPFILTER_TRANSPORT: how rules get to the kernel. Throws `usage`. */
function transportOf(text: string | undefined): WantedTransport {
  if (text === undefined || text === '') return 'auto';
  if (text === 'auto' || text === 'netlink' || text === 'exec') return text;
  throw new BpfilterError('usage', `BPFILTER_TRANSPORT: auto, netlink or exec expected, found "${text}"`);
}

/** BPFILTER_BACKEND: what carries the rules. Throws `usage`. */
function backendOf(text: string | undefined): Backend {
  if (text === undefined || text === '') return 'nft';
  if (text === 'auto' || text === 'nft' || text === 'bpf') return text;
  throw new BpfilterError('usage', `BPFILTER_BACKEND: auto, nft or bpf expected, found "${text}"`);
}

/** BPFILTER_XT: yes or no. Throws `usage`. */
function isAllowed(text: string | undefined): boolean {
  if (text === undefined || text === '' || text === 'yes') return true;
  if (text === 'no') return false;
  throw new BpfilterError('usage', `BPFILTER_XT: yes or no expected, found "${text}"`);
}

/** BPFILTER_SMALL_HEAP: 1, or nothing. Throws `usage`. */
function isSmall(text: string | undefined): boolean {
  if (text === undefined || text === '') return false;
  if (text === '1') return true;
  throw new BpfilterError('usage', `BPFILTER_SMALL_HEAP: 1 expected, found "${text}"`);
}

/** Known before anything else, so that even a wrong environment can be told of. */
export function logDescriptors(environment: Environment): readonly number[] {
  const verbose = Number(environment.BPFILTER_VERBOSE_FD ?? '');
  return Number.isInteger(verbose) && verbose > STDERR ? [STDERR, verbose] : [STDERR];
}
