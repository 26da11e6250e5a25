import fs from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { errno } from '../protocol/errno.ts';
import { decodeMapAnswer, encodeMapQuestion, mapAnswerSize } from '../protocol/map-desk.ts';
import { BPF_MAP_TYPE_ARRAY, createMap } from '../sys/bpf/map.ts';
import { mapById, mapInfo } from '../sys/bpf/map-info.ts';
import { CAP_SYS_ADMIN, hasCap, readCaps } from '../sys/capability.ts';
import { closeFd } from '../sys/descriptor.ts';
import { recvFd, sendFd } from '../sys/fd-passing.ts';
import { POLLIN, poll } from '../sys/poll.ts';
import { isolated } from '../sys/testing/isolated.ts';
import { closedDesk, type MapDesk, MapDesks, type MapSource } from './map-desk.ts';
import { fileMaps } from './testing/file-maps.ts';

const undo: (() => void)[] = [];

function newDesks(maps?: MapSource): MapDesks {
  const desks = new MapDesks(maps);
  undo.push(() => desks.close());
  return desks;
}

function newDesk(desks: MapDesks): MapDesk {
  const desk = desks.open();
  undo.push(() => closeFd(desk.theirs));
  return desk;
}

afterEach(() => {
  for (const one of undo.splice(0).reverse()) one();
});

const ask = (desk: MapDesk, id: number): void => sendFd(desk.theirs, undefined, encodeMapQuestion(id));

/** The status of the next answer, and what `look` says of the descriptor that came; "nothing" where no answer is. */
function answer<T>(desk: MapDesk, look: (map: number) => T): readonly [number, T | undefined] | 'nothing' {
  if (poll([{ fd: desk.theirs, events: POLLIN }], 0)[0] === 0) return 'nothing';
  const bytes = Buffer.alloc(mapAnswerSize);
  const map = recvFd(desk.theirs, bytes);
  try {
    return [decodeMapAnswer(bytes), map === undefined ? undefined : look(map)];
  } finally {
    if (map !== undefined) closeFd(map);
  }
}

const openDescriptors = (): number => fs.readdirSync('/proc/self/fd').length;

describe('the map desk', () => {
  test('gives out a map of ours, nobody else’s, and none that there isn’t', () => {
    const desks = newDesks(fileMaps);
    const desk = newDesk(desks);
    const before = openDescriptors();
    for (const id of [7, 13, 404]) {
      ask(desk, id);
      desks.serve();
    }
    expect(answer(desk, fileMaps.name)).toEqual([0, 'bpfilter_7']);
    expect(answer(desk, fileMaps.name)).toEqual([-errno.EPERM, undefined]);
    expect(answer(desk, fileMaps.name)).toEqual([-errno.ENOENT, undefined]);
    expect(answer(desk, fileMaps.name)).toBe('nothing');
    expect(openDescriptors()).toBe(before);
  });

  test('a fault of our own is an answer too', () => {
    const desks = newDesks({
      ...fileMaps,
      name: () => {
        throw new Error('no name');
      },
    });
    const desk = newDesk(desks);
    const before = openDescriptors();
    ask(desk, 7);
    desks.serve();
    expect(answer(desk, fileMaps.name)).toEqual([-errno.EFAULT, undefined]);
    expect(openDescriptors()).toBe(before);
  });

  test.each([1, 3, 5, 8, 24])('a message of %i bytes is none, and the next one is answered', (size) => {
    const desks = newDesks(fileMaps);
    const desk = newDesk(desks);
    sendFd(desk.theirs, undefined, Buffer.alloc(size, 7));
    ask(desk, 8);
    desks.serve();
    expect(answer(desk, fileMaps.name)).toEqual([-errno.EINVAL, undefined]);
    expect(answer(desk, fileMaps.name)).toBe('nothing');
    desks.serve();
    expect(answer(desk, fileMaps.name)).toEqual([0, 'bpfilter_8']);
  });

  test('takes no descriptors', () => {
    const desks = newDesks(fileMaps);
    const desk = newDesk(desks);
    const before = openDescriptors();
    for (let id = 0; id < 5; id += 1) sendFd(desk.theirs, 0, encodeMapQuestion(13));
    for (let id = 0; id < 5; id += 1) desks.serve();
    for (let id = 0; id < 5; id += 1) expect(answer(desk, fileMaps.name)).toEqual([-errno.EPERM, undefined]);
    expect(openDescriptors()).toBe(before);
  });

  test('can be waited for, answers one question a turn, and who asks a lot keeps nobody else waiting', () => {
    const desks = newDesks(fileMaps);
    const [loud, quiet] = [newDesk(desks), newDesk(desks)];
    const isReady = (): boolean => poll([{ fd: desks.fd, events: POLLIN }], 0)[0] !== 0;
    expect(isReady()).toBe(false);
    for (let id = 100; id < 150; id += 1) ask(loud, id);
    ask(quiet, 7);
    expect(isReady()).toBe(true);
    desks.serve();
    expect(answer(quiet, fileMaps.name)).toEqual([0, 'bpfilter_7']);
    expect(answer(loud, fileMaps.name)).toEqual([0, 'bpfilter_100']);
    expect(answer(loud, fileMaps.name)).toBe('nothing');
    for (let id = 101; id < 150; id += 1) desks.serve();
    expect(isReady()).toBe(false);
  });

  test('who asks and never reads is answered no more, and nobody waits for it', () => {
    const desks = newDesks(fileMaps);
    const [deaf, other] = [newDesk(desks), newDesk(desks)];
    const flood = (): void => {
      for (let asked = 0; asked < 10_000; asked += 1) {
        ask(deaf, 7);
        desks.serve();
      }
    };
    expect(flood).toThrow(/EPIPE/);
    ask(other, 8);
    desks.serve();
    expect(answer(other, fileMaps.name)).toEqual([0, 'bpfilter_8']);
    deaf.close();
  });

  test('a driver that is gone is forgotten, and its desk’s number is another’s', () => {
    const desks = newDesks(fileMaps);
    const before = openDescriptors();
    const gone = desks.open();
    closeFd(gone.theirs);
    desks.serve();
    expect(openDescriptors()).toBe(before);
    const next = newDesk(desks);
    gone.close();
    ask(next, 7);
    desks.serve();
    expect(answer(next, fileMaps.name)).toEqual([0, 'bpfilter_7']);
  });

  test('that is closed says so', () => {
    const desks = newDesks(fileMaps);
    const [one, other] = [newDesk(desks), newDesk(desks)];
    one.close();
    one.close();
    expect(() => ask(one, 7)).toThrow(/EPIPE/);
    ask(other, 7);
    desks.serve();
    expect(answer(other, fileMaps.name)).toEqual([0, 'bpfilter_7']);
    const none = closedDesk();
    expect(() => ask(none, 7)).toThrow(/EPIPE/);
    none.close();
    closeFd(none.theirs);
  });
});

