import fs from 'node:fs';
import type { Drill } from './drill.ts';
import { descendantsOf, killHard } from './processes.ts';

const countersMayGo = 'as natively when iptables ends before it adds the old ones';

export const shimKilled: Drill = {
  name: 'shim-killed',
  what: 'kill -9 the shim: commands in flight may fail, the next run has all rules',
  async attack({ arena, random, stopped, pause, struck }) {
    while (!stopped()) {
      await pause(500 + random.below(1_000));
      if (stopped()) return;
      await arena.replaceShim();
      struck();
    }
  },
  judge: ({ disturbed }) => (disturbed ? 'cut off' : 'fault'),
  countersMayGo,
};

const killedStatus = 128 + 9;

export const callersKilled: Drill = {
  name: 'callers-killed',
  what: 'kill -9 iptables in the middle of its requests',
  async attack({ arena, random, stopped, pause, struck }) {
    while (!stopped()) {
      await pause(random.below(40));
      const callers = descendantsOf(arena.shim).filter((pid) => programOf(pid).startsWith('iptables'));
      const caller = callers[random.below(callers.length)];
      if (caller !== undefined && killHard(caller)) struck();
    }
  },
  judge: ({ status }) => (status === killedStatus ? 'cut off' : 'fault'),
  countersMayGo,
};

function programOf(pid: number): string {
  try {
    return fs.readFileSync(`/proc/${pid}/comm`, 'latin1');
  } catch {
    return '';
  }
}

export const unload: Drill = {
  name: 'unload',
  what: 'bpfilter module unload, again and again',
  async attack({ arena, random, stopped, pause, struck }) {
    while (!stopped()) {
      await pause(random.below(200));
      await arena.ask('unload');
      struck();
    }
  },
};
