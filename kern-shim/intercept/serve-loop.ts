import { errno } from '../../protocol/errno.ts';
import { errnoOf } from '../../protocol/error.ts';
import { arch } from '../../sys/arch.ts';
import { closeFd } from '../../sys/descriptor.ts';
import { POLLHUP, POLLIN, Poller } from '../../sys/poll.ts';
import {
  ADDFD_SEND,
  notifAddfd,
  notifIdValid,
  notifReceive,
  notifSend,
  notifSetSyncWakeUp,
} from '../../sys/seccomp-notify.ts';
import { Callers } from '../caller/caller.ts';
import type { Modules } from '../modules.ts';
import { type Outcome, serveSockopt } from '../sockopt.ts';
import { oCloexec, openNamesFile } from './names-file.ts';
import { Notification, Response } from './notification.ts';
import { TakenCall } from './taken-call.ts';

/** A call that so many serving threads have failed on is refused. */
const mostDeaths = 2;

/**
 * Serves a seccomp listener until its last filtered process has gone: poll → receive → serve →
 * answer, synchronous, on a thread of its own. Three times faster than with asynchronous calls.
 */
export class ServeLoop {
  readonly #listener: number;
  readonly #modules: Modules;
  readonly #log: (message: string) => void;
  readonly #notification = new Notification();
  readonly #response = new Response();
  readonly #callers = new Callers();
  readonly #taken: TakenCall;

  /** @param taken what the serving thread before this one may have left */
  constructor(listener: number, modules: Modules, log: (message: string) => void, taken = new TakenCall()) {
    this.#taken = taken;
    this.#listener = listener;
    this.#modules = modules;
    this.#log = log;
  }

  /**
   * @param wake descriptor that becomes readable when `onWake` is to be called
   * @param onWake returns true to end the loop
   */
  run(wake: number, onWake: () => boolean): 'hangup' | 'stopped' {
    notifSetSyncWakeUp(this.#listener);
    this.#resume();
    const { desks } = this.#modules;
    const poller = new Poller([this.#listener, wake, desks?.fd ?? -1], [POLLIN, POLLIN, POLLIN]);
    let waitMs = -1;
    for (;;) {
      poller.wait(waitMs);
      // A driver that asks for maps is no caller that waits.
      const isIdle = poller.revents(0) === 0 && poller.revents(1) === 0;
      if (poller.revents(1) !== 0 && onWake()) return 'stopped';
      const events = poller.revents(0);
      if ((events & POLLIN) !== 0) this.#serveOne();
      else if ((events & POLLHUP) !== 0) return 'hangup';
      if (poller.revents(2) !== 0) desks?.serve();
      waitMs = this.#modules.tend(isIdle);
    }
  }

  #serveOne(): void {
    const notification = this.#notification;
    if (!notifReceive(this.#listener, notification.buffer)) return; // the caller died first
    this.#taken.take(notification.buffer);
    this.#serve(false);
    this.#taken.done();
  }

  /** Sees to the call that the serving thread before this one has failed on. */
  #resume(): void {
    const notification = this.#notification;
    const left = this.#taken.left(notification.buffer);
    if (left === undefined) return;
    const { id, pid } = notification;
    if (notifIdValid(this.#listener, id)) {
      const isRefused = left.outcome === undefined && left.deaths >= mostDeaths;
      this.#log(`pid ${pid}: its call goes on${isRefused ? ': refused, serving threads have failed on it' : ''}`);
      if (isRefused) notifSend(this.#listener, this.#response.errno(id, errno.EFAULT));
      else if (left.outcome !== undefined) this.#answer(id, left.outcome);
      else this.#serve(true);
    }
    this.#taken.done();
  }

  /** @param isReplay the driver may have had it before */
  #serve(isReplay: boolean): void {
    const notification = this.#notification;
    const id = notification.id;
    try {
      this.#dispatch(id, isReplay);
    } catch (error) {
      this.#log(`pid ${notification.pid}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      // A set of rules must not slip into the kernel's own ip_tables by a fault of ours.
      const isOpen = notification.syscall === arch().nr.openat;
      notifSend(this.#listener, isOpen ? this.#response.proceed(id) : this.#response.errno(id, errnoOf(error)));
    }
  }

  #dispatch(id: bigint, isReplay: boolean): void {
    const notification = this.#notification;
    const { getsockopt, setsockopt, openat } = arch().nr;
    const isValid = (): boolean => notifIdValid(this.#listener, id);
    const { pid: tid, syscall } = notification;
    if (syscall === openat) {
      this.#answerOpen(id, openNamesFile(tid, notification.address(1), this.#modules, isValid));
      return;
    }
    const isSet = syscall === setsockopt;
    if (!isSet && syscall !== getsockopt) {
      notifSend(this.#listener, this.#response.proceed(id));
      return;
    }
    const outcome = serveSockopt(
      {
        tid,
        isSet,
        fd: notification.int(0),
        level: notification.int(1),
        option: notification.int(2),
        optval: notification.address(3),
        optlen: isSet ? notification.int(4) : notification.address(4),
        id,
        isReplay,
      },
      this.#callers,
      this.#modules,
      isValid,
    );
    this.#taken.decide(outcome);
    this.#answer(id, outcome);
  }

  #answerOpen(id: bigint, names: number | undefined): void {
    if (names === undefined) {
      notifSend(this.#listener, this.#response.proceed(id));
      return;
    }
    try {
      notifAddfd(this.#listener, { id, srcFd: names, flags: ADDFD_SEND, newfdFlags: oCloexec });
    } finally {
      closeFd(names);
    }
  }

  #answer(id: bigint, outcome: Outcome): void {
    switch (outcome.kind) {
      case 'value':
        notifSend(this.#listener, this.#response.value(id, outcome.value));
        return;
      case 'errno':
        notifSend(this.#listener, this.#response.errno(id, outcome.errno));
        return;
      case 'proceed':
        notifSend(this.#listener, this.#response.proceed(id));
        return;
      case 'gone':
        return;
      default:
        outcome satisfies never;
    }
  }
}
