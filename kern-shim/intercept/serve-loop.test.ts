import { expect, test } from 'vitest';
import { isolated } from '../../sys/testing/isolated.ts';

test('while nobody calls, a driver that asks for a map wakes the loop and is answered', () => {
  const seen = isolated(`
    import { encodeMapQuestion } from '../protocol/map-desk.ts';
    import { assembleClassic } from './classic-bpf.ts';
    import { drainEventfd, eventfd, signalEventfd } from './eventfd.ts';
    import { recvFd, sendFd } from './fd-passing.ts';
    import { installListener } from './seccomp.ts';
    import { MapDesks } from '../kern-shim/map-desk.ts';
    import { ServeLoop } from '../kern-shim/intercept/serve-loop.ts';
    import { fileMaps } from '../kern-shim/testing/file-maps.ts';
    const SECCOMP_RET_ALLOW = 0x7fff0000;
    const allow = assembleClassic([{ op: 'return', value: SECCOMP_RET_ALLOW }]);
    const listener = installListener(allow, { waitKillable: true, noNewPrivs: true });
    const wake = eventfd();
    const desks = new MapDesks(fileMaps);
    const { theirs } = desks.open();
    const turns = [];
    const tend = (isIdle) => {
      turns.push(isIdle);
      signalEventfd(wake);
      return -1;
    };
    sendFd(theirs, undefined, encodeMapQuestion(7));
    const end = new ServeLoop(listener, { desks, tend }, () => {}).run(wake, () => drainEventfd(wake));
    const map = recvFd(theirs);
    report([end, turns, map === undefined ? 'no answer' : fileMaps.name(map)]);
  `);
  expect(seen).toEqual(['stopped', [true], 'bpfilter_7']);
});

const noRight = process.geteuid?.() === 0 ? undefined : 'only root may set up the firewall';

/**
 * What a caller is told whose serving threads fail on its call, how often the module was asked, and as what. In `thread`,
 * a call of fail() has the thread end.
 */
function leftCall(threads: readonly string[]): unknown {
  return isolated(`
    import { spawn } from 'node:child_process';
    import fs from 'node:fs';
    import { arch } from './arch.ts';
    import { drainEventfd, eventfd, signalEventfd } from './eventfd.ts';
    import { pidfdOpen } from './pidfd.ts';
    import { POLLIN, poll } from './poll.ts';
    import { installListener } from './seccomp.ts';
    import { AF_INET, SOCK_DGRAM, socket } from './socket.ts';
    import { netnsOwners } from '../kern-shim/caller/capability.ts';
    import { buildFilter } from '../kern-shim/intercept/filter.ts';
    import { ServeLoop } from '../kern-shim/intercept/serve-loop.ts';
    import { TakenCall } from '../kern-shim/intercept/taken-call.ts';
    const { auditArch, nr } = arch();
    const filter = buildFilter({ auditArch, ...nr }, [{ level: 0, get: [64], set: [64] }], undefined);
    const listener = installListener(filter, { waitKillable: true, noNewPrivs: false });
    const [output, wake, owners] = [eventfd(), eventfd(), netnsOwners(socket(AF_INET, SOCK_DGRAM, 0))];
    const ask = 'use Socket; socket(my $s, PF_INET, SOCK_RAW, 255) or die; exit(defined getsockopt($s, 0, 64) ? 0 : 0 + $!)';
    const child = spawn('perl', ['-e', ask], { stdio: 'ignore' });
    const taken = new TakenCall();
    const asked = [];
    let fails = false;
    const fail = () => { fails = true; throw new Error('it fails'); };
    const log = { write: () => { if (fails) throw new Error('nor can that be told'); } };
    let serve = fail;
    const module = { request: (_message, _memory, { sequence, isReplay }) => {
      asked.push([sequence, isReplay]);
      return serve();
    } };
    const served = { module, owners, log };
    const modules = { desks: undefined, tend: () => -1, forSocket: () => served, forOwn: () => served };
    const run = (thread) => {
      serve = thread;
      fails = false;
      try {
        new ServeLoop(listener, modules, log.write, new TakenCall(taken.shared)).run(wake, () => drainEventfd(wake) || true);
      } catch (error) {
        if (!fails) throw error;
      }
    };
    run(fail);
    for (const thread of [${threads.join(', ')}]) {
      signalEventfd(wake);
      run(thread);
    }
    const pidfd = pidfdOpen(child.pid);
    const [ended] = poll([{ fd: pidfd, events: POLLIN }], 5_000);
    child.on('exit', (code) => {
      report([code, asked.length, new Set(asked.map(([id]) => id)).size, asked.map(([, isReplay]) => isReplay)]);
      process.exit();
    });
    if (ended === 0) { report('it still waits'); child.kill('SIGKILL'); process.kill(process.pid, 'SIGKILL'); }
  `);
}

test.skipIf(noRight !== undefined).each([
  { case: 'is served again, as a replay', threads: ['() => 0'], want: [0, 2, 1, [false, true]] },
  { case: 'is refused where that one fails, too', threads: ['fail', '() => 0'], want: [14, 2, 1, [false, true]] },
  {
    case: 'is answered where the answer was known, and not served again',
    threads: ['(taken.decide({ kind: "errno", errno: 5 }), fail)'],
    want: [5, 1, 1, [false]],
  },
])('a call that a serving thread has failed on $case', ({ threads, want }) => {
  expect(leftCall(threads)).toEqual(want);
});
