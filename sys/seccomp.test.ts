import { describe, expect, test } from 'vitest';
import { CAP_SYS_ADMIN, hasCap, readCaps } from './capability.ts';
import { installFilter, installListener } from './seccomp.ts';
import { failure } from './testing/failure.ts';
import { isolated } from './testing/isolated.ts';

// Without the capability the kernel asks for no_new_privs, which all tests but one can do with.
const privileged = hasCap(readCaps('self').effective, CAP_SYS_ADMIN);

/** Source of a filter that gives `action` for system call `nr`, ALLOW for all others. */
const filterSource = `
  const op = (code: number, jt: number, jf: number, k: number): Buffer => {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt16LE(code, 0); bytes[2] = jt; bytes[3] = jf; bytes.writeUInt32LE(k, 4);
    return bytes;
  };
  const filter = (nr: number, action: number): Buffer => Buffer.concat([
    op(0x20, 0, 0, 0), op(0x15, 0, 1, nr), op(0x06, 0, 0, action), op(0x06, 0, 0, 0x7fff0000)]);
  const USER_NOTIF = 0x7fc00000;
  const errnoAction = (value: number): number => 0x00050000 | value;
  const plain = { waitKillable: true, noNewPrivs: ${!privileged} };
  const sync = process.arch === 'x64' ? 162 : 81; // the system call of /bin/sync`;

/**
 * Source of a filtered Worker and a server on the main thread. `worker` runs in the Worker, its
 * value is reported; `serve(listener, poller)` runs once the listener is known.
 */
function served(nr: string, worker: string, serve: string): unknown {
  return isolated(`
    import { spawn, spawnSync } from 'node:child_process';
    import fs from 'node:fs';
    import { isMainThread, parentPort, Worker } from 'node:worker_threads';
    import { arch } from './arch.ts';
    import { Poller, POLLIN, POLLHUP } from './poll.ts';
    import { installFilter, installListener } from './seccomp.ts';
    import * as notify from './seccomp-notify.ts';
    import { socket } from './socket.ts';
    import { rawGetsockopt, rawSetsockopt } from './socket-option.ts';
    import { failure } from './testing/failure.ts';
    ${filterSource}
    const notif = Buffer.alloc(notify.NOTIF_SIZE);
    const response = Buffer.alloc(notify.NOTIF_RESP_SIZE);
    const answer = (value: bigint, error: number): void => {
      response.fill(0);
      notif.copy(response, 0, 0, 8);
      response.writeBigInt64LE(value, 8);
      response.writeInt32LE(error, 16);
    };
    const seen: unknown[] = [];
    if (isMainThread) {
      const worker = new Worker(__filename);
      let listener = -1;
      worker.on('message', (message) => {
        if (typeof message !== 'number') { report([message, seen]); process.exit(); }
        listener = message;
        const poller = new Poller([listener], [POLLIN]);
        ${serve}
      });
    } else {
      parentPort.postMessage(installListener(filter(${nr}, USER_NOTIF), plain));
      ${worker}
    }`);
}

test('a call is received, checked, answered', () => {
  const result = served(
    'arch().nr.getsockopt',
    `const buffer = Buffer.from('abcdefgh');
     const got = [rawGetsockopt(7, 41, 64, buffer, 8), rawGetsockopt(8, 0, 65, null, 84)];
     const free = rawSetsockopt(-1, 0, 0, null, 0);
     parentPort.postMessage([...got, free]);`,
    `seen.push(notify.notifSetSyncWakeUp(listener));
     for (const [value, error] of [[5n, 0], [0n, -22]] as const) {
       poller.wait(-1);
       seen.push(poller.revents(0) === POLLIN, notify.notifReceive(listener, notif));
       const argument = (i: number): number => notif.readInt32LE(32 + 8 * i);
       seen.push(notif.readInt32LE(16) === arch().nr.getsockopt, notif.readUInt32LE(20) === arch().auditArch);
       seen.push(argument(0), argument(1), argument(2));
       seen.push(notify.notifIdValid(listener, notif), notify.notifIdValid(listener, notif.readBigUInt64LE(0)));
       seen.push(notify.notifIdValid(listener, notif.readBigUInt64LE(0) + 1n));
       answer(value, error);
       seen.push(notify.notifSend(listener, response));
       seen.push(notify.notifIdValid(listener, notif));
     }`,
  );
  const call = (fd: number, level: number, option: number): unknown[] => [
    true,
    true,
    true,
    true,
    fd,
    level,
    option,
    true,
    true,
    false,
    true,
    false,
  ];
  expect(result).toEqual([
    [
      { result: 5, errno: expect.any(Number), len: 8 },
      { result: -1, errno: 22, len: 84 },
      { result: -1, errno: 9 },
    ],
    [true, ...call(7, 41, 64), ...call(8, 0, 65)],
  ]);
});

