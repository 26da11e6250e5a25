import type { KernelOffsets } from '../../../rules/bpf/machine-frame.ts';
import { readBtf } from '../../../sys/bpf/kernel-btf.ts';

/** Of struct sk_buff, dst_entry, net_device, nf_conn of the running kernel. Throws `not-expressible` without BTF. */
export function readKernelOffsets(): KernelOffsets {
  const btf = readBtf(
    { structs: ['sk_buff', 'dst_entry', 'net_device', 'nf_conn'], functions: [] },
    { modules: ['nf_conntrack'] },
  );
  const status = btf.member('nf_conn', 'status');
  const mark = btf.member('nf_conn', 'mark');
  return {
    skb: {
      dev: btf.memberOffset('sk_buff', 'dev'),
      dst: btf.memberOffset('sk_buff', '_skb_refdst'),
      nfct: btf.memberOffset('sk_buff', '_nfct'),
    },
    dst: { dev: btf.memberOffset('dst_entry', 'dev') },
    device: {
      name: btf.memberOffset('net_device', 'name'),
      privFlags: btf.memberOffset('net_device', 'priv_flags'),
    },
    ...(status === undefined || mark === undefined ? {} : { conntrack: { status: status.offset, mark: mark.offset } }),
  };
}
