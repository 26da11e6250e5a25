import { describe, expect, test } from 'vitest';
import { CAP_BPF, CAP_NET_ADMIN, CAP_SETPCAP, capSet, hasCap, readCaps } from './capability.ts';
import { failure } from './testing/failure.ts';
import { isolated } from './testing/isolated.ts';

const maySet = hasCap(readCaps('self').effective, CAP_SETPCAP);

test('sets', () => {
  const set = capSet([CAP_NET_ADMIN, CAP_BPF]);
  expect(set).toBe((1n << 12n) | (1n << 39n));
  expect([CAP_NET_ADMIN, CAP_BPF, CAP_SETPCAP].map((cap) => hasCap(set, cap))).toEqual([true, true, false]);
});

test('of this process, of its main thread, of a thread, of none', () => {
  const own = readCaps(process.pid);
  expect(readCaps('self')).toEqual(own);
  expect(readCaps(process.pid, process.pid)).toEqual(own);
  expect(failure(() => readCaps(4_194_304))).toBe('open ENOENT');
  expect(failure(() => readCaps(process.pid, 4_194_304))).toBe('open ENOENT');
});

describe.skipIf(!maySet)('needs CAP_SETPCAP', () => {
  test('a Worker reduces itself, its child starts reduced, the main thread keeps all', () => {
    const seen = isolated(`
      import { execFileSync } from 'node:child_process';
      import { isMainThread, Worker, parentPort } from 'node:worker_threads';
      import * as caps from './capability.ts';
      import { failure } from './testing/failure.ts';
      const kept = [caps.CAP_NET_ADMIN, caps.CAP_BPF];
      if (isMainThread) {
        const before = caps.readCaps('self');
        new Worker(__filename).on('message', (inside) => {
          const same = JSON.stringify(before, big) === JSON.stringify(caps.readCaps('self'), big);
          report({ same, ...inside });
        });
      } else {
        caps.dropBoundingSetExcept(kept);
        const set = caps.capSet(kept);
        caps.setCaps({ effective: set, permitted: set, inheritable: 0n });
        caps.setNoNewPrivs();
        const own = caps.readCaps('self');
        const errors = [failure(() => caps.dropBoundingSetExcept([])),
          failure(() => caps.setCaps({ effective: set, permitted: set | 1n, inheritable: 0n }))];
        const child = execFileSync('grep', ['-E', '^(CapEff|CapBnd|NoNewPrivs):', '/proc/self/status'], { encoding: 'utf8' });
        parentPort.postMessage({ own: JSON.stringify(own, big), errors, child });
      }
      function big(_, v) { return typeof v === 'bigint' ? v.toString(16) : v; }`);
    const mask = '8000001000';
    expect(seen).toEqual({
      same: true,
      own: JSON.stringify({ effective: mask, permitted: mask, bounding: mask, noNewPrivs: true }),
      errors: ['prctl EPERM', 'capset EPERM'],
      child: `CapEff:\t000000${mask}\nCapBnd:\t000000${mask}\nNoNewPrivs:\t1\n`,
    });
  });
});
