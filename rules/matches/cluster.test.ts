import { describe, expect, it } from 'vitest';
import { errno } from '../../protocol/errno.ts';
import { checking, texts } from '../testing/context.ts';
import { checkErrno, expectRoundTrips } from '../testing/extension.ts';
import { anyHeader } from '../testing/header.ts';
import { type ClusterInfo, cluster } from './cluster.ts';

const of = (total_nodes: number, node_mask: number, info: Partial<ClusterInfo> = {}): ClusterInfo => ({
  total_nodes,
  node_mask,
  hash_seed: 0xfeedcafe,
  flags: 0,
  ...info,
});

describe('cluster', () => {
  it('has the size of struct xt_cluster_match_info', () => expect(cluster.revisions[0]?.size).toBe(16));
  it('keeps every byte', () => expectRoundTrips(cluster));

  // each as iptables 1.8.9 writes it
  it.each<[ClusterInfo, string, string]>([
    [
      of(2, 2),
      ' cluster node_mask=0x00000002 total_nodes=2 hash_seed=0xfeedcafe',
      ' --cluster-local-nodemask 0x00000002 --cluster-total-nodes 2 --cluster-hash-seed 0xfeedcafe',
    ],
    [
      of(32, 0xffffffff, { flags: 1, hash_seed: 1 }),
      ' cluster !node_mask=0xffffffff total_nodes=32 hash_seed=0x00000001',
      ' ! --cluster-local-nodemask 0xffffffff --cluster-total-nodes 32 --cluster-hash-seed 0x00000001',
    ],
  ])('%#', (info, list, save) => expect(texts(cluster, info, anyHeader)).toEqual([list, list, save]));

  // each asked of the kernel
  it.each([
    [1, 0, undefined],
    [1, 1, undefined],
    [1, 2, errno.EDOM],
    [2, 3, undefined],
    [2, 4, errno.EDOM],
    [31, 0x80000000, errno.EDOM],
    [32, 0xffffffff, undefined],
    [33, 0, errno.EINVAL],
    [33, 0xffffffff, errno.EINVAL],
    [0, 0, undefined],
    [0, 1, errno.EDOM],
  ])('%i nodes, mask %i', (nodes, mask, code) => expect(checkErrno(cluster, of(nodes, mask))).toBe(code));

  it('is left to the kernel', () => {
    expect(() => cluster.nft(of(2, 1), checking())).toThrow('master');
  });
});
