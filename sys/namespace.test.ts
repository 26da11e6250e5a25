import { closeSync, fstatSync, openSync, statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CAP_SYS_ADMIN, hasCap, readCaps } from './capability.ts';
import { netnsCookie, nsOwnerUid, nsParent, nsUserns } from './namespace.ts';
import { failure } from './testing/failure.ts';
import { isolated } from './testing/isolated.ts';

const mayUnshare = hasCap(readCaps('self').effective, CAP_SYS_ADMIN);

test('the cookie stays', () => {
  expect(netnsCookie()).toBeGreaterThan(0n);
  expect(netnsCookie()).toBe(netnsCookie());
});

test('the user namespace of a network namespace, and its owner', () => {
  const net = openSync('/proc/self/ns/net', 'r');
  const user = nsUserns(net);
  const own = openSync('/proc/self/ns/user', 'r');
  expect(fstatSync(user).ino).toBe(statSync('/proc/self/ns/user').ino);
  expect(nsOwnerUid(user)).toBeTypeOf('number');
  expect(nsParent(own)).toBeUndefined(); // what is above our own isn't for us to see
  expect(failure(() => nsParent(net))).toBe('ioctl EINVAL'); // they have no parents
  expect(failure(() => nsUserns(-1))).toBe('ioctl EBADF');
  for (const fd of [net, user, own]) closeSync(fd);
});

describe.skipIf(!mayUnshare)('needs CAP_SYS_ADMIN', () => {
  test('a network namespace of its own, loopback up, and back', () => {
    const seen = isolated(`
      import { networkInterfaces } from 'node:os';
      import { openSync } from 'node:fs';
      import { CLONE_NEWNET, netnsCookie, setns, unshare } from './namespace.ts';
      import { setLinkUp } from './link.ts';
      import { failure } from './testing/failure.ts';
      const home = openSync('/proc/thread-self/ns/net', 'r');
      const cookies = [netnsCookie()];
      unshare(CLONE_NEWNET);
      cookies.push(netnsCookie());
      const links = [Object.keys(networkInterfaces())];
      setLinkUp('lo');
      links.push(Object.keys(networkInterfaces()));
      const errors = [failure(() => setLinkUp('none0')), failure(() => setLinkUp('x'.repeat(16))),
        failure(() => setns(openSync('/proc/self/ns/uts', 'r'), CLONE_NEWNET)), failure(() => unshare(0x1))];
      setns(home, CLONE_NEWNET);
      cookies.push(netnsCookie());
      report({ cookies: cookies.map(String), links, errors });`) as {
      cookies: string[];
      links: string[][];
      errors: string[];
    };
    const here = String(netnsCookie());
    expect(seen.cookies).toEqual([here, expect.not.stringMatching(`^${here}$`), here]);
    expect(seen.links).toEqual([[], ['lo']]);
    expect(seen.errors).toEqual(['ioctl ENODEV', 'ioctl ENODEV', 'setns EINVAL', 'unshare EINVAL']);
  });

  test('a Worker changes its own namespace only', () => {
    const cookies = isolated(`
      import { isMainThread, Worker, parentPort } from 'node:worker_threads';
      import { CLONE_NEWNET, netnsCookie, unshare } from './namespace.ts';
      if (isMainThread) {
        const before = netnsCookie();
        new Worker(__filename).on('message', (inside) => report([before, inside, netnsCookie()].map(String)));
      } else { unshare(CLONE_NEWNET); parentPort.postMessage(netnsCookie()); }`) as string[];
    expect(cookies[0]).toBe(cookies[2]);
    expect(cookies[1]).not.toBe(cookies[0]);
  });

  test('the parent of a user namespace below ours, and its owner', () => {
    const seen = isolated(`
      import { spawn } from 'node:child_process';
      import { fstatSync, openSync, statSync } from 'node:fs';
      import { nsOwnerUid, nsParent, nsUserns } from './namespace.ts';
      const child = spawn('unshare', ['-Urn', 'sh', '-c', 'echo; exec sleep 10'], { stdio: ['ignore', 'pipe', 'inherit'] });
      child.stdout.once('data', () => {
        const user = nsUserns(openSync('/proc/' + child.pid + '/ns/net', 'r'));
        const parent = nsParent(user);
        report([fstatSync(user).ino === statSync('/proc/' + child.pid + '/ns/user').ino,
          fstatSync(parent).ino === statSync('/proc/self/ns/user').ino, nsOwnerUid(user) === process.getuid()]);
        child.kill('SIGKILL');
      });`);
    expect(seen).toEqual([true, true, true]);
  });
});
