import { describe, expect, test } from 'vitest';
import { BpfilterError } from '../protocol/error.ts';
import { composeCommand, encodeRequest, mbox_request, OWN_LEVEL } from '../protocol/mbox.ts';
import type { Driver } from './driver.ts';
import { type FaultKind, faultOf, withFault } from './faults.ts';
import type { Pipes } from './serve.ts';

test.each([
  ['nothing', undefined, undefined],
  ['an empty word', '', undefined],
  ['one', 'garbage:12:30', { kind: 'garbage', seed: 12, every: 30 }],
  ['a name with a dash', 'closed-pipe:0:1', { kind: 'closed-pipe', seed: 0, every: 1 }],
])('BPFILTER_FAULT: %s', (_title, text, want) => {
  expect(faultOf(text)).toEqual(want);
});

test.each(['garbage', 'garbage:1', 'nosuch:1:1', 'short:1:0', 'short:-1:5', 'short:1:5:7', 'Short:1:5'])(
  'BPFILTER_FAULT: %s is refused',
  (text) => {
    expect(() => faultOf(text)).toThrow(BpfilterError);
  },
);

const reply = Uint8Array.of(0, 0, 0, 0);

function message(cmd: number, is_set: number): Uint8Array {
  const bytes = new Uint8Array(mbox_request.size);
  encodeRequest(new DataView(bytes.buffer), { addr: 0n, len: 0, is_set, cmd, pid: 1 });
  return bytes;
}

/** Serves the same request again and again by a driver with a fault: the answers that came, and what became of them. */
function serve(kind: FaultKind, cmd: number, is_set: number, rounds = 200) {
  const writes: Uint8Array[] = [];
  let served = 0;
  let answered = 0;
  const inner: Driver = {
    serve: () => {
      served += 1;
      return 0;
    },
    answered: () => {
      answered += 1;
    },
  };
  const quiet: Pipes = {
    read: () => 0,
    write: (bytes, offset) => {
      writes.push(bytes.slice(offset));
      return bytes.length - offset;
    },
  };
  const { driver, pipes } = withFault({ kind, seed: 9, every: 5 }, { driver: inner, pipes: quiet });
  for (let round = 0; round < rounds; round += 1) {
    driver.serve(message(cmd, is_set));
    for (let sent = 0; sent < reply.length; ) sent += pipes.write(reply, sent);
    driver.answered();
  }
  return { writes, served, answered };
}

describe('a driver with a fault', () => {
  const option = composeCommand(0, 64);

  test('garbage: what comes is no status, and the first request is served well', () => {
    const { writes, served, answered } = serve('garbage', option, 1);
    const wrong = writes.filter((bytes) => bytes.length !== reply.length);
    expect(wrong.length).toBeGreaterThan(10);
    expect(writes[0]).toEqual(reply);
    for (const bytes of wrong) expect(new DataView(bytes.buffer).getInt32(0, true)).toBeLessThan(-4095);
    expect(served).toBe(200);
    expect(answered).toBe(200 - wrong.length);
  });

  test('short: less than four bytes, never none', () => {
    const wrong = serve('short', option, 1).writes.filter((bytes) => bytes.length < reply.length);
    expect(wrong.length).toBeGreaterThan(10);
    for (const bytes of wrong) expect(bytes.length).toBeGreaterThan(0);
  });

  test('lose: some changes are never carried out, and every answer says they are', () => {
    const { writes, served } = serve('lose', option, 1);
    expect(writes.every((bytes) => bytes.length === reply.length)).toBe(true);
    expect(served).toBeGreaterThan(100);
    expect(served).toBeLessThan(190);
  });

  test.each([
    ['lose: what only reads', 'lose', option, 0],
    ['garbage: the health check', 'garbage', 0, 0],
    ["garbage: the shim's own questions", 'garbage', composeCommand(OWN_LEVEL, 1), 0],
  ] as const)('%s is spared', (_title, kind, cmd, isSet) => {
    const { writes, served, answered } = serve(kind, cmd, isSet);
    expect(writes.every((bytes) => bytes.length === reply.length)).toBe(true);
    expect([served, answered]).toEqual([200, 200]);
  });
});
