import { describe, expect, it } from 'vitest';
import { errno } from '../../protocol/errno.ts';
import type { NftDocument } from '../../rules/nft/json.ts';
import { writeNewObject } from '../../rules/nft/netlink/objects.ts';
import { writeNewChain } from '../../rules/nft/netlink/places.ts';
import { MessageWriter } from '../../rules/nft/netlink/writer.ts';
import { syscallError } from '../../sys/fail.ts';
import type { NetlinkSocket } from '../../sys/nfnetlink/socket.ts';
import { netlinkDataPlane } from './netlink.ts';

const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const INTERRUPTED = 0x10;

/** A message {length, type, flags, sequence, port} with a body. */
function message(type: number, flags: number, sequence: number, body: Uint8Array): Buffer {
  const bytes = Buffer.alloc(16 + body.length);
  bytes.writeUInt32LE(bytes.length, 0);
  bytes.writeUInt16LE(type, 4);
  bytes.writeUInt16LE(flags, 6);
  bytes.writeUInt32LE(sequence, 8);
  bytes.set(body, 16);
  return bytes;
}

/** NLMSG_ERROR about the message of a sequence number, with the kernel's words. */
function complaint(code: number, sequence: number, text = ''): Buffer {
  const body = Buffer.alloc(20);
  body.writeInt32LE(-code, 0);
  body.writeUInt32LE(sequence, 12);
  const words = Buffer.from(`${text}\0\0\0\0`).subarray(0, (text.length + 4) & ~3);
  const attribute = Buffer.concat([Buffer.of(4 + text.length + 1, 0, 1, 0), words]);
  return message(
    NLMSG_ERROR,
    text === '' ? 0x100 : 0x300,
    sequence,
    text === '' ? body : Buffer.concat([body, attribute]),
  );
}

function done(sequence: number, flags = 0): Buffer {
  return message(NLMSG_DONE, flags, sequence, Buffer.alloc(4));
}

type Answer = Buffer | 'nothing' | 'lost';

/** A plane whose sockets answer what `script` says, one receive after the other; `sent`: errno of send. */
function planeWith(script: readonly Answer[], sent = 0) {
  const answers = [...script];
  const counts = { opened: 0, closed: 0, sent: 0 };
  const open = (): NetlinkSocket => {
    counts.opened += 1;
    const buffer = new Uint8Array(1 << 16);
    return {
      buffer,
      view: new DataView(buffer.buffer),
      send: () => {
        counts.sent += 1;
        return sent;
      },
      receive: () => {
        const next = answers.shift() ?? 'nothing';
        if (next === 'nothing') return undefined;
        if (next === 'lost') throw syscallError('recv', errno.ENOBUFS);
        buffer.set(next);
        return next.length;
      },
      close: () => {
        counts.closed += 1;
      },
    };
  };
  return { plane: netlinkDataPlane({ open, reason: 'test' }), counts };
}

const inTable = { family: 'ip', table: 't' } as const;
const document: NftDocument = {
  nftables: [
    { delete: { chain: { ...inTable, name: 'gen_1_x' } } },
    { add: { rule: { ...inTable, chain: 'c', expr: [{ counter: 'r5' }] } } },
  ],
};

function counter(name: string, sequence: number, flags = 0): Buffer {
  const writer = new MessageWriter();
  writeNewObject(writer, sequence, { counter: { ...inTable, name, packets: 1, bytes: 2 } }, false);
  const bytes = Buffer.from(writer.bytes());
  bytes.writeUInt16LE(flags, 6);
  return bytes;
}

/** What NLM_F_ECHO on the rule of a command brings. */
function echo(sequence: number, handle: number): Buffer {
  const writer = new MessageWriter();
  const start = writer.openMessage(6, 0, sequence, 2); // NFT_MSG_NEWRULE
  writer.text(1, 't'); // NFTA_RULE_TABLE
  writer.u64(3, handle); // NFTA_RULE_HANDLE
  writer.closeMessage(start);
  return Buffer.from(writer.bytes());
}

