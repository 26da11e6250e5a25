import { type Errno, errno, errnoName } from '../../protocol/errno.ts';
import { BpfilterError } from '../../protocol/error.ts';
import { CounterListing } from '../../rules/nft/counter-listing.ts';
import type { NftDocument } from '../../rules/nft/json.ts';
import type { ListedChain } from '../../rules/nft/listing.ts';
import { counterName } from '../../rules/nft/names.ts';
import { type AddedRules, EchoReader, echoAddedRules } from '../../rules/nft/netlink/added-rules.ts';
import { compileBatch } from '../../rules/nft/netlink/compile.ts';
import {
  decodeChain,
  decodeCounter,
  decodeGeneration,
  decodeHandle,
  decodePassed,
} from '../../rules/nft/netlink/decode.ts';
import {
  chainRulesRequest,
  chainsRequest,
  counterRequest,
  countersRequest,
  generationRequest,
  rulesRequest,
  tableRequest,
} from '../../rules/nft/netlink/requests.ts';
import { MessageWriter } from '../../rules/nft/netlink/writer.ts';
import { sendBatch } from '../../sys/nfnetlink/batch.ts';
import { ask, type OnMessage } from '../../sys/nfnetlink/dump.ts';
import type { NetlinkError } from '../../sys/nfnetlink/message.ts';
import type { NetlinkSocket } from '../../sys/nfnetlink/socket.ts';
import { describeCommand } from './command-text.ts';
import type { AddedHandles, CommitResult, CounterGlance, DataPlane } from './data-plane.ts';
import { holdsXt } from './holds-xt.ts';
import { errnoOfRefusal } from './nft-error.ts';
import { probedXt } from './xt-probe.ts';

/** A dump is begun again this often while others change the rules. */
const DUMP_ATTEMPTS = 20;
/** A writer that has grown past this is given back after the batch; bytes. */
const KEPT_ROOM = 1 << 22;

export interface NetlinkPlaneOptions {
  /** Opens a socket in the namespace whose rules are meant. */
  readonly open: () => NetlinkSocket;
  /** Why this transport, for people. */
  readonly reason: string;
}

/**
 * nf_tables by its own netlink interface. A commit is one system call and decided when it returns: nothing
 * outlives us that could commit later.
 */
