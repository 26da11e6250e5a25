import { errno } from '../../protocol/errno.ts';
import { defineStruct, u32, type ValueOf } from '../../protocol/struct.ts';
import { cannotExpress, defineMatch, refuse } from '../extension.ts';
import { structRevision } from '../struct-revision.ts';

const xt_cluster_match_info = defineStruct('xt_cluster_match_info', 'linux/netfilter/xt_cluster.h', {
  total_nodes: u32,
  node_mask: u32,
  hash_seed: u32,
  flags: u32,
});

export type ClusterInfo = ValueOf<typeof xt_cluster_match_info>;

const INVERT = 1;
const MOST_NODES = 32; // XT_CLUSTER_NODES_MAX

const reason =
  "the flow's master is hashed instead where it has one, and a multicast frame with a unicast address is made the host's";

/** `-m cluster` (net/netfilter/xt_cluster.c, libxt_cluster.c): flows shared out among nodes by their source. */
export const cluster = defineMatch<ClusterInfo>({
  name: 'cluster',
  revisions: { 0: structRevision(xt_cluster_match_info) },
  coverage: { none: reason },
  examples: [
    '-m cluster --cluster-total-nodes {2-32} {|!} --cluster-local-node {1-2} --cluster-hash-seed {u32}',
    '-m cluster --cluster-total-nodes {5-32} {|!} --cluster-local-nodemask {1-31} --cluster-hash-seed {u32}',
  ],
  placement: {},
  check({ total_nodes: nodes, node_mask: mask }) {
    if (nodes > MOST_NODES) refuse(`cluster: ${nodes} nodes, at most ${MOST_NODES} fit`);
    if (mask >= 2 ** nodes) refuse(`cluster: mask ${hex(mask)} names more than ${nodes} nodes`, errno.EDOM);
  },
  print({ flags, node_mask, total_nodes, hash_seed }) {
    const not = flags & INVERT ? '!' : '';
    return ` cluster ${not}node_mask=${hex(node_mask)} total_nodes=${total_nodes} hash_seed=${hex(hash_seed)}`;
  },
  save({ flags, node_mask, total_nodes, hash_seed }) {
    const mask = `${flags & INVERT ? ' !' : ''} --cluster-local-nodemask ${hex(node_mask)}`;
    return `${mask} --cluster-total-nodes ${total_nodes} --cluster-hash-seed ${hex(hash_seed)}`;
  },
  nft: () => cannotExpress(`cluster: ${reason}`),
  bpf: { none: "the machine works out no hash of a connection's addresses" },
});

/** Eight digits, as iptables writes them. */
function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}