/** Why maps can't be made and opened by their ids. */
function noMaps(): string {
  try {
    const made = newMap('bpfilter_probe');
    closeFd(mapById(mapInfo(made).id));
    closeFd(made);
    return '';
  } catch (error) {
    return ` (skipped: ${String(error)})`;
  }
}

function newMap(name: string): number {
  return createMap({ type: BPF_MAP_TYPE_ARRAY, keySize: 4, valueSize: 8, maxEntries: 1, name });
}

const reason = noMaps();

describe.skipIf(reason !== '')(`the map desk and the kernel's maps${reason}`, () => {
  test('a map of ours, somebody else’s, one that is gone', () => {
    const desks = newDesks();
    const desk = newDesk(desks);
    const [ours, foreign, gone] = ['bpfilter_desk', 'other_desk', 'bpfilter_gone'].map(newMap) as [
      number,
      number,
      number,
    ];
    const ids = [ours, foreign, gone].map((map) => mapInfo(map).id);
    closeFd(gone);
    undo.push(
      () => closeFd(ours),
      () => closeFd(foreign),
    );
    // The kernel frees a map a moment after its last user.
    for (let tries = 0; tries < 200 && isThere(ids[2] ?? 0); tries += 1) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
    for (const id of ids) {
      ask(desk, id);
      desks.serve();
    }
    expect(answer(desk, mapInfo)).toEqual([0, mapInfo(ours)]);
    expect(answer(desk, mapInfo)).toEqual([-errno.EPERM, undefined]);
    expect(answer(desk, mapInfo)).toEqual([-errno.ENOENT, undefined]);
  });

  test.skipIf(!hasCap(readCaps('self').effective, CAP_SYS_ADMIN))('a shim that has no right to them', () => {
    const map = newMap('bpfilter_desk');
    undo.push(() => closeFd(map));
    const seen = isolated(`
      import { readCaps, setCaps } from './capability.ts';
      import { recvFd, sendFd } from './fd-passing.ts';
      import { encodeMapQuestion, decodeMapAnswer } from '../protocol/map-desk.ts';
      import { MapDesks } from '../kern-shim/map-desk.ts';
      const desks = new MapDesks();
      const { theirs } = desks.open();
      const ask = () => {
        sendFd(theirs, undefined, encodeMapQuestion(${mapInfo(map).id}));
        desks.serve();
        const bytes = Buffer.alloc(4);
        return [typeof recvFd(theirs, bytes), decodeMapAnswer(bytes)];
      };
      const before = ask();
      const left = readCaps('self').effective & ~(1n << ${CAP_SYS_ADMIN}n);
      setCaps({ effective: left, permitted: left, inheritable: 0n });
      report([before, ask()]);
    `);
    expect(seen).toEqual([
      ['number', 0],
      ['undefined', -errno.EPERM],
    ]);
  });
});

function isThere(id: number): boolean {
  try {
    closeFd(mapById(id));
    return true;
  } catch {
    return false;
  }
}
