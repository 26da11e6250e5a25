import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Rule, TableName } from '../../rules/ir.ts';
import { tableContext } from '../../rules/nft/context.ts';
import { diffTable } from '../../rules/nft/diff.ts';
import { documentFor, type TableDocument } from '../../rules/nft/document.ts';
import type { NftCommand, NftDocument, NftStatement } from '../../rules/nft/json.ts';
import { EchoReader, echoAddedRules } from '../../rules/nft/netlink/added-rules.ts';
import { compileBatch } from '../../rules/nft/netlink/compile.ts';
import { decodeHandle } from '../../rules/nft/netlink/decode.ts';
import { rulesRequest } from '../../rules/nft/netlink/requests.ts';
import { MessageWriter } from '../../rules/nft/netlink/writer.ts';
import { compileRule } from '../../rules/nft/rule.ts';
import { type BatchResult, sendBatch } from '../../sys/nfnetlink/batch.ts';
import { ask } from '../../sys/nfnetlink/dump.ts';
import { missing, titled } from '../harness/ways.ts';
import { dumpAll, ruleHandle } from './dump.ts';
import { forms } from './forms.ts';
import { objectForms } from './forms-objects.ts';
import { NetlinkNamespace } from './namespace.ts';
import { randomTable } from './random-tables.ts';
import { field, meta, test } from './terms.ts';

/** The same documents through nft and through our own netlink: the kernel must tell the same of both, byte for byte. */

