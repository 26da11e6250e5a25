import { describe, expect, test } from 'vitest';
import { BpfilterError, type ErrorCode } from '../../protocol/error.ts';
import { emptyView } from '../../rules/blob/empty.ts';
import { bpfTableNames, nftTableName } from '../../rules/nft/names.ts';
import { tableIds } from '../table-id.ts';
import { fakeTranslator } from '../testing/fake-translator.ts';
import { createAutoTranslator } from './auto-translator.ts';
import type { BpfTranslator } from './bpf-translator.ts';
import type { InForce, Translation } from './translator.ts';

const [id] = tableIds;
if (id === undefined) throw new TypeError('no tables');
const view = emptyView(id.name);
const byBpf = bpfTableNames(id.name)[0];
const byNft = nftTableName(id.name);

function inForce(nftTable: string): InForce {
  return { view, version: { instance: 'aa', generation: 1 }, nftTable, ids: new Uint32Array(4), nextId: 5 };
}

function translation(nftTable: string): Translation {
  return { document: { nftables: [] }, inForce: inForce(nftTable) };
}

interface World {
  readonly backend: 'auto' | 'bpf' | 'nft';
  readonly problem?: string;
  /** Of every translation to BPF. */
  readonly fails?: ErrorCode;
}

function auto({ backend, problem, fails }: World) {
  let failure = fails;
  let released = 0;
  const carry = () => {
    if (failure !== undefined) throw new BpfilterError(failure, 'rule 1 of chain INPUT: it is odd');
    return translation(byBpf);
  };
  const bpf: BpfTranslator = { install: carry, change: carry, restore: carry, rulesOf: () => new Map([[1, 2]]) };
  const nft = {
    ...fakeTranslator,
    nftNames: () => ({ own: [byNft, byBpf], shared: [] }),
    install: () => translation(byNft),
    change: () => translation(byNft),
    restore: (_id: unknown, { nftTable }: InForce) => translation(nftTable),
    rulesOf: () => new Map([[7, 1]]),
  };
  const release = () => {
    released += 1;
  };
  const translator = createAutoTranslator({ nft, bpf, backend, problem: () => problem, release });
  const fail = (code: ErrorCode | undefined) => {
    failure = code;
  };
  return { translator, fail, released: () => released };
}

const change = { from: inForce(byNft), to: view, garbage: [], handles: () => new Map() };

describe('what carries a table', () => {
  test.each<World & { readonly name: 'bpf' | 'nft'; readonly reason: string | RegExp }>([
    { backend: 'auto', name: 'bpf', reason: /can be carried/ },
    { backend: 'bpf', name: 'bpf', reason: /can be carried/ },
    { backend: 'nft', name: 'nft', reason: 'asked for' },
    { backend: 'auto', fails: 'not-expressible', name: 'nft', reason: /rule 1 of chain INPUT: it is odd/ },
    { backend: 'auto', fails: 'loop', name: 'nft', reason: /it is odd/ },
    { backend: 'auto', fails: 'dataplane', name: 'nft', reason: /it is odd/ },
    { backend: 'auto', problem: 'no right to it', name: 'nft', reason: 'no right to it' },
    { backend: 'nft', fails: 'syscall', problem: 'no right to it', name: 'nft', reason: 'asked for' },
  ])('$backend, problem $problem, fails $fails: $name', ({ name, reason, ...world }) => {
    const { translator } = auto(world);
    for (const made of [translator.install(id, view, 'aa'), translator.change(id, change)]) {
      expect(made.inForce.nftTable).toBe(name === 'bpf' ? byBpf : byNft);
      expect(translator.carrierOf(id, made.inForce)).toMatchObject({
        name,
        reason: typeof reason === 'string' ? reason : expect.stringMatching(reason),
      });
    }
  });

  test.each<World & { readonly code: ErrorCode }>([
    { backend: 'bpf', fails: 'not-expressible', code: 'not-expressible' },
    { backend: 'bpf', problem: 'no right to it', code: 'dataplane' },
    { backend: 'auto', fails: 'too-large', code: 'too-large' },
  ])('$backend, problem $problem, fails $fails: refused', ({ code, ...world }) => {
    const { translator } = auto(world);
    for (const work of [() => translator.install(id, view, 'aa'), () => translator.change(id, change)])
      expect(work).toThrow(expect.objectContaining({ code }));
  });

  test('a reason is forgotten once BPF carries the table', () => {
    const { translator, fail } = auto({ backend: 'auto', fails: 'loop' });
    translator.install(id, view, 'aa');
    expect(translator.carrierOf(id, inForce(byNft)).reason).toMatch(/odd/);
    fail(undefined);
    expect(translator.change(id, change).inForce.nftTable).toBe(byBpf);
    expect(translator.carrierOf(id, inForce(byNft)).reason).toBe('an earlier driver chose it');
  });

  test('a table of BPF that somebody took away comes back by what may put it there', () => {
    const taken = inForce(byBpf);
    expect(auto({ backend: 'auto' }).translator.restore(id, taken, 'bb', 'nothing').inForce.nftTable).toBe(byBpf);
    for (const world of [{ backend: 'nft' }, { backend: 'auto', problem: 'no right to it' }] as const) {
      const { translator } = auto(world);
      expect(translator.restore(id, taken, 'bb', 'nothing')).toMatchObject({
        document: { nftables: [] },
        inForce: { nftTable: byNft },
      });
      const { nftables } = translator.restore(id, taken, 'bb', 'a part').document;
      expect(nftables).toEqual([{ delete: { table: { family: 'ip', name: byBpf } } }]);
    }
  });

  test('its rules are looked for where they are; its descriptors are closed once it is in force', () => {
    const { translator, released } = auto({ backend: 'auto' });
    expect([...translator.rulesOf(id, inForce(byBpf))]).toEqual([[1, 2]]);
    expect([...translator.rulesOf(id, inForce(byNft))]).toEqual([[7, 1]]);
    translator.tookEffect(translation(byNft), undefined);
    expect(released()).toBe(0);
    translator.tookEffect(translation(byBpf), undefined);
    expect(released()).toBe(1);
  });
});
