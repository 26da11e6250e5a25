import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { errno } from '../../../protocol/errno.ts';
import { decodeMapQuestion, encodeMapAnswer, mapQuestionSize } from '../../../protocol/map-desk.ts';
import { closeFd, setNonblock } from '../../../sys/descriptor.ts';
import { sendFd, socketpairSeqpacket } from '../../../sys/fd-passing.ts';
import { memfdCreate } from '../../../sys/memfd.ts';
import { failure } from '../../../sys/testing/failure.ts';
import { isolated } from '../../../sys/testing/isolated.ts';
import { openMapDesk } from './map-desk.ts';

let ours = -1;
let theirs = -1;
beforeEach(() => {
  [ours, theirs] = socketpairSeqpacket();
  setNonblock(theirs, true);
});
afterEach(() => {
  for (const fd of [ours, theirs]) if (fd >= 0) closeFd(fd);
});

/** The shim's answer, there before the question: nobody else runs while the driver waits. */
function give(name: string): void {
  const file = memfdCreate(name);
  sendFd(ours, file, encodeMapAnswer(0));
  closeFd(file);
}

const openDescriptors = (): number => fs.readdirSync('/proc/self/fd').length;

/** The name of what came. */
function name(map: number): string {
  const link = fs.readlinkSync(`/proc/self/fd/${map}`);
  closeFd(map);
  return link.replace(/^\/memfd:(\S+) .*/, '$1');
}

/** A socket whose other end is closed. */
function closedEnd(): { theirs: number; close: () => void } {
  const [one, other] = socketpairSeqpacket();
  closeFd(one);
  return { theirs: other, close: () => closeFd(other) };
}

function nextQuestion(): number {
  const bytes = Buffer.alloc(64);
  expect(fs.readSync(ours, bytes)).toBe(mapQuestionSize);
  return decodeMapQuestion(bytes);
}

describe("a driver's side of the map desk", () => {
  test('asks for the id, and gets the descriptor', () => {
    const desk = openMapDesk(theirs, 100);
    give('one');
    expect(name(desk.mapById(7))).toBe('one');
    give('other');
    expect(name(desk.mapById(0xfffffffe))).toBe('other');
    expect([nextQuestion(), nextQuestion()]).toEqual([7, 0xfffffffe]);
  });

  test.each(['ENOENT', 'EPERM', 'EINVAL'] as const)('%s is told, and the next question is another', (code) => {
    const desk = openMapDesk(theirs, 100);
    sendFd(ours, undefined, encodeMapAnswer(errno[code]));
    give('next');
    expect(failure(() => desk.mapById(7))).toBe(`map desk ${code}`);
    expect(name(desk.mapById(8))).toBe('next');
  });

  test('no answer in time is told; one that comes later is nobody else’s', () => {
    const desk = openMapDesk(theirs, 50);
    const start = performance.now();
    expect(failure(() => desk.mapById(7))).toBe('map desk ETIMEDOUT');
    expect(performance.now() - start).toBeGreaterThanOrEqual(49);
    expect(failure(() => desk.mapById(8))).toBe('map desk ETIMEDOUT');
    const before = openDescriptors();
    give('late');
    sendFd(ours, undefined, encodeMapAnswer(errno.EPERM));
    expect(failure(() => desk.mapById(9))).toBe('map desk ETIMEDOUT');
    give('late too');
    give('in time');
    expect(desk.mapById(10)).toBeGreaterThan(0);
    // The one that was asked for, which stays open here.
    expect(openDescriptors()).toBe(before + 1);
  });

  test('no desk', () => {
    const { theirs: end, close } = closedEnd();
    expect(failure(() => openMapDesk(end, 1_000).mapById(7))).toBe('sendmsg EPIPE');
    close();
  });

  test.each([
    ['after it took the question', 'dd bs=4 count=1 status=none <&3 >&2', 'map desk EPIPE'],
    ['before', 'sleep 0.1', 'recvmsg ECONNRESET'],
  ])('a shim that ends %s', (_when, script, want) => {
    const shim = spawn('sh', ['-c', script], { stdio: ['ignore', 'ignore', 'ignore', ours] });
    expect(shim.pid).toBeGreaterThan(0);
    closeFd(ours);
    ours = -1;
    expect(failure(() => openMapDesk(theirs, 10_000).mapById(7))).toBe(want);
  });

  test('without room for a descriptor: EMFILE, and the answers stay in step', () => {
    const seen = isolated(`
      import { closeSync } from 'node:fs';
      import { dupCloexec, setNonblock } from './descriptor.ts';
      import { sendFd, socketpairSeqpacket } from './fd-passing.ts';
      import { encodeMapAnswer } from '../protocol/map-desk.ts';
      import { setSoftNofile } from './resource-limit.ts';
      import { failure } from './testing/failure.ts';
      import { openMapDesk } from '../umh/dataplane/bpf/map-desk.ts';
      const [ours, theirs] = socketpairSeqpacket();
      setNonblock(theirs, true);
      const desk = openMapDesk(theirs, 100);
      for (let count = 0; count < 2; count += 1) sendFd(ours, 0, encodeMapAnswer(0));
      setSoftNofile(64);
      const filled = [];
      for (;;) { try { filled.push(dupCloexec(0)); } catch { break; } }
      const first = failure(() => desk.mapById(1));
      closeSync(filled.pop());
      report([first, typeof desk.mapById(2), failure(() => desk.mapById(3))]);
    `);
    expect(seen).toEqual(['recvmsg EMFILE', 'number', 'map desk ETIMEDOUT']);
  });
});
