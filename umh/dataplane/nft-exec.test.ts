import { describe, expect, it } from 'vitest';
import { errno } from '../../protocol/errno.ts';
import type { NftCommand } from '../../rules/nft/json.ts';
import { type NftEnd, type NftRun, nftDataPlane } from './nft-exec.ts';

function plane(end: Partial<NftEnd>) {
  const runs: NftRun[] = [];
  const run = (one: NftRun): NftEnd => {
    runs.push(one);
    return { status: 0, signal: null, stdout: Buffer.alloc(0), stderr: '', ...end };
  };
  return { runs, plane: nftDataPlane(run, 'test') };
}
const refusal = 'internal:0:0-0: Error: Could not process rule: ';

describe('nft as a data plane', () => {
  it.each([
    ['success', {}, { kind: 'committed' }],
    ['a refusal', { status: 1, stderr: `${refusal}Too many links\n` }, { kind: 'refused', errno: errno.EMLINK }],
    [
      'no support',
      { status: 1, stderr: `${refusal}Operation not supported` },
      { kind: 'refused', errno: errno.EOPNOTSUPP },
    ],
    ['no right', { status: 1, stderr: `${refusal}Operation not permitted` }, { kind: 'refused', errno: errno.EPERM }],
    ['an unknown complaint', { status: 1, stderr: 'Error: syntax' }, { kind: 'refused', errno: errno.EIO }],
    ['no word', { status: 127 }, { kind: 'refused', errno: errno.EIO }],
    ['a signal', { status: null, signal: 'SIGSEGV' }, { kind: 'unknown', tookTooLong: false }],
    ['a timeout', { status: null, signal: 'SIGKILL', failure: 'timeout' }, { kind: 'unknown', tookTooLong: true }],
    [
      'no memory to fork',
      { status: null, failure: 'other', message: 'spawnSync nft ENOMEM' },
      { kind: 'unknown', tookTooLong: false },
    ],
  ] as const)('commit: %s', (_name, end, result) => {
    expect(plane(end).plane.commit({ nftables: [] })).toMatchObject(result);
  });

  it('gives big documents more time', () => {
    const { plane: nft, runs } = plane({});
    nft.commit({ nftables: [] });
    nft.commit({
      nftables: Array.from({ length: 100_000 }, () => ({ delete: { table: { family: 'ip', name: 'x' } } })),
    });
    const [small, big] = runs.map((run) => run.timeout);
    expect(big).toBeGreaterThan(small ?? 0);
  });

  it.each([
    [10_000, { kind: 'committed' }, 1],
    [10_001, { kind: 'refused', errno: errno.EMSGSIZE, reason: expect.stringContaining('10001 commands') }, 0],
  ])('a change of rules by %i handles', (count, result, runs) => {
    const rule = { family: 'ip', table: 't', chain: 'c' } as const;
    const found = plane({});
    const nftables = Array.from(
      { length: count },
      (_, at): NftCommand =>
        at % 2 === 0
          ? { delete: { rule: { ...rule, handle: at } } }
          : { insert: { rule: { ...rule, handle: at, expr: [] } } },
    );
    const others: readonly NftCommand[] = [{ add: { rule: { ...rule, expr: [] } } }];
    expect(found.plane.commit({ nftables: [...nftables, ...others] })).toMatchObject(result);
    expect(found.runs).toHaveLength(runs);
  });

  it('says why it can not load what netlink could', () => {
    const xt = { kind: 'match', name: 'string', revision: 1, info: '00' } as const;
    const rule = { family: 'ip', table: 't', chain: 'c', expr: [{ xt }] } as const;
    const { plane: nft, runs } = plane({});
    for (const command of [{ add: { rule } }, { insert: { rule } }]) {
      expect(() => nft.commit({ nftables: [command] })).toThrow(
        expect.objectContaining({ code: 'dataplane', errno: errno.EOPNOTSUPP }),
      );
    }
    expect(runs).toEqual([]);
  });

  it('says when nft is missing', () => {
    const { plane: nft } = plane({ status: null, failure: 'missing' });
    expect(() => nft.commit({ nftables: [] })).toThrow('nft is not installed (Debian package nftables)');
    expect(() => nft.listChains('ip')).toThrow(expect.objectContaining({ code: 'dataplane' }));
  });

  it('lists: what there is, nothing for a table that is not there, errors for the rest', () => {
    const listing = (...objects: readonly object[]) => ({ stdout: Buffer.from(JSON.stringify({ nftables: objects })) });
    const counter = { family: 'ip', name: 'r5', table: 't', handle: 1, packets: 2, bytes: 3 };
    const counters = plane(listing({ counter })).plane.listCounters('ip', 't');
    expect([...(counters ?? [])]).toEqual([[5, { packets: 2n, bytes: 3n }]]);
    const rule = { family: 'ip', table: 't', chain: 'c', handle: 9, expr: [{ counter: 'r5' }] };
    expect(plane(listing({ rule })).plane.listHandles('ip', 't')).toEqual(new Map([[5, [9]]]));
    const chain = { table: 't', name: 'c' };
    expect(plane(listing({ metainfo: {} }, { chain })).plane.listChains('ip')).toEqual([chain]);
    const missing = { status: 1, stderr: 'Error: No such file or directory' };
    expect(plane(missing).plane.listHandles('ip', 't')).toBeUndefined();
    expect(() => plane({ status: 1, stderr: 'Error: no\n^^^\nline' }).plane.listHandles('ip', 't')).toThrow(
      'Error: no | line',
    );
    expect(() => plane({ status: null, failure: 'timeout' }).plane.listChains('ip')).toThrow(
      expect.objectContaining({ code: 'timeout' }),
    );
  });
});
