import { afterEach, describe, expect, it } from 'vitest';
import { ipv4 } from '../../protocol/family.ts';
import { composeCommand, encodeRequest, mbox_request, OWN_LEVEL, ownOptions } from '../../protocol/mbox.ts';
import { filter, plain, verdicts } from '../../rules/blob/testing/raw-blob.ts';
import type { Driver } from '../../umh/driver.ts';
import { type Pipes, serveRequests } from '../../umh/serve.ts';
import { World } from '../../umh/testing/world.ts';
import { pick, type Random, randomFrom } from '../harness/random.ts';
import { mutate } from './mutate.ts';
import { validBlob } from './valid-blob.ts';

const worlds: World[] = [];
afterEach(() => {
  for (const world of worlds.splice(0)) world.close();
});

/** The pipe to the driver as a list of chunks, and what it answers. */
function pipesOver(chunks: readonly Uint8Array[]): { readonly pipes: Pipes; readonly replies: number[] } {
  const left = chunks.filter(({ length }) => length > 0).map((chunk) => Buffer.from(chunk));
  const replies: number[] = [];
  let half = Buffer.alloc(0);
  const pipes: Pipes = {
    read(bytes, offset) {
      const chunk = left.shift();
      if (chunk === undefined) return 0;
      const taken = chunk.copy(bytes, offset, 0, Math.min(chunk.length, bytes.length - offset));
      if (taken < chunk.length) left.unshift(chunk.subarray(taken));
      return taken;
    },
    // One byte at a time: a pipe may take less than it is given.
    write(bytes, offset) {
      half = Buffer.concat([half, bytes.subarray(offset, offset + 1)]);
      if (half.length === 4) {
        replies.push(half.readInt32LE(0));
        half = Buffer.alloc(0);
      }
      return 1;
    },
  };
  return { pipes, replies };
}

const lengths = [0, 1, 4, 24, 30, 40, 84, 96, 632, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff];
const addresses = [
  0n,
  1n,
  0x1000n,
  0x2_0000n,
  0x3_0000n,
  1n << 32n,
  1n << 47n,
  1n << 53n,
  (1n << 63n) - 1n,
  (1n << 64n) - 1n,
];
const options = [...Object.values(ipv4.get), ...Object.values(ipv4.set), ...Object.values(ownOptions), 0, 0xffff];

/** Sets of these take tables away, rightly. */
const RESET = composeCommand(OWN_LEVEL, ownOptions.RESET);

function someMessage(random: Random): Uint8Array {
  const bytes = new Uint8Array(mbox_request.size);
  if (random(5) === 0) return bytes.map(() => random(256));
  const cmd = composeCommand(
    pick(random, [0, 0, 0, 41, OWN_LEVEL, random(0x8000)]),
    options[random(options.length)] ?? 0,
    random(4) === 0,
  );
  encodeRequest(new DataView(bytes.buffer), {
    addr: random(2) === 0 ? 0x1000n : (addresses[random(addresses.length)] ?? 0n),
    len: random(3) === 0 ? random(4096) : (lengths[random(lengths.length)] ?? 0),
    is_set: pick(random, [0, 1, 1, 2, 0xffffffff]),
    cmd: (cmd & 0x7fffffff) === RESET ? 0 : cmd,
    pid: random(2 ** 31),
  });
  return bytes;
}

describe('the stream of requests', () => {
  it('is cut anywhere: every whole message is answered once, the rest is told of', () => {
    const random = randomFrom(1);
    for (let round = 0; round < 200; round += 1) {
      const stream = Uint8Array.from({ length: random(300) }, () => random(256));
      const chunks: Uint8Array[] = [];
      for (let at = 0; at < stream.length; ) {
        const length = 1 + random(40);
        chunks.push(stream.subarray(at, at + length));
        at += length;
      }
      const seen: Uint8Array[] = [];
      const warnings: string[] = [];
      const driver: Driver = {
        serve: (message) => {
          seen.push(Uint8Array.from(message));
          return -seen.length;
        },
        answered: () => undefined,
      };
      const { pipes, replies } = pipesOver(chunks);
      const log = {
        info: () => undefined,
        warning: (text: string) => void warnings.push(text),
        error: () => undefined,
      };
      serveRequests(driver, pipes, log);
      const whole = Math.floor(stream.length / 24);
      expect(Buffer.concat(seen)).toEqual(Buffer.from(stream.subarray(0, 24 * whole)));
      expect(replies).toEqual(Array.from({ length: whole }, (_, i) => -1 - i));
      expect(warnings).toHaveLength(stream.length % 24 === 0 ? 0 : 1);
    }
  });

  it('garbage, huge lengths, addresses without memory, blobs of all kinds: a status each, and no table changes', () => {
    const random = randomFrom(2);
    const world = new World();
    worlds.push(world);
    const connection = world.connect();
    const table = filter({ input: [plain(verdicts.drop)] });
    expect(connection.ask(world.replaceMessage(table, 4))).toBe(0);
    const before = world.entries(connection, 'filter');
    let [refused, accepted] = [0, 0];
    for (let round = 0; round < 1500; round += 1) {
      // The claim of 99 counters is stale: not even a valid blob takes the place of the table.
      const isReplace = random(2) === 0;
      const blob = mutate(validBlob(random), random).subarray(0, 0x1_0000);
      const message = isReplace && blob.length >= 96 ? world.replaceMessage(blob, 99) : someMessage(random);
      if (!isReplace) world.memory.subarray(0x1000, 0x1000 + blob.length).set(blob);
      const { is_set: isSet } = mbox_request.read(message);
      const status = connection.ask(message);
      expect(Number.isInteger(status) && status > -134).toBe(true);
      if (status < 0) refused += 1;
      else accepted += 1;
      if (isSet !== 0) expect(status, `a change was accepted: ${Buffer.from(message).toString('hex')}`).toBeLessThan(0);
    }
    expect(refused).toBeGreaterThan(1000);
    expect(accepted).toBeGreaterThan(0);
    expect(world.lines.filter((line) => line.includes('unexpected'))).toEqual([]);
    expect(world.entries(connection, 'filter')).toEqual(before);
  });
});
