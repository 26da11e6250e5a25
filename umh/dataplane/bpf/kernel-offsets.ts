import type { FieldSlots } from '../../../rules/bpf/field-slots.ts';
import { tracksConnections } from '../../../rules/bpf/machine-conntrack.ts';
import type { KernelOffsets } from '../../../rules/bpf/machine-frame.ts';
import { cannotExpress } from '../../../rules/extension.ts';
import { readBtf } from '../../../sys/bpf/kernel-btf.ts';

/** Bytes that programs read. */
const [LABELS, POINTER, NAME, U64, U32, U16, U8] = [16, 8, 16, 8, 4, 2, 1];

/**
 * Of struct sk_buff and its memory, dst_entry, net_device, sock and what it leads to, nf_conn of the running kernel. Throws `syscall` ENOENT without BTF,
 * `not-expressible` where a member isn't what programs read.
 */
export function readKernelOffsets(): KernelOffsets {
  const btf = readBtf(
    [
      ...['sk_buff', 'skb_shared_info', 'skb_frag', 'dst_entry', 'net_device'],
      ...['sock', 'net', 'socket', 'file', 'cred', 'group_info'],
      ...['nf_conn', 'nf_conntrack_tuple_hash', 'nf_conntrack_tuple'],
      ...['nf_ct_ext', 'nf_ct_ext_id', 'nf_conn_acct', 'nf_conn_counter', 'nf_conn_labels'],
      ...['task_struct', 'hrtimer_base_type', 'hrtimer_cpu_base', 'hrtimer_clock_base'],
    ],
    { modules: ['nf_conntrack'] },
  );
  const tellsConnections = ['status', 'mark'].every((name) => btf.member('nf_conn', name) !== undefined);
  const hasRealms = btf.member('dst_entry', 'tclassid') !== undefined;
  // without namespaces of its own (CONFIG_NET_NS) a kernel has none in its sockets, without a list of groups (CONFIG_MULTIUSER) none
  const tellsOwners =
    btf.member('sock', '__sk_common.skc_net')?.size === POINTER && btf.member('group_info', 'gid') !== undefined;
  const sockets = () => ({
    ofPacket: btf.memberOffset('sk_buff', 'sk', POINTER),
    state: btf.memberOffset('sock', '__sk_common.skc_state', U8),
    listener: btf.memberOffset('sock', '__sk_common.skc_listener', POINTER),
    namespace: btf.memberOffset('sock', '__sk_common.skc_net', POINTER),
    socket: btf.memberOffset('sock', 'sk_socket', POINTER),
    cookie: btf.memberOffset('net', 'net_cookie', U64),
    file: btf.memberOffset('socket', 'file', POINTER),
    credential: btf.memberOffset('file', 'f_cred', POINTER),
    user: btf.memberOffset('cred', 'fsuid', U32),
    group: btf.memberOffset('cred', 'fsgid', U32),
    groups: btf.memberOffset('cred', 'group_info', POINTER),
    groupCount: btf.memberOffset('group_info', 'ngroups', U32),
    // as many as there are
    firstGroup: btf.memberOffset('group_info', 'gid', 0),
  });
  const extensionId = (key: string, name: string) => {
    const id = btf.enumerator('nf_ct_ext_id', name);
    return id === undefined ? {} : { [key]: id };
  };
  const extensions = () => ({
    ofConnection: btf.memberOffset('nf_conn', 'ext', POINTER),
    places: btf.memberOffset('nf_ct_ext', 'offset', U8),
    ...extensionId('accounting', 'NF_CT_EXT_ACCT'),
    counterSize: (btf.member('nf_conn_acct', 'counter')?.size ?? 0) / 2,
    packets: btf.memberOffset('nf_conn_counter', 'packets', U64),
    bytes: btf.memberOffset('nf_conn_counter', 'bytes', U64),
    ...extensionId('labels', 'NF_CT_EXT_LABELS'),
    bits: btf.memberOffset('nf_conn_labels', 'bits', LABELS),
  });
  const tellsExtensions =
    btf.member('nf_ct_ext', 'offset') !== undefined && btf.member('nf_conn_counter', 'packets') !== undefined;
  const conntrack = () => {
    const part = (path: string, size: number) => btf.memberOffset('nf_conntrack_tuple', path, size);
    // enum ip_conntrack_dir: the two of them in an array
    const hashes = btf.memberOffset('nf_conn', 'tuplehash', POINTER);
    const each = (btf.member('nf_conn', 'tuplehash')?.size ?? 0) / 2;
    const tuple = btf.memberOffset('nf_conntrack_tuple_hash', 'tuple', POINTER);
    return {
      status: btf.memberOffset('nf_conn', 'status', U32),
      mark: btf.memberOffset('nf_conn', 'mark', U32),
      timeout: btf.memberOffset('nf_conn', 'timeout', U32),
      original: hashes + tuple,
      reply: hashes + each + tuple,
      source: part('src.u3', U32),
      sourcePort: part('src.u', U16),
      destination: part('dst.u3', U32),
      destinationPort: part('dst.u', U16),
      protocol: part('dst.protonum', U8),
      ...(tellsExtensions ? { extensions: extensions() } : {}),
    };
  };
  const enumerator = (name: string) =>
    btf.enumerator('hrtimer_base_type', name) ?? cannotExpress(`BTF: no ${name} in enum hrtimer_base_type`);
  const clock = (name: string) => {
    // each type of clock that timers go by, in an array
    const each = (btf.member('hrtimer_cpu_base', 'clock_base')?.size ?? 0) / enumerator('HRTIMER_MAX_CLOCK_BASES');
    const first = btf.memberOffset('hrtimer_cpu_base', 'clock_base', U64);
    return first + enumerator(name) * each + btf.memberOffset('hrtimer_clock_base', 'offset', U64);
  };
  return {
    skb: {
      dev: btf.memberOffset('sk_buff', 'dev', POINTER),
      dst: btf.memberOffset('sk_buff', '_skb_refdst', POINTER),
      nfct: btf.memberOffset('sk_buff', '_nfct', POINTER),
      head: btf.memberOffset('sk_buff', 'head', POINTER),
      data: btf.memberOffset('sk_buff', 'data', POINTER),
      macHeader: btf.memberOffset('sk_buff', 'mac_header', U16),
    },
    dst: {
      dev: btf.memberOffset('dst_entry', 'dev', POINTER),
      ...(hasRealms ? { realm: btf.memberOffset('dst_entry', 'tclassid', U32) } : {}),
    },
    pieces: {
      length: btf.memberOffset('sk_buff', 'len', U32),
      dataLength: btf.memberOffset('sk_buff', 'data_len', U32),
      end: btf.memberOffset('sk_buff', 'end', U32),
      next: btf.memberOffset('sk_buff', 'next', POINTER),
      fragments: btf.memberOffset('skb_shared_info', 'nr_frags', U8),
      firstFragment: btf.memberOffset('skb_shared_info', 'frags', U32),
      list: btf.memberOffset('skb_shared_info', 'frag_list', POINTER),
      // a page, a length, an offset
      fragmentSize: POINTER + 2 * U32,
      fragmentLength: btf.memberOffset('skb_frag', 'len', U32),
    },
    device: {
      name: btf.memberOffset('net_device', 'name', NAME),
      privFlags: btf.memberOffset('net_device', 'priv_flags', U32),
      group: btf.memberOffset('net_device', 'group', U32),
      type: btf.memberOffset('net_device', 'type', U16),
    },
    clocks: {
      ofTask: btf.memberOffset('task_struct', 'dl.dl_timer.base', POINTER),
      ofProcessor: btf.memberOffset('hrtimer_clock_base', 'cpu_base', POINTER),
      realTime: clock('HRTIMER_BASE_REALTIME'),
      atomicTime: clock('HRTIMER_BASE_TAI'),
    },
    ...(tellsOwners ? { sockets: sockets() } : {}),
    ...(tellsConnections ? { conntrack: conntrack() } : {}),
  };
}

/**
 * Reads them once; again where a table asks for connections and there was no connection tracking yet: it may be a
 * module that was loaded since. The reader throws as `readKernelOffsets`, and `not-expressible` where there is none still.
 */
export function offsetReader(): (fields: FieldSlots) => KernelOffsets {
  let known: KernelOffsets | undefined;
  return (fields) => {
    const asksConnections = tracksConnections(fields);
    if (known === undefined || (known.conntrack === undefined && asksConnections)) known = readKernelOffsets();
    if (known.conntrack === undefined && asksConnections)
      cannotExpress('the kernel has no connection tracking yet, or tells nothing of it');
    return known;
  };
}
