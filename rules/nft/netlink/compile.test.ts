import { describe, expect, it } from 'vitest';
import type { NftCommand, NftExpression, NftOperator, NftStatement } from '../json.ts';
import { compileBatch } from './compile.ts';
import { MessageWriter } from './writer.ts';

const inTable = { family: 'ip', table: 't' } as const;
const ruleOf = (...expr: readonly NftStatement[]): NftCommand => ({ add: { rule: { ...inTable, chain: 'c', expr } } });

/** Type, flags and sequence of each message. */
function messagesOf(bytes: Buffer): readonly { type: number; flags: number; sequence: number; hex: string }[] {
  const found = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32LE(at);
    const [type, flags, sequence] = [
      bytes.readUInt16LE(at + 4),
      bytes.readUInt16LE(at + 6),
      bytes.readUInt32LE(at + 8),
    ];
    found.push({ type, flags, sequence, hex: bytes.toString('hex', at + 16, at + length) });
    at += length;
  }
  return found;
}

function compiled(...nftables: readonly NftCommand[]) {
  const batch = compileBatch({ nftables });
  if (batch.kind !== 'batch') throw new Error(batch.reason);
  return messagesOf(Buffer.from(batch.bytes)).map(({ type, ...rest }) => ({
    type: type < 256 ? type : type - 0xa00,
    ...rest,
  }));
}

