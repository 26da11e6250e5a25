import { describe, expect, test } from 'vitest';
import { errno } from '../protocol/errno.ts';
import { arch } from './arch.ts';
import { cFunction, lastErrno } from './koffi.ts';
import { isolated } from './testing/isolated.ts';

/** A command of bpf(2) that there isn't: EINVAL, unless the call itself is refused. */
const noCommand = 9_999;

/** Why nobody can tell whether bpf(2) is refused by us: it is so anyway. */
function bpfRefused(): string | undefined {
  const syscall = cFunction('syscall', ['int64_t', 'int64_t', 'void *', 'int64_t']);
  const result = syscall()(arch().nr.bpf, noCommand, Buffer.alloc(8), 8);
  return result < 0 && lastErrno() === errno.EINVAL ? undefined : 'bpf(2) is refused here';
}

const reason = bpfRefused();
const titled = (title: string) => (reason === undefined ? title : `${title} (skipped: ${reason})`);

/** What a confined process can still do, and what not, on its main thread and on another. */
function confined(execute: boolean, bpf = false): unknown {
  return isolated(`
    import { spawnSync } from 'node:child_process';
    import fs from 'node:fs';
    import { isMainThread, parentPort, Worker } from 'node:worker_threads';
    import { confine } from './confinement.ts';
    import { arch } from './arch.ts';
    import { check } from './fail.ts';
    import { cFunction } from './koffi.ts';
    import { readCaps } from './capability.ts';
    import { memfdCreate } from './memfd.ts';
    import { AF_INET, SOCK_DGRAM, SOCK_RAW, socket } from './socket.ts';
    import { CLONE_NEWNET, unshare } from './namespace.ts';
    import { failure } from './testing/failure.ts';
    const syscall = cFunction('syscall', ['int64_t', 'int64_t', 'void *', 'int64_t']);
    const tries = () => ({
      netlink: failure(() => socket(16, SOCK_RAW, 12)),
      inet: failure(() => socket(AF_INET, SOCK_DGRAM, 0)),
      unix: failure(() => socket(1, SOCK_DGRAM, 0)),
      memfd: failure(() => memfdCreate('x')),
      file: fs.readFileSync('/proc/self/comm', 'latin1').length > 0,
      unshare: failure(() => unshare(CLONE_NEWNET)),
      bpf: failure(() => check(syscall()(arch().nr.bpf, ${noCommand}, Buffer.alloc(8), 8), 'bpf')),
      execute: spawnSync('/bin/true').error?.code ?? 'runs',
      noNewPrivs: readCaps('self').noNewPrivs,
    });
    if (isMainThread) {
      const worker = new Worker(__filename);
      worker.once('message', () => {
        confine({ execute: ${execute}, bpf: ${bpf} });
        worker.once('message', (other) => { report([tries(), other]); process.exit(); });
        worker.postMessage('try');
      });
    } else {
      parentPort.once('message', () => parentPort.postMessage(tries()));
      parentPort.postMessage('there');
    }
  `);
}

describe('a confined process', () => {
  const both = {
    netlink: 'none',
    inet: 'socket EPERM',
    unix: 'socket EPERM',
    memfd: 'none',
    file: true,
    unshare: 'unshare EPERM',
    bpf: 'bpf EPERM',
    noNewPrivs: true,
  };

  test('that starts no programs', () => {
    const one = { ...both, execute: 'EPERM' };
    expect(confined(false)).toEqual([one, one]);
  });

  test('that may start programs', () => {
    const one = { ...both, execute: 'runs' };
    expect(confined(true)).toEqual([one, one]);
  });

  test.skipIf(reason !== undefined)(titled('that may use BPF, by bpf(2) alone'), () => {
    const one = { ...both, execute: 'EPERM', bpf: 'bpf EINVAL' };
    expect(confined(false, true)).toEqual([one, one]);
  });
});
