import { closeSync, writeSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { closeFd } from './descriptor.ts';
import { epoll, epollAdd, epollReady, epollRemove } from './epoll.ts';
import { pipe2 } from './pipe.ts';
import { POLLIN, poll } from './poll.ts';
import { failure } from './testing/failure.ts';

const opened: number[] = [];

function newPipe(): { read: number; write: number } {
  const ends = pipe2();
  opened.push(ends.read, ends.write);
  return ends;
}

function newSet(...fds: readonly number[]): number {
  const set = epoll();
  opened.push(set);
  for (const fd of fds) epollAdd(set, fd);
  return set;
}

afterEach(() => {
  for (const fd of opened.splice(0)) closeFd(fd);
});

test('tells who can be read, and can be polled itself', () => {
  const [one, other] = [newPipe(), newPipe()];
  const set = newSet(one.read, other.read);
  expect(epollReady(set, 8)).toEqual([]);
  expect(poll([{ fd: set, events: POLLIN }], 0)).toEqual([0]);
  writeSync(other.write, 'x');
  expect(poll([{ fd: set, events: POLLIN }], 0)).toEqual([POLLIN]);
  expect(epollReady(set, 8)).toEqual([other.read]);
  expect(epollReady(set, 8)).toEqual([other.read]);
  writeSync(one.write, 'x');
  expect([...epollReady(set, 8)].sort()).toEqual([one.read, other.read].sort());
});

test('a small answer leaves nobody out for long', () => {
  const pipes = [newPipe(), newPipe(), newPipe()];
  for (const { write } of pipes) writeSync(write, 'x');
  const set = newSet(...pipes.map(({ read }) => read));
  const turns = [1, 2, 3].flatMap(() => epollReady(set, 1));
  expect(new Set(turns)).toEqual(new Set(pipes.map(({ read }) => read)));
});

test('tells whose other end is gone', () => {
  const { read, write } = newPipe();
  const set = newSet(read);
  opened.splice(opened.indexOf(write), 1);
  closeSync(write);
  expect(epollReady(set, 8)).toEqual([read]);
});

test('who was taken out is told no more', () => {
  const { read, write } = newPipe();
  const set = newSet(read);
  writeSync(write, 'x');
  epollRemove(set, read);
  expect(epollReady(set, 8)).toEqual([]);
});

test('errors', () => {
  const { read } = newPipe();
  const set = newSet(read);
  expect(failure(() => epollAdd(set, read))).toBe('epoll_ctl EEXIST');
  expect(failure(() => epollAdd(set, -1))).toBe('epoll_ctl EBADF');
  expect(failure(() => epollRemove(set, set))).toBe('epoll_ctl EINVAL');
  expect(failure(() => epollReady(read, 1))).toBe('epoll_wait EINVAL');
});