const skipped = missing('root', 'nft');
const inTable = { family: 'ip', table: 'bpfilter_filter' } as const;
const frame: readonly NftCommand[] = [
  { create: { table: { family: 'ip', name: inTable.table } } },
  { add: { chain: { ...inTable, name: 'first' } } },
  { add: { chain: { ...inTable, name: 'other' } } },
  { add: { counter: { ...inTable, name: 'r1' } } },
  { add: { limit: { ...inTable, name: 'l1', rate: 3, per: 'hour', burst: 4 } } },
];
function isExpressible(rule: Rule, table: TableName = 'filter'): boolean {
  try {
    compileRule(rule, 1, tableContext(table));
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(skipped !== undefined)(titled('documents over netlink', skipped), () => {
  let nft: NetlinkNamespace;
  let ours: NetlinkNamespace;
  beforeAll(async () => {
    [nft, ours] = await Promise.all([NetlinkNamespace.open(), NetlinkNamespace.open()]);
  });
  afterAll(() => {
    nft.close();
    ours.close();
  });
  afterEach(() => {
    for (const { socket } of [nft, ours]) {
      for (const name of ['filter', 'nat', 'mangle', 'raw', 'security']) {
        send(socket, { nftables: [{ delete: { table: { family: 'ip', name: `bpfilter_${name}` } } }] });
      }
    }
  });

  function send(socket: NetlinkNamespace['socket'], document: NftDocument): BatchResult {
    const compiled = compileBatch(document);
    if (compiled.kind === 'unsupported') throw new Error(compiled.reason);
    return sendBatch(socket, compiled.bytes);
  }

  function loadBoth(document: NftDocument): void {
    expect(nft.nft(['-j', '-f', '-'], JSON.stringify(document))).toBe('');
    expect(send(ours.socket, document)).toMatchObject({ kind: 'taken' });
  }

  const chainOf = (rules: readonly (readonly NftStatement[])[]): NftDocument => ({
    nftables: [...frame, ...rules.map((expr): NftCommand => ({ add: { rule: { ...inTable, chain: 'first', expr } } }))],
  });

  it('every form of statement', () => {
    loadBoth(chainOf(forms));
    const [expected, found] = [dumpAll(nft.socket), dumpAll(ours.socket)];
    for (const [index, form] of forms.entries()) {
      expect(found.rules[index], JSON.stringify(form)).toBe(expected.rules[index]);
    }
    expect(found).toEqual(expected);
  });

  it.each(objectForms.map((form, index) => [index, form] as const))('objects and their rules %i', (_, form) => {
    const rules = chainOf(form.rules).nftables.slice(frame.length);
    const objects = form.objects.map((add): NftCommand => ({ add }));
    loadBoth({ nftables: [...frame, ...objects, ...rules] });
    expect(dumpAll(ours.socket)).toEqual(dumpAll(nft.socket));
    const flush: NftCommand = { flush: { chain: { ...inTable, name: 'first' } } };
    loadBoth({ nftables: [flush, ...form.objects.map((one): NftCommand => ({ delete: one }))] });
    expect(dumpAll(ours.socket)).toEqual(dumpAll(nft.socket));
  });

  it('sets of more elements than one message holds, flushed again', () => {
    const elem = Array.from({ length: 6000 }, (_, index) => `10.${index >> 8}.${index & 255}.1`);
    const set = { ...inTable, name: 's', type: 'ipv4_addr' } as const;
    const ports = Array.from({ length: 4000 }, (_, index) => 3 * index);
    const [rule] = chainOf([[test('==', field('tcp', 'dport'), { set: ports })]]).nftables.slice(frame.length);
    if (rule === undefined) throw new Error('no rule');
    loadBoth({ nftables: [...frame, { add: { set: { ...set, elem } } }, rule] });
    const [listed] = [dumpAll(ours.socket)];
    expect(listed.elements.map((list) => list.length).sort()).toEqual([4000, 6000]);
    expect(listed).toEqual(dumpAll(nft.socket));
    loadBoth({ nftables: [{ flush: { set } }] });
    expect(dumpAll(ours.socket)).toEqual(dumpAll(nft.socket));
  });

  it('rules of as many expressions as there may be', () => {
    const rule = Array.from({ length: 64 }, (_, index) => test('!=', meta('mark'), index));
    loadBoth(chainOf([rule]));
    expect(dumpAll(ours.socket)).toEqual(dumpAll(nft.socket));
    expect(compileBatch(chainOf([[...rule, { drop: null }]]))).toEqual({
      kind: 'unsupported',
      reason: 'netlink: a rule of 129 expressions in chain first, of 128 that there may be',
    });
  });

  it('comments, places, base chains, counters that begin with something', () => {
    const rule = { ...inTable, chain: 'first', expr: [{ counter: 'r1' }] } as const;
    loadBoth({
      nftables: [
        ...frame,
        { add: { counter: { ...inTable, name: 'r2', packets: 5, bytes: 2 ** 40 } } },
        { add: { rule: { ...rule, comment: 'a comment' } } },
        { add: { rule: { ...rule, comment: '' } } },
        { add: { rule: { ...rule, comment: `gr\u00fcn${'x'.repeat(120)}` } } },
        { insert: { rule: { ...rule, comment: 'at the beginning' } } },
        ...(['prerouting', 'input', 'forward', 'output', 'postrouting'] as const).map((hook): NftCommand => {
          return {
            add: { chain: { ...inTable, name: `hook_${hook}`, type: 'filter', hook, prio: -150, policy: 'drop' } },
          };
        }),
      ],
    });
    const { rules } = dumpAll(ours.socket);
    expect(dumpAll(ours.socket)).toEqual(dumpAll(nft.socket));
    const [, one = 0, another = 0] = rules.map(ruleHandle);
    loadBoth({
      nftables: [
        { insert: { rule: { ...rule, handle: one, comment: 'before' } } },
        { delete: { rule: { ...inTable, chain: 'first', handle: another } } },
        { flush: { chain: { ...inTable, name: 'other' } } },
        { delete: { chain: { ...inTable, name: 'other' } } },
        { delete: { counter: { ...inTable, name: 'r2' } } },
        { delete: { limit: { ...inTable, name: 'l1' } } },
      ],
    });
    expect(dumpAll(ours.socket)).toEqual(dumpAll(nft.socket));
  });

  function handlesIn({ socket }: NetlinkNamespace, table: string): ReadonlyMap<number, readonly number[]> {
    const found = new Map<number, number[]>();
    const bytes = rulesRequest('ip', table, 77);
    ask(socket, { bytes, sequence: 77, isDump: true }, (view, at, length) => decodeHandle(view, at, length, found));
    return found;
  }

  const SEEDS_A_TEST = 20;
  const first = Number(process.env.SEED ?? 1);
  const blocks = Array.from({ length: Number(process.env.BLOCKS ?? 8) }, (_, index) => first + index * SEEDS_A_TEST);

  it.each(blocks)('random tables from seed %i on, changed once', (seed) => {
    for (let at = seed; at < seed + SEEDS_A_TEST; at += 1) {
      const before = randomTable(at, isExpressible);
      const made = documentFor(diffTable(undefined, before, { instance: 'x' }), () => []);
      loadBoth(made.document);
      if (at % 3 === 0) changeBoth(made, at);
      expect(dumpAll(ours.socket), `seed ${at}`).toEqual(dumpAll(nft.socket));
      const name = `bpfilter_${before.table}`;
      for (const { socket } of [nft, ours]) send(socket, { nftables: [{ delete: { table: { family: 'ip', name } } }] });
    }
  });

  /** Another table in its place: rules go, stay, and come by handles. */
  function changeBoth({ installed, removedIds }: TableDocument, seed: number): void {
    const name = `bpfilter_${installed.name}`;
    const next = Array.from({ length: 500 }, (_, index) => seed + 1 + index).find(
      (one) => randomTable(one, isExpressible).table === installed.name,
    );
    const handles = handlesIn(ours, name);
    expect(handles).toEqual(handlesIn(nft, name));
    const diff = diffTable(installed, randomTable(next ?? seed, isExpressible), { instance: 'x' });
    loadBoth(documentFor(diff, (id) => handles.get(id) ?? [], { garbage: removedIds.map((id) => `r${id}`) }).document);
  }

  it('two echoes tell the handles of all rules of a batch', () => {
    const known = new Map<number, number[]>();
    const load = (document: NftDocument) => {
      const compiled = compileBatch(document);
      if (compiled.kind === 'unsupported') throw new Error(compiled.reason);
      const added = echoAddedRules(compiled.bytes, document);
      if (added === undefined) throw new Error('no rules');
      const echoes = new EchoReader(added);
      const result = sendBatch(ours.socket, compiled.bytes, (view, start, size) => echoes.read(view, start, size));
      expect(result).toEqual({ kind: 'taken', lost: false });
      const handles = echoes.handles() ?? [];
      expect(handles).toHaveLength(added.ids.length);
      for (const [at, id] of added.ids.entries()) known.set(id, [...(known.get(id) ?? []), handles[at] ?? 0]);
    };
    for (let seed = 300; seed < 340; seed += 1) {
      const table = randomTable(seed, isExpressible);
      const name = `bpfilter_${table.table}`;
      known.clear();
      const made = documentFor(diffTable(undefined, table, { instance: 'x' }), () => []);
      load(made.document);
      // Refused ones take handles, too.
      expect(send(ours.socket, made.document)).toMatchObject({ kind: 'refused' });
      let next = randomTable(seed + 1, isExpressible);
      for (let more = 2; next.table !== table.table; more += 1) next = randomTable(seed + more, isExpressible);
      const diff = diffTable(made.installed, next, { instance: 'x' });
      const change = documentFor(diff, (id) => known.get(id) ?? []);
      for (const id of change.removedIds) known.delete(id);
      load(change.document);
      expect(new Map([...known].sort()), `seed ${seed}`).toEqual(new Map([...handlesIn(ours, name)].sort()));
      send(ours.socket, { nftables: [{ delete: { table: { family: 'ip', name } } }] });
    }
  });

  it('a batch for another generation is refused whole', () => {
    loadBoth(chainOf([[{ accept: null }]]));
    const late = compileBatch({ nftables: [{ add: { chain: { ...inTable, name: 'late' } } }] }, new MessageWriter(), 1);
    if (late.kind === 'unsupported') throw new Error(late.reason);
    expect(sendBatch(ours.socket, late.bytes)).toMatchObject({ kind: 'refused', errors: [{ sequence: 0, errno: 85 }] });
  });

  it('a stale document is refused by both, and nothing of it happens', () => {
    const made = documentFor(diffTable(undefined, randomTable(7, isExpressible), { instance: 'x' }), () => []);
    loadBoth(made.document);
    const change = documentFor(
      diffTable(made.installed, randomTable(7, isExpressible), { instance: 'x' }),
      () => [],
    ).document;
    loadBoth(change);
    const before = dumpAll(ours.socket);
    expect(nft.nft(['-j', '-f', '-'], JSON.stringify(change))).toContain('No such file or directory');
    expect(send(ours.socket, change)).toMatchObject({ kind: 'refused', errors: [{ errno: 2, sequence: 1 }] });
    expect(dumpAll(ours.socket)).toEqual(before);
  });

  it('a refusal names the command', () => {
    const missingChain = chainOf([[{ accept: null }], [{ jump: { target: 'nowhere' } }]]);
    expect(send(ours.socket, missingChain)).toMatchObject({
      kind: 'refused',
      errors: [{ errno: 2, sequence: frame.length + 2 }],
    });
    expect(dumpAll(ours.socket).tables).toEqual([]);
  });

  it('10,000 rules in one batch', () => {
    const rules = Array.from({ length: 10_000 }, (_, index): readonly NftStatement[] => [
      {
        match: {
          op: '==',
          left: { payload: { protocol: 'ip', field: 'saddr' } },
          right: `10.0.${index >> 8}.${index & 255}`,
        },
      },
      { counter: 'r1' },
      { drop: null },
    ]);
    expect(send(ours.socket, chainOf(rules))).toMatchObject({ kind: 'taken' });
    expect(dumpAll(ours.socket).rules).toHaveLength(10_000);
  });
});
