import { errno, errnoName } from '../protocol/errno.ts';
import { describeError, errnoOf } from '../protocol/error.ts';
import { familyOfLevel } from '../protocol/family.ts';
import { composeCommand } from '../protocol/mbox.ts';
import { closeFd } from '../sys/descriptor.ts';
import type { Caller, Callers } from './caller/caller.ts';
import { mayAdminister } from './caller/capability.ts';
import { type CallerSocket, openCallerSocket } from './caller/socket.ts';
import type { Modules, Served } from './modules.ts';

/** A getsockopt or setsockopt as it was caught. */
export interface CaughtCall {
  readonly tid: number;
  readonly isSet: boolean;
  readonly fd: number;
  readonly level: number;
  readonly option: number;
  readonly optval: number;
  /** set: the length itself; get: the address of an int that holds it. */
  readonly optlen: number;
  /** No two calls below a shim have the same one. */
  readonly id: bigint;
  /** A serving thread has failed on it: the driver may have had it before. */
  readonly isReplay: boolean;
}

export type Outcome =
  | { readonly kind: 'value'; readonly value: number }
  | { readonly kind: 'errno'; readonly errno: number }
  | { readonly kind: 'proceed' }
  | { readonly kind: 'gone' };

/**
 * A GET_INFO with optval NULL and this length asks "is this shim serving me?": 0 from us, an error
 * from any kernel. An inner `run` tells by it that an outer one serves its tree.
 */
export const probeLength = 0x62706672;

const proceed: Outcome = { kind: 'proceed' };
const gone: Outcome = { kind: 'gone' };
const success: Outcome = { kind: 'value', value: 0 };
const failed = (value: number): Outcome => ({ kind: 'errno', errno: value });

/**
 * The socket option front: what the kernel does around ip_tables' do_ipt_get_ctl and
 * do_ipt_set_ctl. Checks the socket and the capability, reads and writes the length, and hands the
 * request to the module of the socket's network namespace.
 *
 * @param isValid asks whether the notification still stands: once the caller's memory is open and
 *   this says yes, the descriptor is that caller's and no other process's
 */
export function serveSockopt(call: CaughtCall, callers: Callers, modules: Modules, isValid: () => boolean): Outcome {
  let socket: CallerSocket | undefined;
  let served: Served | undefined;
  try {
    const caller = callers.of(call.tid);
    if (!isValid()) return gone;
    socket = openCallerSocket(caller, call.fd);
    if (socket === undefined) return proceed;
    served = modules.forSocket(socket.cookie, socket.fd);
    return answer(call, caller, served, isValid);
  } catch (error) {
    if (!isValid()) return gone;
    const { log } = served ?? modules.forOwn();
    log.write(`pid ${call.tid}: ${describe(call)}: ${describeError(error)}`);
    return failed(errnoOf(error));
  } finally {
    if (socket !== undefined) closeFd(socket.fd);
  }
}

function answer(call: CaughtCall, caller: Caller, served: Served, isValid: () => boolean): Outcome {
  let length = call.optlen;
  if (!call.isSet) {
    const read = caller.readInt(call.optlen);
    if (read === undefined) return failed(errno.EFAULT);
    length = read;
    if (length === probeLength && call.optval === 0 && call.option === familyOfLevel(call.level)?.get.info) {
      return success;
    }
  }
  if (length < 0) return failed(errno.EINVAL);
  if (!mayAdminister(call.tid, served.owners)) return failed(errno.EPERM);
  const status = served.module.request(
    {
      addr: BigInt(call.optval),
      len: length,
      is_set: call.isSet ? 1 : 0,
      cmd: composeCommand(call.level, call.option),
      pid: call.tid,
    },
    { descriptor: caller.memory, ...caller.access(call.optval, length) },
    { isWanted: isValid, sequence: call.id, isReplay: call.isReplay },
  );
  if (status < 0) {
    served.log.write(`pid ${call.tid}: ${describe(call)} answered ${errnoName(-status)}`);
    return failed(-status);
  }
  if (!call.isSet && !caller.writeInt(call.optlen, length)) return failed(errno.EFAULT);
  return success;
}

function describe(call: CaughtCall): string {
  return `${call.isSet ? 'setsockopt' : 'getsockopt'} level ${call.level} option ${call.option}`;
}
