import { closeSync, fstatSync, statSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { CAP_NET_ADMIN, hasCap, readCaps } from './capability.ts';
import { AF_INET, SOCK_CLOEXEC, SOCK_DGRAM, socket, socketNetns } from './socket.ts';
import {
  getsockoptInt,
  getsockoptU64,
  rawGetsockopt,
  rawSetsockopt,
  SO_NETNS_COOKIE,
  SOL_SOCKET,
} from './socket-option.ts';
import { failure } from './testing/failure.ts';

const IPPROTO_IP = 0;
const IP_TOS = 1;
const SO_TYPE = 3;
const EBADF = 9;
const EFAULT = 14;
const EINVAL = 22;
const ENOPROTOOPT = 92;

const fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
afterAll(() => closeSync(fd));

test('options as numbers', () => {
  expect(getsockoptInt(fd, SOL_SOCKET, SO_TYPE)).toBe(SOCK_DGRAM);
  expect(getsockoptU64(fd, SOL_SOCKET, SO_NETNS_COOKIE)).toBeGreaterThan(0n);
  expect(failure(() => getsockoptInt(fd, SOL_SOCKET, 9999))).toBe('getsockopt ENOPROTOOPT');
  expect(failure(() => getsockoptU64(-1, SOL_SOCKET, SO_NETNS_COOKIE))).toBe('getsockopt EBADF');
});

const buffer = Buffer.alloc(8);
test.each([
  ['reads, and says how much', SOL_SOCKET, SO_TYPE, buffer, 8, { result: 0, errno: 0, len: 4 }],
  ['a short buffer cuts', SOL_SOCKET, SO_TYPE, buffer, 2, { result: 0, errno: 0, len: 2 }],
  ['a negative length', SOL_SOCKET, SO_TYPE, buffer, -1, { result: -1, errno: EINVAL, len: -1 }],
  ['no such option', SOL_SOCKET, 9999, buffer, 8, { result: -1, errno: ENOPROTOOPT, len: 8 }],
  ['NULL', SOL_SOCKET, SO_TYPE, null, 4, { result: -1, errno: EFAULT, len: 4 }],
])('raw getsockopt: %s', (_, level, option, value, bytes, expected) => {
  expect(rawGetsockopt(fd, level, option, value, bytes)).toEqual(expected);
});

test('raw setsockopt', () => {
  buffer.writeUInt32LE(0x10, 0);
  expect(rawSetsockopt(fd, IPPROTO_IP, IP_TOS, buffer, 4)).toEqual({ result: 0, errno: 0 });
  expect(getsockoptInt(fd, IPPROTO_IP, IP_TOS)).toBe(0x10);
  const results = [
    rawSetsockopt(fd, IPPROTO_IP, IP_TOS, null, 4),
    rawSetsockopt(fd, IPPROTO_IP, 9999, buffer, 4),
    rawSetsockopt(-1, IPPROTO_IP, IP_TOS, buffer, 4),
  ];
  expect(results.map(({ errno }) => errno)).toEqual([EFAULT, ENOPROTOOPT, EBADF]);
});

test.skipIf(!hasCap(readCaps('self').effective, CAP_NET_ADMIN))(
  "a socket's network namespace (needs CAP_NET_ADMIN)",
  () => {
    const ns = socketNetns(fd);
    expect(fstatSync(ns).ino).toBe(statSync('/proc/self/ns/net').ino);
    closeSync(ns);
  },
);

test('no socket', () => {
  expect(failure(() => socket(AF_INET, 99, 0))).toBe('socket EINVAL');
  expect(failure(() => socket(999, SOCK_DGRAM, 0))).toBe('socket EAFNOSUPPORT');
  expect(failure(() => socketNetns(-1))).toBe('ioctl EBADF');
});
