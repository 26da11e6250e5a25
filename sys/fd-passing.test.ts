import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { setNonblock } from './descriptor.ts';
import { recvFd, sendFd, socketpairSeqpacket } from './fd-passing.ts';
import { failure, flagsLine } from './testing/failure.ts';
import { isolated } from './testing/isolated.ts';

const O_CLOEXEC = 0o2000000;
let a = -1;
let b = -1;
beforeEach(() => {
  [a, b] = socketpairSeqpacket();
});
afterEach(() => {
  closeSync(a);
  closeSync(b);
});

test('descriptors come in order, as copies that close on exec', () => {
  const files = ['/proc/version', '/proc/uptime', '/proc/stat'].map((path) => openSync(path, 'r'));
  expect(recvFd(b)).toBeUndefined();
  for (const fd of files) sendFd(a, fd);
  const inodes = files.map((fd) => fstatSync(fd).ino);
  for (const fd of files) closeSync(fd); // those under way live on
  const received = files.map(() => recvFd(b) ?? -1);
  expect(received.map((fd) => fstatSync(fd).ino)).toEqual(inodes);
  for (const fd of received) {
    expect(flagsLine(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')) & O_CLOEXEC).toBe(O_CLOEXEC);
    closeSync(fd);
  }
  expect(recvFd(b)).toBeUndefined();
});

test('both directions on one socket pair', () => {
  sendFd(a, b);
  sendFd(b, a);
  const [atB, atA] = [recvFd(b) ?? -1, recvFd(a) ?? -1];
  expect([fstatSync(atB).ino, fstatSync(atA).ino]).toEqual([fstatSync(b).ino, fstatSync(a).ino]);
  closeSync(atB);
  closeSync(atA);
});

test('bytes alone, between descriptors', () => {
  const bytes = Buffer.alloc(4);
  const words = (text: string): Uint8Array => Buffer.from(text);
  sendFd(a, 0, words('one'));
  sendFd(a, undefined, words('two'));
  sendFd(a, 0, words('six'));
  const seen = [1, 2, 3].map(() => {
    const fd = recvFd(b, bytes);
    if (fd !== undefined) closeSync(fd);
    return [fd === undefined ? 'none' : 'a descriptor', bytes.toString('latin1', 0, 3)];
  });
  expect(seen).toEqual([
    ['a descriptor', 'one'],
    ['none', 'two'],
    ['a descriptor', 'six'],
  ]);
});

test('a full queue is EAGAIN where it must not block', () => {
  setNonblock(a, true);
  let sent = 0;
  const filled = failure(() => {
    for (; sent < 100_000; sent += 1) sendFd(a, undefined);
  });
  expect(filled).toBe('sendmsg EAGAIN');
  expect(sent).toBeGreaterThan(10);
});

test('the other end gone', () => {
  const [c, d] = socketpairSeqpacket();
  sendFd(c, 0);
  closeSync(c);
  const last = recvFd(d);
  expect(last).toBeTypeOf('number'); // what was sent before arrives
  if (last !== undefined) closeSync(last);
  expect(recvFd(d)).toBeUndefined();
  expect(failure(() => sendFd(d, 0))).toBe('sendmsg EPIPE');
  closeSync(d);
});

test('a bad descriptor, and no socket', () => {
  expect(failure(() => sendFd(a, 9999))).toBe('sendmsg EBADF');
  expect(failure(() => sendFd(-1, 0))).toBe('sendmsg EBADF');
  expect(failure(() => recvFd(-1))).toBe('recvmsg EBADF');
  const file = openSync('/proc/version', 'r');
  expect(failure(() => recvFd(file))).toBe('recvmsg ENOTSOCK');
  closeSync(file);
});

test('no room for it is EMFILE, and the next one arrives', () => {
  const result = isolated(`
    import { closeSync } from 'node:fs';
    import { dupCloexec } from './descriptor.ts';
    import { recvFd, sendFd, socketpairSeqpacket } from './fd-passing.ts';
    import { setSoftNofile } from './resource-limit.ts';
    import { failure } from './testing/failure.ts';
    const [a, b] = socketpairSeqpacket();
    sendFd(a, 0);
    sendFd(a, 0);
    setSoftNofile(64);
    const filled = [];
    for (;;) { try { filled.push(dupCloexec(0)); } catch { break; } }
    const first = failure(() => recvFd(b));
    closeSync(filled.pop());
    report([first, typeof recvFd(b)]);`);
  expect(result).toEqual(['recvmsg EMFILE', 'number']);
});
