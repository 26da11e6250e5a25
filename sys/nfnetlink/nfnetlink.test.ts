import { expect, it } from 'vitest';
import { isolated } from '../testing/isolated.ts';

const isRoot = process.getuid?.() === 0;

/** NFT_MSG_* and attributes by hand: the layers above have no say here. */
const source = `
  import { errno } from '../protocol/errno.ts';
  import { sendBatch } from './nfnetlink/batch.ts';
  import { ask } from './nfnetlink/dump.ts';
  import { openNetlink } from './nfnetlink/socket.ts';
  import { CLONE_NEWNET, unshare } from './namespace.ts';

  unshare(CLONE_NEWNET);
  const message = (type: number, flags: number, sequence: number, family: number, body: Buffer, resource = 0) => {
    const bytes = Buffer.alloc(20 + body.length);
    bytes.writeUInt32LE(bytes.length, 0);
    bytes.writeUInt16LE(type, 4);
    bytes.writeUInt16LE(flags, 6);
    bytes.writeUInt32LE(sequence, 8);
    bytes[16] = family;
    bytes.writeUInt16BE(resource, 18);
    bytes.set(body, 20);
    return bytes;
  };
  const name = (text: string) => {
    const bytes = Buffer.alloc((4 + text.length + 1 + 3) & ~3);
    bytes.writeUInt16LE(4 + text.length + 1, 0);
    bytes.writeUInt16LE(1, 2);
    bytes.write(text, 4);
    return bytes;
  };
  const none = Buffer.alloc(0);
  const batch = (...messages: Buffer[]) => Buffer.concat([message(16, 1, 0, 0, none, 10), ...messages, message(17, 1, 0, 0, none, 10)]);
  const tables = (count: number) => Array.from({ length: count }, (_, index) => message(0xa00, 0x601, index + 1, 2, name('table' + index)));
  const socket = openNetlink();
  const dump = (sequence: number) => {
    let messages = 0;
    const bytes = message(0xa01, 0x301, sequence, 2, none);
    return [ask(socket, { bytes, sequence, isDump: true }, () => { messages += 1; }), messages];
  };
  report({
    empty: sendBatch(socket, batch()),
    large: sendBatch(socket, batch(...tables(20_000))),
    all: dump(7),
    again: sendBatch(socket, batch(...tables(3))),
    gone: ask(socket, { bytes: message(0xa01, 1, 8, 2, name('nosuch')), sequence: 8, isDump: false }, () => {}),
    deletions: sendBatch(socket, batch(message(0xa02, 1, 5, 2, name('nosuch')))),
    still: dump(9),
  });
`;

it.skipIf(!isRoot)(`batches and dumps in a fresh namespace${isRoot ? '' : ' (skipped: needs root)'}`, () => {
  const refusedAt = (...sequences: readonly number[]) => ({
    kind: 'refused',
    errors: sequences.map((sequence) => expect.objectContaining({ sequence, errno: 17 })),
  });
  expect(isolated(source)).toEqual({
    empty: { kind: 'taken', lost: false },
    large: { kind: 'taken', lost: false },
    all: [{ kind: 'whole' }, 20_000],
    again: refusedAt(1, 2, 3),
    gone: { kind: 'refused', errno: 2 },
    deletions: { kind: 'refused', errors: [{ sequence: 5, errno: 2, offset: 20 }] },
    still: [{ kind: 'whole' }, 20_000],
  });
});
