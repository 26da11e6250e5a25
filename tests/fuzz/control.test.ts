import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askShim } from '../../kern-shim/control/client.ts';
import { serveControl } from '../../kern-shim/control/server.ts';
import { controlOperations } from '../../kern-shim/run/messages.ts';
import { sendBytes } from '../../kern-shim/testing/send-bytes.ts';
import { pick, type Random, randomFrom } from '../harness/random.ts';

const connections = 600;
const atOnce = 20;
const longestLine = 4096;

let folder: string;
let socket: string;
let end: () => void;
const performed: string[] = [];
const failures: unknown[] = [];
beforeEach(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bpfilter-test-'));
  socket = path.join(folder, 'shim-1.sock');
  const perform = (operation: string): Promise<string> => {
    performed.push(operation);
    return Promise.resolve('done');
  };
  end = serveControl(socket, perform, (error) => failures.push(error), { patience: 1_000 });
  await new Promise((resolve) => setTimeout(resolve, 50));
});
afterEach(() => {
  end();
  fs.rmSync(folder, { recursive: true, force: true });
});

/** A request line, right or with a few bytes that aren't. */
function someBytes(random: Random): Buffer {
  const operation = pick(random, [...controlOperations, 'nope', '__proto__'] as unknown as readonly [string]);
  const line = pick(random, [
    JSON.stringify({ operation }),
    JSON.stringify({ operation: [operation] }),
    JSON.stringify({ operation, more: 'x'.repeat(random(3 * longestLine)) }),
    JSON.stringify(operation),
    `{"operation":"${operation}"`,
    `${'['.repeat(random(2 * longestLine))}`,
    '\u0000',
  ]);
  const bytes = Buffer.from(`${line}${pick(random, ['\n', '\n', '\n', '\r\n', '', '\n\n{"operation":"unload"}\n'])}`);
  for (let left = random(3) === 0 ? 1 + random(4) : 0; left > 0; left -= 1) bytes[random(bytes.length)] = random(256);
  return bytes;
}

/** The operation that the first line asks for, if it is one and short enough. */
function asked(bytes: Buffer): string | undefined {
  const line = bytes.toString('utf8').split('\n', 1)[0] ?? '';
  if (!bytes.includes(10) || line.length > longestLine) return undefined;
  try {
    const operation = (JSON.parse(line) as { readonly operation?: unknown } | null)?.operation;
    return controlOperations.find((name) => name === operation);
  } catch {
    return undefined;
  }
}

/** Sends the bytes in pieces; what came back, or undefined where we broke off ourselves. */
async function send(bytes: Buffer, random: Random): Promise<string | undefined> {
  const breaksOffMs = random(8) === 0 ? random(3) : undefined;
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = pieces.length > 50 ? bytes.length : 1 + random(pick(random, [8, 500, bytes.length]));
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  const answer = await sendBytes(socket, pieces, { breaksOffMs });
  return breaksOffMs === undefined ? answer : undefined;
}

const openFiles = (): number => fs.readdirSync('/proc/self/fd').length;

describe('the control socket', () => {
  it('garbage, cut lines, lines in pieces, askers that go: each line that is right is carried out, nothing else', async () => {
    const random = randomFrom(4);
    const before = openFiles();
    const known: string[] = [];
    for (let round = 0; round < connections / atOnce; round += 1) {
      const sent = Array.from({ length: atOnce }, () => someBytes(random));
      const answers = await Promise.all(sent.map((bytes) => send(bytes, random)));
      const wanted = sent.map(asked);
      for (const [at, answer] of answers.entries()) {
        if (answer === undefined) continue;
        const bytes = JSON.stringify(sent[at]?.toString('latin1').slice(0, 200));
        if (wanted[at] !== undefined) expect(answer, bytes).toBe('{"ok":true,"result":"done"}\n');
        else expect(answer, bytes).toMatch(/^(\{"ok":false,"error":"[^\n]*"\}\n)?$/);
      }
      known.push(...wanted.filter((operation) => operation !== undefined));
    }
    expect(failures).toEqual([]);
    // Of those that broke off, some had said their line.
    expect(performed.length).toBeGreaterThan(connections / 20);
    const howOften = (list: readonly string[], operation: string) => list.filter((one) => one === operation).length;
    for (const operation of controlOperations)
      expect(howOften(performed, operation)).toBeLessThanOrEqual(howOften(known, operation));
    expect(await askShim(socket, 'status')).toBe('done');
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(openFiles()).toBe(before);
  });
});