describe('compileBatch', () => {
  it('frames the messages and numbers them by command', () => {
    const messages = compiled(
      { create: { table: { family: 'ip', name: 't' } } },
      { add: { chain: { ...inTable, name: 'c' } } },
      ruleOf({ match: { op: '==', left: { payload: { protocol: 'th', field: 'dport' } }, right: { set: [1, 2] } } }),
      { insert: { rule: { ...inTable, chain: 'c', handle: 9, expr: [] } } },
      { delete: { rule: { ...inTable, chain: 'c', handle: 9 } } },
      { flush: { chain: { ...inTable, name: 'c' } } },
      { delete: { chain: { ...inTable, name: 'c' } } },
      { delete: { counter: { ...inTable, name: 'r1' } } },
    );
    expect(messages.map(({ type, flags, sequence }) => [type, flags.toString(16), sequence])).toEqual([
      [16, '1', 0], // begin
      [0, '601', 1], // NEWTABLE, create and exclusive
      [3, '401', 2], // NEWCHAIN
      [9, '401', 3], // NEWSET
      [12, '401', 3], // NEWSETELEM
      [6, 'c01', 3], // NEWRULE, append
      [6, '401', 4], // before a handle
      [8, '1', 5], // DELRULE
      [8, '1', 6],
      [5, '1', 7], // DELCHAIN
      [20, '1', 8], // DELOBJ
      [17, '1', 0], // end
    ]);
  });

  it('writes a rule as nft does', () => {
    const match = { op: '==', left: { payload: { protocol: 'tcp', field: 'dport' } }, right: 80 } as const;
    const rule = compiled(ruleOf({ match }, { counter: 'r7' }, { drop: null }))[1];
    // nfgenmsg (NFPROTO_IPV4), TABLE "t", CHAIN "c"
    expect(rule?.hex.slice(0, 40)).toBe(`02000000${'0600010074000000'}${'0600020063000000'}`);
    // the names, in the order of the expressions: meta, cmp, payload, cmp, objref r7, immediate
    expect(rule?.hex).toMatch(/6d657461.*636d7000.*7061796c6f6164.*636d7000.*6f626a726566.*7237.*696d6d656469617465/);
  });

  it.each<[string, NftCommand]>([
    ['family ip6', { add: { rule: { family: 'ip6', table: 't', chain: 'c', expr: [] } } }],
    ['create of a rule', { create: { rule: { ...inTable, chain: 'c', expr: [] } } }],
    ['behind a handle', { add: { rule: { ...inTable, chain: 'c', handle: 3, expr: [] } } }],
    ['without its handle', { delete: { rule: { ...inTable, chain: 'c' } } }],
    ['insert of what is no rule', { insert: { chain: { ...inTable, name: 'c' } } }],
    ['flush of what is no chain', { flush: { counter: { ...inTable, name: 'r1' } } }],
    ['half a base chain', { add: { chain: { ...inTable, name: 'c', hook: 'input' } } }],
    ['no rate', { add: { limit: { ...inTable, name: 'l' } } }],
    ['255-byte', { add: { rule: { ...inTable, chain: 'c', comment: 'x'.repeat(255), expr: [] } } }],
  ])('refuses what it does not know: %s', (words, command) => {
    const batch = compileBatch({ nftables: [command] });
    expect(batch).toMatchObject({ kind: 'unsupported' });
    if (batch.kind === 'unsupported' && words !== '255-byte') expect(batch.reason).toContain(words);
  });

  const dport = { payload: { protocol: 'tcp', field: 'dport' } } as const;
  it.each<[string, NftOperator, NftExpression, NftExpression]>([
    ['an unknown field', '==', { payload: { protocol: 'tcp', field: 'nosuch' } }, 1],
    ['an unknown meta key', '==', { meta: { key: 'nosuch' } }, 1],
    ['a ct key without its direction', '==', { ct: { key: 'proto-src' } }, 1],
    ['ports of an untold protocol', '==', { ct: { key: 'proto-src', dir: 'original' } }, 1],
    ['more than a register holds', '==', { payload: { base: 'th', offset: 0, len: 136 } }, 1],
    ['bits past four bytes', '==', { payload: { base: 'th', offset: 4, len: 32 } }, 1],
    ['a number that does not fit', '==', dport, 65536],
    ['a negative one', '==', dport, -1],
    ['a fraction', '==', dport, 1.5],
    ['a word for a port', '==', dport, 'http'],
    ['no address', '==', { payload: { protocol: 'ip', field: 'saddr' } }, '1.2.3'],
    ['an address with too much', '==', { payload: { protocol: 'ip', field: 'saddr' } }, '1.2.3.256'],
    [
      'a prefix of everything',
      '==',
      { payload: { protocol: 'ip', field: 'saddr' } },
      { prefix: { addr: '0.0.0.0', len: 0 } },
    ],
    ['a range upside down', '==', dport, { range: [5, 4] }],
    ['a set of none', '==', dport, { set: [] }],
    ['a set of what has no type here', '==', { 'tcp option': { base: 2, offset: 16, len: 16 } }, { set: [5, 6] }],
    ['a beginning of a name in a set', '==', { meta: { key: 'iifname' } }, { set: ['a', 'b*'] }],
    ['a concatenation beside one value', '==', { concat: [dport, dport] }, 5],
    ['a list of what is no flags', '==', dport, [1, 2]],
    ['an unknown state', 'in', { ct: { key: 'state' } }, 'nosuch'],
    ['"in" on a port', 'in', dport, [1, 2]],
    ['a name too long', '==', { meta: { key: 'iifname' } }, 'sixteen-letters-'],
    ['every name', '==', { meta: { key: 'iifname' } }, '*'],
    ['a mask on both sides', '==', { '&': [5, dport] }, 5],
    ['what nft moves to the other side', '==', { '^': [dport, 1] }, 5],
    ['a shift', '==', { '>>': [{ meta: { key: 'mark' } }, 1] }, 5],
    ['a bit of a TCP option', '==', { 'tcp option': { base: 2, offset: 17, len: 1 } }, 5],
    ['part of two bytes with a mask', '==', { '&': [{ payload: { base: 'nh', offset: 51, len: 13 } }, 1] }, 1],
    ['a word of another notation', '==', { meta: { key: 'hour' } }, '10:00'],
    ['an order of texts', '<', { ct: { key: 'helper' } }, 'ftp'],
  ])('refuses a test of %s', (_, op, left, right) => {
    const batch = compileBatch({ nftables: [ruleOf({ match: { op, left, right } })] });
    expect(batch).toMatchObject({ kind: 'unsupported' });
  });

  it('refuses what is too long for the length of its attribute', () => {
    const xt = { kind: 'match', name: 'string', revision: 1, info: '00'.repeat(65_536) } as const;
    const one = compileBatch({ nftables: [ruleOf({ xt })] });
    expect(one).toMatchObject({ kind: 'unsupported', reason: expect.stringContaining('65536 bytes') });
    const many = Array.from({ length: 70 }, (): NftStatement => ({ xt: { ...xt, info: '00'.repeat(1000) } }));
    expect(compileBatch({ nftables: [ruleOf(...many)] })).toMatchObject({
      kind: 'unsupported',
      reason: expect.stringContaining('of 65535 that there may be'),
    });
  });

  it('refuses a contradiction between protocols, as nft does', () => {
    const udp: NftStatement = { match: { op: '==', left: { meta: { key: 'l4proto' } }, right: 17 } };
    const tcp: NftStatement = { match: { op: '==', left: dport, right: 1 } };
    expect(compileBatch({ nftables: [ruleOf(udp, tcp)] })).toMatchObject({ kind: 'unsupported' });
    expect(compileBatch({ nftables: [ruleOf(udp, { reject: { type: 'tcp reset' } })] })).toMatchObject({
      kind: 'unsupported',
    });
  });

  it('does the same with a writer that was used before and has to grow', () => {
    const writer = new MessageWriter(64);
    const document = {
      nftables: Array.from({ length: 200 }, (_, index) => ruleOf({ counter: `r${index}` }, { accept: null })),
    };
    const fresh = compileBatch(document);
    for (const round of [1, 2, 3]) {
      const again = compileBatch(document, writer);
      expect(again, `round ${round}`).toEqual(fresh);
    }
  });
});