test('a descriptor is installed and answers the call', () => {
  const result = served(
    'arch().nr.socket',
    `const fd = socket(2, 3, 255);
     parentPort.postMessage(fs.readlinkSync('/proc/self/fd/' + fd));`,
    `poller.wait(-1);
     notify.notifReceive(listener, notif);
     const id = notif.readBigUInt64LE(0);
     const srcFd = fs.openSync('/proc/version', 'r');
     const add = (id: bigint, srcFd: number) => notify.notifAddfd(listener, { id, srcFd, flags: notify.ADDFD_SEND, newfdFlags: 0o2000000 });
     seen.push(failure(() => add(id + 1n, srcFd)), failure(() => add(id, 9999)));
     const fd = add(id, srcFd);
     seen.push(fd !== srcFd && fd > 2, notify.notifIdValid(listener, id), /ENOENT|115/.test(failure(() => add(id, srcFd))));`,
  );
  expect(result).toEqual(['/proc/version', ['ioctl ENOENT', 'ioctl EBADF', true, false, true]]);
});

test('a caller that is killed while it waits', () => {
  const result = served(
    'sync',
    `setInterval(() => {}, 1000); // the Worker stays, or its end would show as POLLHUP
     const child = spawn('sync', { stdio: 'ignore' });
     child.on('exit', (code, signal) => parentPort.postMessage({ code, signal }));`,
    `poller.wait(-1);
     notify.notifReceive(listener, notif);
     const pid = notif.readUInt32LE(8);
     seen.push(fs.readFileSync('/proc/' + pid + '/comm', 'utf8'), notify.notifIdValid(listener, notif));
     process.kill(pid, 'SIGTERM'); // no handler: fatal, so it interrupts a killable wait
     while (notify.notifIdValid(listener, notif)) ;
     answer(0n, 0);
     seen.push(notify.notifSend(listener, response), poller.wait(0));`,
  );
  expect(result).toEqual([{ code: null, signal: 'SIGTERM' }, ['sync\n', true, false, 0]]);
});

test('POLLHUP once no filtered task is left', () => {
  const result = isolated(`
    import { isMainThread, parentPort, Worker } from 'node:worker_threads';
    import { POLLHUP, POLLIN, poll } from './poll.ts';
    import { installListener } from './seccomp.ts';
    ${filterSource}
    if (isMainThread) {
      const worker = new Worker(__filename);
      let listener = -1;
      worker.once('message', (fd) => { listener = fd; worker.postMessage('end'); });
      worker.once('exit', () => report(poll([{ fd: listener, events: POLLIN }], 2000)[0] === POLLHUP));
    } else {
      parentPort.postMessage(installListener(filter(sync, USER_NOTIF), plain));
      parentPort.once('message', () => {});
    }`);
  expect(result).toBe(true);
});

test('a second listener is EBUSY; filters without one still work, on this thread and its children', () => {
  const result = isolated(`
    import { spawnSync } from 'node:child_process';
    import { Worker, isMainThread, parentPort } from 'node:worker_threads';
    import { arch } from './arch.ts';
    import { installFilter, installListener } from './seccomp.ts';
    import { failure } from './testing/failure.ts';
    import { socket } from './socket.ts';
    ${filterSource}
    const ends = () => [failure(() => socket(1, 2, 0)), spawnSync('sync').status];
    if (isMainThread) {
      new Worker(__filename).on('message', (inside) => report([inside, ends()]));
    } else {
      installListener(filter(0x7ffffff, USER_NOTIF), plain);
      const second = failure(() => installListener(filter(0x7ffffff, USER_NOTIF), { ...plain, waitKillable: false }));
      installFilter(filter(arch().nr.socket, errnoAction(97)), { noNewPrivs: false });
      parentPort.postMessage([second, ...ends()]);
    }`);
  expect(result).toEqual([
    ['seccomp EBUSY', 'socket EAFNOSUPPORT', 0],
    ['none', 0],
  ]);
});

test('without the right: EACCES, but not with no_new_privs', () => {
  const result = isolated(`
    import { readCaps, setCaps } from './capability.ts';
    import { installFilter, installListener } from './seccomp.ts';
    import { failure } from './testing/failure.ts';
    ${filterSource}
    setCaps({ effective: 0n, permitted: 0n, inheritable: 0n });
    const bytes = filter(0x7ffffff, errnoAction(1));
    const results = [
      failure(() => installListener(bytes, { waitKillable: true, noNewPrivs: false })),
      failure(() => installFilter(bytes, { noNewPrivs: false })), readCaps('self').noNewPrivs,
      failure(() => installListener(bytes, { waitKillable: true, noNewPrivs: true })),
      failure(() => installFilter(bytes, { noNewPrivs: true })), readCaps('self').noNewPrivs];
    report(results);`);
  expect(result).toEqual(['seccomp EACCES', 'seccomp EACCES', false, 'none', 'none', true]);
});

describe('malformed filters never reach the thread', () => {
  const listen = { waitKillable: true, noNewPrivs: false };
  test.each([
    ['empty', 0],
    ['half an instruction', 12],
    ['past 4096 instructions', 4097 * 8],
    ['an unknown instruction', 8],
  ])('%s', (name, size) => {
    const filter = new Uint8Array(size).fill(name === 'an unknown instruction' ? 0xff : 0);
    // The kernel checks rights before instructions.
    const expected = name === 'an unknown instruction' && !privileged ? 'seccomp EACCES' : 'seccomp EINVAL';
    expect(failure(() => installListener(filter, listen))).toBe(expected);
    expect(failure(() => installFilter(filter, { noNewPrivs: false }))).toBe(expected);
  });
});
