import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { driversOf, killHard } from '../drills/processes.ts';
import { ipv4 } from '../protocol/family.ts';
import { closeFd } from '../sys/descriptor.ts';
import { pidfdOpen } from '../sys/pidfd.ts';
import { POLLIN, poll } from '../sys/poll.ts';
import { AF_INET, SOCK_RAW, socket } from '../sys/socket.ts';
import { rawGetsockopt } from '../sys/socket-option.ts';
import { median, type Sample } from './measure.ts';

/**
 * Runs below a shim, which is its parent: kills the driver and asks at once. Arguments: rules of the table,
 * rounds, "with" or "without" the standby. Prints samples as JSON: milliseconds from the kill to the first
 * answer, and to all entries; and, in rounds of their own, how long the kernel takes to end the process, and from then
 * on to the first answer.
 */
const [rules = '', rounds = '', standby = ''] = process.argv.slice(2);
const shim = process.ppid;
const wanted = standby === 'with' ? 2 : 1;
/** The standby is shown the tables after a quiet moment. */
const quietMs = 500;

const lines = Array.from({ length: Number(rules) }, (_, at) => `-A INPUT -p tcp --dport ${1 + at} -j ACCEPT\n`);
const restored = spawnSync('iptables-legacy-restore', {
  input: `*filter\n${lines.join('')}COMMIT\n`,
  encoding: 'utf8',
});
if (restored.status !== 0) throw new Error(restored.stderr);

const fd = socket(AF_INET, SOCK_RAW, 255);

function ask(option: number, bytes: Buffer): void {
  bytes.write('filter');
  const { result, errno } = rawGetsockopt(fd, ipv4.level, option, bytes, bytes.length);
  if (result !== 0) throw new Error(`option ${option}: errno ${errno}`);
}

/** What the drivers are, and what they have had of the processors. */
function workOf(drivers: readonly number[]): string {
  return drivers.map((pid) => `${pid}: ${fs.readFileSync(`/proc/${pid}/schedstat`, 'latin1')}`).join('');
}

/** Waits until all drivers are there and have nothing left to do: on a busy machine that takes its time. */
async function driver(): Promise<number> {
  for (;;) {
    const drivers = driversOf(shim);
    const before = workOf(drivers);
    await sleep(quietMs);
    const [first] = drivers;
    if (first !== undefined && drivers.length === wanted && workOf(driversOf(shim)) === before) return first;
  }
}

const toInfo: number[] = [];
const toEntries: number[] = [];
const toExit: number[] = [];
const exitToInfo: number[] = [];
for (let round = 0; round < Number(rounds); round += 1) {
  const pid = await driver();
  const info = Buffer.alloc(ipv4.getinfo.size);
  const start = performance.now();
  killHard(pid);
  ask(ipv4.get.info, info);
  toInfo.push(performance.now() - start);
  const { size } = ipv4.getinfo.read(info);
  const entries = Buffer.alloc(ipv4.getEntries.size + size);
  entries.writeUInt32LE(size, ipv4.getEntries.offsets.size);
  ask(ipv4.get.entries, entries);
  toEntries.push(performance.now() - start);
}
for (let round = 0; round < Number(rounds); round += 1) {
  const pid = await driver();
  const pidfd = pidfdOpen(pid);
  const start = performance.now();
  killHard(pid);
  poll([{ fd: pidfd, events: POLLIN }], -1);
  const exit = performance.now();
  ask(ipv4.get.info, Buffer.alloc(ipv4.getinfo.size));
  exitToInfo.push(performance.now() - exit);
  toExit.push(exit - start);
  closeFd(pidfd);
}
const samples: readonly Sample[] = [
  { name: 'first answer', value: median(toInfo) },
  // On a busy machine the shortest still tells what it takes.
  { name: 'shortest', value: Math.min(...toInfo) },
  { name: 'all entries', value: median(toEntries) },
  { name: 'all entries, longest', value: Math.max(...toEntries) },
  { name: 'its end', value: median(toExit) },
  { name: 'first answer from there', value: median(exitToInfo) },
  { name: 'shortest', value: Math.min(...exitToInfo) },
];
process.stdout.write(`${JSON.stringify(samples)}\n`);