export function netlinkDataPlane({ open, reason }: NetlinkPlaneOptions): DataPlane {
  let socket: NetlinkSocket | undefined;
  let writer = new MessageWriter();
  let sequence = 0;

  /** After an error the socket may hold what nobody will read. */
  const using = <T>(work: (socket: NetlinkSocket) => T): T => {
    socket ??= open();
    try {
      return work(socket);
    } catch (error) {
      socket.close();
      socket = undefined;
      throw inPlane(error);
    }
  };

  const commit = (document: NftDocument, generation?: number): CommitResult => {
    const compiled = compileBatch(document, writer, generation);
    if (compiled.kind === 'unsupported') throw new BpfilterError('not-expressible', `netlink: ${compiled.reason}`);
    const added = echoAddedRules(compiled.bytes, document);
    const echoes = added && new EchoReader(added);
    const result = using((one) =>
      sendBatch(one, compiled.bytes, (view, start, length) => echoes?.read(view, start, length)),
    );
    if (compiled.bytes.length > KEPT_ROOM) writer = new MessageWriter();
    switch (result.kind) {
      case 'taken':
        return committed(added, echoes?.handles());
      case 'refused':
        if (generation !== undefined && isOvertaken(result.errors[0])) return overtaken(generation);
        return refusal(document, result.errors[0]);
      case 'unsent':
        // nft has no larger one
        if (result.errno === errno.EMSGSIZE) return tooLarge(compiled.bytes.length);
        return refusal(document, { sequence: 0, errno: result.errno });
      case 'unknown':
        return {
          kind: 'unknown',
          reason: "netlink: the kernel's answers didn't fit the socket's buffer",
          tookTooLong: false,
        };
      default:
        return result satisfies never;
    }
  };

  /** Asks until nothing changes while the kernel tells; `start` gives what takes the messages. */
  const dump = <T>(
    request: (sequence: number) => Uint8Array,
    start: () => { readonly onMessage: OnMessage; readonly result: T },
  ): T => {
    for (let attempt = 0; attempt < DUMP_ATTEMPTS; attempt += 1) {
      const { onMessage, result } = start();
      sequence += 1;
      const question = { bytes: request(sequence), sequence, isDump: true };
      const end = using((one) => ask(one, question, onMessage));
      if (end.kind === 'whole') return result;
      if (end.kind === 'refused' && end.errno !== errno.EINTR) {
        throw new BpfilterError('dataplane', `netlink: ${errnoName(end.errno)}`, { errno: end.errno });
      }
    }
    throw new BpfilterError('dataplane', `netlink: the rules changed during each of ${DUMP_ATTEMPTS} listings`);
  };

  const hasTable = (family: 'ip' | 'ip6', table: string): boolean => {
    sequence += 1;
    const question = { bytes: tableRequest(family, table, sequence), sequence, isDump: false };
    const end = using((one) => ask(one, question, () => {}));
    if (end.kind !== 'refused') return true;
    if (end.errno === errno.ENOENT) return false;
    throw new BpfilterError('dataplane', `netlink: ${errnoName(end.errno)}`, { errno: end.errno });
  };

  /** A table that isn't there has none of anything, to the kernel. */
  const ofTable = <T extends { readonly size: number }>(
    family: 'ip' | 'ip6',
    table: string,
    found: T,
  ): T | undefined => (found.size > 0 || hasTable(family, table) ? found : undefined);

  /** What the kernel tells in answer to a question that isn't a dump; undefined where there is no such thing. */
  const single = (request: (sequence: number) => Uint8Array, onMessage: OnMessage): boolean => {
    sequence += 1;
    const end = using((one) => ask(one, { bytes: request(sequence), sequence, isDump: false }, onMessage));
    return end.kind === 'whole';
  };

  const glance: CounterGlance = {
    passed(family, table, chains) {
      const found: number[] = [];
      for (const chain of chains) {
        const first = dump(
          (one) => chainRulesRequest(family, table, chain, one),
          () => {
            const result: (number | undefined)[] = [];
            return { result, onMessage: (view, start, length) => void result.push(decodePassed(view, start, length)) };
          },
        )[0];
        if (first === undefined) return undefined;
        found.push(first);
      }
      return found;
    },
    counters(family, table, ids) {
      const found = new CounterListing();
      for (const id of ids) {
        const request = (one: number) => counterRequest(family, table, counterName(id), one);
        if (!single(request, (view, start, length) => decodeCounter(view, start, length, found))) return undefined;
      }
      return found.size === ids.length ? found : undefined;
    },
  };

  const xt = probedXt((question) => {
    sequence += 1;
    const asked = question(sequence);
    return using((one) => ask(one, asked, () => {}));
  });

  return {
    transport: { name: 'netlink', reason },
    commit,
    hasTable,
    glance,
    xt,
    listCounters(family, table) {
      const found = dump(
        (one) => countersRequest(family, table, one),
        () => {
          const result = new CounterListing();
          return { result, onMessage: (view, start, length) => decodeCounter(view, start, length, result) };
        },
      );
      return ofTable(family, table, found);
    },
    listHandles(family, table) {
      const found = dump(
        (one) => rulesRequest(family, table, one),
        () => {
          const result = new Map<number, number[]>();
          return { result, onMessage: (view, start, length) => decodeHandle(view, start, length, result) };
        },
      );
      return ofTable(family, table, found);
    },
    generation() {
      sequence += 1;
      const question = { bytes: generationRequest(sequence), sequence, isDump: false };
      let found: number | undefined;
      using((one) =>
        ask(one, question, (view, start, length) => {
          found = decodeGeneration(view, start, length);
        }),
      );
      return found;
    },
    listChains: (family) =>
      dump(
        (one) => chainsRequest(family, one),
        () => {
          const result: ListedChain[] = [];
          return { result, onMessage: (view, start, length) => void result.push(decodeChain(view, start, length)) };
        },
      ),
  };
}

const NO_HANDLES: AddedHandles = { ids: [], handles: [] };

function committed(added: AddedRules | undefined, handles: readonly number[] | undefined): CommitResult {
  if (added === undefined) return { kind: 'committed', handles: NO_HANDLES };
  return handles === undefined ? { kind: 'committed' } : { kind: 'committed', handles: { ids: added.ids, handles } };
}

/** nf_tables_valid_genid: said of the batch, not of a message in it. */
function isOvertaken({ sequence, errno: code }: NetlinkError): boolean {
  return sequence === 0 && code === errno.ERESTART;
}

function overtaken(generation: number): CommitResult {
  return {
    kind: 'overtaken',
    reason: `netlink: the rules of this namespace are no longer of generation ${generation}`,
  };
}

function refusal(document: NftDocument, { sequence, errno: code, text }: NetlinkError): CommitResult {
  const command = document.nftables[sequence - 1];
  const about = command === undefined ? 'the batch' : describeCommand(command);
  const words = text === undefined ? '' : ` (${text})`;
  return {
    kind: 'refused',
    reason: `netlink: ${about}: ${errnoName(code)}${words}`,
    // of its own extensions only the kernel knows: a helper, an estimator that isn't there
    errno: command !== undefined && holdsXt(command) ? (code as Errno) : errnoOfRefusal(code as Errno),
  };
}

/** One transaction is one message. The socket's buffer grows past net.core.wmem_max only by the machine's own root. */
function tooLarge(bytes: number): CommitResult {
  const reason = `netlink: a transaction of ${bytes} bytes is too large for a socket here (twice net.core.wmem_max)`;
  return { kind: 'refused', reason, errno: errno.EMSGSIZE };
}

/** A system call that fails is the data plane's failure to whoever asked for rules. */
function inPlane(error: unknown): unknown {
  if (!(error instanceof BpfilterError) || error.code !== 'syscall') return error;
  return new BpfilterError('dataplane', `netlink: ${error.message}`, { errno: error.errno, cause: error });
}