describe('netlink as a data plane', () => {
  it.each<[string, readonly Answer[], number, object]>([
    ['silence', [], 0, { kind: 'committed' }],
    ['an acknowledgement', [complaint(0, 1)], 0, { kind: 'committed' }],
    [
      'a stale marker',
      [complaint(2, 1)],
      0,
      { kind: 'refused', errno: errno.EIO, reason: 'netlink: delete chain gen_1_x of t: ENOENT' },
    ],
    [
      'several complaints',
      [Buffer.concat([complaint(31, 2, 'too deep'), complaint(2, 1)])],
      0,
      {
        kind: 'refused',
        errno: errno.EMLINK,
        reason: 'netlink: add rule in chain c of t (counter r5): EMLINK (too deep)',
      },
    ],
    ['no right', [complaint(1, 0)], 0, { kind: 'refused', errno: errno.EPERM, reason: 'netlink: the batch: EPERM' }],
    ['lost answers', ['lost'], 0, { kind: 'unknown', tookTooLong: false }],
    ['lost answers, then a complaint', ['lost', complaint(2, 1)], 0, { kind: 'refused' }],
    ['no memory to send', [], errno.ENOBUFS, { kind: 'refused', errno: errno.ENOBUFS }],
    ['too large', [], errno.EMSGSIZE, { kind: 'refused', errno: errno.EMSGSIZE }],
  ])('commit: %s', (_, script, sent, result) => {
    expect(planeWith(script, sent).plane.commit(document)).toMatchObject(result);
  });

  it.each([
    [
      'known by the echo of the first and the last rule',
      [echo(2, 40), echo(6, 43)],
      [
        [1, 40],
        [3, 42],
        [3, 43],
      ],
    ],
    ['not known where something else came between', [echo(2, 40), echo(6, 44)], undefined],
    ['not known without an echo', [], undefined],
    ['not known when one was lost', [echo(2, 40), 'lost' as const], undefined],
  ])('handles of added rules: %s', (_, script, expected) => {
    const rule = (id: number) => ({ rule: { ...inTable, chain: 'c', expr: [{ counter: `r${id}` }] } });
    const object = { chain: { ...inTable, name: 'd' } };
    const result = planeWith(script).plane.commit({
      nftables: [
        { add: object },
        { add: rule(1) },
        { add: object },
        { insert: rule(3) },
        { delete: object },
        { add: rule(3) },
      ],
    });
    if (result.kind !== 'committed') throw new Error(result.reason);
    const { handles } = result;
    expect(handles?.ids.map((id, at) => [id, handles.handles[at]])).toEqual(expected);
  });

  it('tells a change of others between a look and a change from a refusal', () => {
    const overtaken = complaint(85, 0);
    expect(planeWith([overtaken]).plane.commit(document, 7)).toMatchObject({ kind: 'overtaken' });
    expect(planeWith([overtaken]).plane.commit(document)).toMatchObject({ kind: 'refused' });
  });

  it('refuses what it does not know before anything is sent', () => {
    const { plane, counts } = planeWith([]);
    const unknown = { nftables: [{ create: { rule: { ...inTable, chain: 'c', expr: [] } } }] };
    expect(() => plane.commit(unknown)).toThrow('create of a rule');
    expect(counts.sent).toBe(0);
  });

  it('lists what one dump tells in several messages', () => {
    const { plane } = planeWith([Buffer.concat([counter('r1', 1), counter('r2', 1)]), counter('r3', 1), done(1)]);
    const values = { packets: 1n, bytes: 2n };
    expect([...(plane.listCounters('ip', 't') ?? [])]).toEqual([1, 2, 3].map((id) => [id, values]));
  });

  it('begins a dump again that was interrupted, and passes over what belongs to the first', () => {
    const { plane } = planeWith([counter('r1', 1, INTERRUPTED), done(1), counter('r9', 1), counter('r2', 2), done(2)]);
    expect([...(plane.listCounters('ip', 't') ?? [])].map(([id]) => id)).toEqual([2]);
  });

  it('gives up on a table that never rests', () => {
    const { plane, counts } = planeWith(Array.from({ length: 100 }, (_, index) => done(index + 1, INTERRUPTED)));
    expect(() => plane.listHandles('ip', 't')).toThrow(expect.objectContaining({ code: 'dataplane' }));
    expect(counts.sent).toBe(20);
  });

  it('tells an empty table from none', () => {
    expect(planeWith([done(1), complaint(0, 2)]).plane.listCounters('ip', 't')?.size).toBe(0);
    expect(planeWith([done(1), complaint(2, 2)]).plane.listHandles('ip', 't')).toBeUndefined();
  });

  it('lists chains of all tables', () => {
    const writer = new MessageWriter();
    writeNewChain(writer, 1, { ...inTable, name: 'c' }, false);
    const bytes = Buffer.from(writer.bytes());
    bytes.writeUInt16LE(0, 6);
    expect(planeWith([bytes, done(1)]).plane.listChains('ip')).toEqual([{ table: 't', name: 'c' }]);
  });

  it('after an error takes a new socket', () => {
    const { plane, counts } = planeWith(['nothing', done(2)]);
    expect(() => plane.listChains('ip')).toThrow(expect.objectContaining({ code: 'timeout' }));
    expect(plane.listChains('ip')).toEqual([]);
    expect(counts).toMatchObject({ opened: 2, closed: 1 });
  });
});
