import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sendBytes } from '../testing/send-bytes.ts';
import { askShim, removeDeadSockets } from './client.ts';
import { type ControlOptions, serveControl } from './server.ts';

let folder: string;
let socket: string;
let end: (() => void) | undefined;
const performed: string[] = [];
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bpfilter-test-'));
  socket = path.join(folder, 'shim-1.sock');
  performed.length = 0;
});
afterEach(() => {
  end?.();
  fs.rmSync(folder, { recursive: true, force: true });
});

async function serve(options: ControlOptions = {}): Promise<void> {
  const failures: unknown[] = [];
  const perform = async (operation: string) => {
    performed.push(operation);
    return `did ${operation}`;
  };
  end = serveControl(socket, perform, (error) => failures.push(error), { patience: 300, ...options });
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(failures).toEqual([]);
}

const send = (bytes: Uint8Array, ends = true): Promise<string> => sendBytes(socket, [bytes], { ends });

const refusal = /^\{"ok":false,"error":"[^\n]*"\}\n$/;
const openSockets = (): number =>
  fs.readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:');
    } catch {
      return false;
    }
  }).length;

/** A socket as a shim leaves it that is killed, made so many seconds ago. */
async function deadSocket(name: string, secondsAgo: number): Promise<void> {
  const file = path.join(folder, name);
  const bind = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
  await new Promise((resolve) => spawn(process.execPath, ['-e', bind, file]).once('exit', resolve));
  const made = new Date(Date.now() - 1000 * secondsAgo);
  fs.utimesSync(file, made, made);
}

describe('sockets of shims that were killed', () => {
  it('are removed, but for one that is listened on, or only just made', async () => {
    await serve();
    fs.utimesSync(socket, new Date(0), new Date(0));
    await deadSocket('shim-2.sock', 60);
    await deadSocket('shim-3.sock', 0);
    fs.writeFileSync(path.join(folder, 'log'), '');
    await removeDeadSockets(folder);
    expect(fs.readdirSync(folder).toSorted()).toEqual(['log', 'shim-1.sock', 'shim-3.sock']);
  });
});

describe('the control socket', () => {
  it('is for its owner alone', async () => {
    await serve();
    expect(fs.statSync(socket).mode & 0o777).toBe(0o600);
  });

  it('asks the kernel who connected, and turns others away', async () => {
    const peers: unknown[] = [];
    await serve({
      mayAsk: (peer) => {
        peers.push(peer);
        return false;
      },
    });
    await expect(askShim(socket, 'unload')).rejects.toThrow('only the user who started it may ask');
    expect(peers).toEqual([{ pid: process.pid, uid: process.geteuid?.() }]);
    expect(performed).toEqual([]);
  });

  it.each<[string, Uint8Array]>([
    ['no operation', Buffer.from('{}\n')],
    ['an unknown operation', Buffer.from('{"operation":"__proto__"}\n')],
    ['an operation that is no text', Buffer.from('{"operation":["status"]}\n')],
    ['null', Buffer.from('null\n')],
    ['no JSON', Buffer.from('status\n')],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0, 0x80, 10])],
    ['a line of 5,000 characters', Buffer.from(`{"operation":"status","x":"${'x'.repeat(5000)}"}\n`)],
    ['a megabyte without an end', Buffer.alloc(1 << 20, 0x61)],
    ['brackets in brackets', Buffer.from(`${'['.repeat(4000)}\n`)],
  ])('refuses %s', async (_title, bytes) => {
    await serve();
    expect(await send(bytes)).toMatch(refusal);
    expect(performed).toEqual([]);
    expect(await askShim(socket, 'status')).toBe('did status');
  });

  it('carries out one operation a connection', async () => {
    await serve();
    expect(await send(Buffer.from('{"operation":"status"}\n{"operation":"unload"}\n'))).toBe(
      '{"ok":true,"result":"did status"}\n',
    );
    expect(performed).toEqual(['status']);
  });

  it('many that say nothing, half a line, or go on sending: none is kept, others are answered', async () => {
    await serve();
    const before = openSockets();
    const silent = Array.from({ length: 100 }, (_, i) => send(Buffer.alloc(i % 3, 0x7b), false));
    const endless = send(Buffer.alloc(1 << 20, 0x0a), false);
    await Promise.all([...silent, endless]);
    expect(await askShim(socket, 'status')).toBe('did status');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(openSockets()).toBe(before);
  });
});
