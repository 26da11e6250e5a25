import { asErrno, errno, errnoName } from '../../../protocol/errno.ts';
import { BpfilterError } from '../../../protocol/error.ts';
import { decodeMapAnswer, encodeMapQuestion, mapAnswerSize } from '../../../protocol/map-desk.ts';
import { closeFd } from '../../../sys/descriptor.ts';
import { recvFd, sendFd } from '../../../sys/fd-passing.ts';
import { POLLIN, Poller } from '../../../sys/poll.ts';

/** Where the shim gives out BPF maps that a driver before us made; only CAP_SYS_ADMIN opens them by their ids. */
export interface MapDesk {
  /**
   * A descriptor of a map of bpfilter's, closed on exec.
   *
   * @throws 'syscall': ENOENT no such map, EPERM not one of ours or the shim may not, EPIPE or ECONNRESET there is
   *   no desk for us, ETIMEDOUT
   */
  mapById(id: number): number;
}

/** The descriptor that the shim starts us with. */
const DESK = 5;

/** The shim answers between two steps of what it does; it is stuck, or gone, when that takes so long. */
const deadlineMs = 2_000;

function refused(id: number, value: number, why: string): BpfilterError {
  const code = asErrno(value);
  return new BpfilterError('syscall', `map desk: ${errnoName(code)} (map id ${id}: ${why})`, {
    errno: code,
    call: 'map desk',
  });
}

/** @param fd non-blocking, as the shim passes it */
export function openMapDesk(fd = DESK, timeoutMs = deadlineMs): MapDesk {
  const poller = new Poller([fd], [POLLIN]);
  const answer = Buffer.alloc(mapAnswerSize);
  /** Answers under way: that of a question we gave up waiting for comes before the next one's. */
  let owed = 0;

  /** The next answer; undefined when none comes before `end`. */
  const receive = (end: number): { readonly map: number | undefined } | undefined => {
    if (poller.wait(Math.max(0, end - performance.now())) === 0) return undefined;
    owed -= 1; // even if it can't be taken: there is no room for the descriptor
    answer.fill(0);
    return { map: recvFd(fd, answer) };
  };

  return {
    mapById(id) {
      sendFd(fd, undefined, encodeMapQuestion(id));
      owed += 1;
      const end = performance.now() + timeoutMs;
      for (;;) {
        const received = receive(end);
        if (received === undefined) throw refused(id, errno.ETIMEDOUT, `no answer within ${timeoutMs} ms`);
        const { map } = received;
        if (owed > 0) {
          if (map !== undefined) closeFd(map);
          continue;
        }
        if (map !== undefined) return map;
        const status = decodeMapAnswer(answer);
        if (status === 0) throw refused(id, errno.EPIPE, 'the shim has no desk for us');
        throw refused(id, -status, 'the shim refuses');
      }
    },
  };
}
