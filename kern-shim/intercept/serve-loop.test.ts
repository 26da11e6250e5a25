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
