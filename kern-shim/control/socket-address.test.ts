import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { askShim, runningShims } from './client.ts';
import { serveControl } from './server.ts';
import { socketAddress } from './socket-address.ts';

const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) fs.rmSync(folder, { recursive: true, force: true });
});

function folderOf(nameLength: number): { root: string; folder: string } {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'bpfilter-test-'));
  made.push(root);
  const folder = path.join(root, 'y'.repeat(nameLength));
  fs.mkdirSync(folder);
  return { root, folder };
}

describe('the address of a control socket', () => {
  it('is the path itself where that fits', () => {
    const fits = `/${'x'.repeat(106)}`;
    expect(socketAddress(fits).address).toBe(fits);
  });

  it.each([10, 120, 200])('a folder with a name of %d bytes: the socket stands there and answers', async (length) => {
    const { root, folder } = folderOf(length);
    const socket = path.join(folder, `shim-${process.pid}.sock`);
    const failures: unknown[] = [];
    const end = serveControl(
      socket,
      async (operation) => `did ${operation}`,
      (error) => failures.push(error),
    );
    await new Promise((resolve) => setImmediate(resolve));
    expect(failures).toEqual([]);
    expect(fs.readdirSync(root)).toEqual([path.basename(folder)]);
    expect(await runningShims(folder)).toEqual([{ pid: process.pid, path: socket }]);
    expect(await askShim(socket, 'load')).toBe('did load');
    end();
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  it('of a shim that was killed: its socket is removed', async () => {
    const { folder } = folderOf(120);
    const stale = path.join(folder, 'shim-1.sock');
    const { address, close } = socketAddress(stale);
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(address, resolve));
    fs.renameSync(stale, `${stale}-kept`);
    await new Promise((resolve) => server.close(resolve));
    close();
    fs.renameSync(`${stale}-kept`, stale);
    expect(await runningShims(folder)).toEqual([]);
    expect(fs.readdirSync(folder)).toEqual([]);
  });
});
