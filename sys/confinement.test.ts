import { describe, expect, test } from 'vitest';
import { isolated } from './testing/isolated.ts';

/** What a confined process can still do, and what not, on its main thread and on another. */
function confined(execute: boolean): unknown {
  return isolated(`
    import { spawnSync } from 'node:child_process';
    import fs from 'node:fs';
    import { isMainThread, parentPort, Worker } from 'node:worker_threads';
    import { confine } from './confinement.ts';
    import { readCaps } from './capability.ts';
    import { memfdCreate } from './memfd.ts';
    import { AF_INET, SOCK_DGRAM, SOCK_RAW, socket } from './socket.ts';
    import { CLONE_NEWNET, unshare } from './namespace.ts';
    import { failure } from './testing/failure.ts';
    const tries = () => ({
      netlink: failure(() => socket(16, SOCK_RAW, 12)),
      inet: failure(() => socket(AF_INET, SOCK_DGRAM, 0)),
      unix: failure(() => socket(1, SOCK_DGRAM, 0)),
      memfd: failure(() => memfdCreate('x')),
      file: fs.readFileSync('/proc/self/comm', 'latin1').length > 0,
      unshare: failure(() => unshare(CLONE_NEWNET)),
      execute: spawnSync('/bin/true').error?.code ?? 'runs',
      noNewPrivs: readCaps('self').noNewPrivs,
    });
    if (isMainThread) {
      const worker = new Worker(__filename);
      worker.once('message', () => {
        confine({ execute: ${execute} });
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
});
