import { spawn } from 'node:child_process';
import { closeSync, readFileSync, readSync } from 'node:fs';
import { expect, test } from 'vitest';
import { pidfdGetfd, pidfdOpen, pidfdSendSignal, waitPidfd } from './pidfd.ts';
import { failure, flagsLine } from './testing/failure.ts';
import { isolated } from './testing/isolated.ts';

const O_CLOEXEC = 0o2000000;
const SIGTERM = 15;

test('how children end', () => {
  // In a process of its own: Node's event loop must never get to reap these children itself.
  const ends = isolated(`
    import { spawn } from 'node:child_process';
    import { pidfdOpen, pidfdSendSignal, waitPidfd } from './pidfd.ts';
    const start = (...args) => pidfdOpen(spawn('sh', ['-c', ...args], { stdio: 'ignore' }).pid);
    const exits = start('exit 7');
    const ends = [waitPidfd(exits, { block: true }), waitPidfd(exits, { block: true })];
    const sleeps = start('exec sleep 100');
    ends.push(waitPidfd(sleeps, { block: false }) ?? 'running');
    pidfdSendSignal(sleeps, 0);
    pidfdSendSignal(sleeps, 9);
    ends.push(waitPidfd(sleeps, { block: true }));
    try { pidfdSendSignal(sleeps, 0); } catch (error) { ends.push(error.message); }
    report(ends);
    process.exit();`);
  expect(ends).toEqual([
    { kind: 'exited', status: 7 },
    'not-a-child',
    'running',
    { kind: 'signaled', status: 9 },
    'pidfd_send_signal: ESRCH (signal 0)',
  ]);
});

test('a signal reaches a child of child_process, whose end is reported as usual', async () => {
  const child = spawn('sleep', ['100'], { stdio: 'ignore' });
  const pidfd = pidfdOpen(child.pid ?? 0);
  expect(flagsLine(readFileSync(`/proc/self/fdinfo/${pidfd}`, 'utf8')) & O_CLOEXEC).toBe(O_CLOEXEC);
  const exit = new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
  pidfdSendSignal(pidfd, SIGTERM);
  expect(await exit).toEqual({ code: null, signal: 'SIGTERM' });
  expect(waitPidfd(pidfd, { block: true })).toBe('not-a-child');
  expect(failure(() => pidfdSendSignal(pidfd, SIGTERM))).toBe('pidfd_send_signal ESRCH');
  expect(failure(() => pidfdGetfd(pidfd, 0))).toBe('pidfd_getfd ESRCH');
  closeSync(pidfd);
});

test("another process's descriptor becomes ours", async () => {
  const child = spawn('sh', ['-c', 'exec 7</proc/self/stat; echo ready; exec sleep 100']);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const pidfd = pidfdOpen(child.pid ?? 0);
  const fd = pidfdGetfd(pidfd, 7);
  const text = Buffer.alloc(64);
  readSync(fd, text, 0, 64, 0);
  expect(Number.parseInt(text.toString('latin1'), 10)).toBe(child.pid); // /proc/self was the child's
  expect(flagsLine(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')) & O_CLOEXEC).toBe(O_CLOEXEC);
  expect(failure(() => pidfdGetfd(pidfd, 99))).toBe('pidfd_getfd EBADF');
  child.kill('SIGKILL');
  closeSync(fd);
  closeSync(pidfd);
});

test.each([
  ['no such process', () => pidfdOpen(4_194_304), 'pidfd_open ESRCH'],
  ['pid 0', () => pidfdOpen(0), 'pidfd_open EINVAL'],
  ['no descriptor', () => pidfdSendSignal(-1, 0), 'pidfd_send_signal EBADF'],
  ['no such signal', () => pidfdSendSignal(pidfdOpen(process.pid), 99), 'pidfd_send_signal EINVAL'],
  ['wait on no descriptor', () => waitPidfd(-1, { block: false }), 'waitid EINVAL'],
])('%s', (_, run, expected) => {
  expect(failure(run)).toBe(expected);
});

test('the message says which process', () => {
  expect(() => pidfdOpen(4_194_304)).toThrow('pidfd_open: ESRCH (pid 4194304)');
});
