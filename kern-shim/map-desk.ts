import fs from 'node:fs';
import { type Errno, errno } from '../protocol/errno.ts';
import { errnoOf } from '../protocol/error.ts';
import { decodeMapQuestion, encodeMapAnswer, mapNamePrefix, mapQuestionSize } from '../protocol/map-desk.ts';
import { mapById, mapInfo } from '../sys/bpf/map-info.ts';
import { closeFd, setNonblock } from '../sys/descriptor.ts';
import { epoll, epollAdd, epollReady, epollRemove } from '../sys/epoll.ts';
import { sendFd, socketpairSeqpacket } from '../sys/fd-passing.ts';

/** Where maps come from. */
export interface MapSource {
  /** A descriptor of the map with this id. Throws `syscall`. */
  byId(id: number): number;
  name(map: number): string;
}

const kernelMaps: MapSource = { byId: mapById, name: (map) => mapInfo(map).name };

/** What one driver has of the desks: the socket to ask on, and the way to take it away. */
export interface MapDesk {
  /** The driver's end; the caller closes it. */
  readonly theirs: number;
  /** Answers this driver no more. */
  close(): void;
}

/** Questions answered in one turn, each of another driver. */
const driversATurn = 16;

/** Whoever asks on a socket whose other end is closed is told EPIPE: the desk of a shim that may not use BPF. */
export function closedDesk(): MapDesk {
  const [ours, theirs] = socketpairSeqpacket();
  closeFd(ours);
  return { theirs, close: () => {} };
}

/**
 * Where drivers get the BPF maps of the drivers before them: programs keep the maps alive that count and decide, but a
 * successor has no descriptors of them, and opening a map by its id takes CAP_SYS_ADMIN, which no driver is to have. The
 * shim has it, and gives out maps of bpfilter's and no others.
 *
 * The serving thread answers whenever it waits, be it for a caller, or for a driver: a driver that stands by asks while
 * another works. It doesn't trust who asks: an answer never blocks, and a driver that asks and asks gets one answer a turn.
 */
export class MapDesks {
  /** Readable while a driver asks: for poll(2), `serve` answers then. */
  readonly fd = epoll();
  readonly #maps: MapSource;
  /** By our ends. */
  readonly #desks = new Map<number, MapDesk>();
  /** One byte more than a question, to know one that is too long. */
  readonly #question = Buffer.alloc(mapQuestionSize + 1);

  constructor(maps: MapSource = kernelMaps) {
    this.#maps = maps;
  }

  /** A desk for one driver. */
  open(): MapDesk {
    const [ours, theirs] = socketpairSeqpacket();
    setNonblock(ours, true);
    // A driver waits for its answer with a deadline, never for room in a queue.
    setNonblock(theirs, true);
    epollAdd(this.fd, ours);
    const desk: MapDesk = {
      theirs,
      close: () => {
        // It may be closed already, and the number another desk's.
        if (this.#desks.get(ours) === desk) this.#close(ours);
      },
    };
    this.#desks.set(ours, desk);
    return desk;
  }

  /** Answers one question of each driver that asks. Never waits, never throws for what a driver does. */
  serve(): void {
    for (const socket of epollReady(this.fd, driversATurn)) {
      if (!this.#answerOne(socket)) this.#close(socket);
    }
  }

  /** Gives everything back; drivers that ask are told EPIPE. */
  close(): void {
    for (const socket of [...this.#desks.keys()]) this.#close(socket);
    closeFd(this.fd);
  }

  #close(socket: number): void {
    this.#desks.delete(socket);
    epollRemove(this.fd, socket);
    closeFd(socket);
  }

  /** Whether this driver can go on asking: not when it is gone, or doesn't read its answers. */
  #answerOne(socket: number): boolean {
    try {
      // Descriptors that come along are dropped by the kernel: read(2) takes none.
      const length = fs.readSync(socket, this.#question, 0, this.#question.length, null);
      // The end, or an empty message, which looks the same.
      if (length === 0) return false;
      if (length === mapQuestionSize) this.#give(socket, decodeMapQuestion(this.#question));
      else sendFd(socket, undefined, encodeMapAnswer(errno.EINVAL));
      return true;
    } catch {
      return false;
    }
  }

  #give(socket: number, id: number): void {
    let map: number | undefined;
    let refusal: Errno | 0 = 0;
    try {
      map = this.#maps.byId(id);
      if (!this.#maps.name(map).startsWith(mapNamePrefix)) refusal = errno.EPERM;
    } catch (error) {
      refusal = errnoOf(error);
    }
    try {
      sendFd(socket, refusal === 0 ? map : undefined, encodeMapAnswer(refusal));
    } finally {
      if (map !== undefined) closeFd(map);
    }
  }
}
