import { defineTarget } from '../extension.ts';

/**
 * TRACE, revision 0 (net/netfilter/xt_TRACE.c; libxt_TRACE.c): marks the packet to be traced. The rules that it
 * meets are nft's, so its trace is read by `nft monitor trace`, not in the kernel's log.
 */
export const trace = defineTarget<Readonly<Record<string, never>>>({
  name: 'TRACE',
  revisions: { 0: { size: 0, decode: () => ({}), encode: () => new Uint8Array(0) } },
  coverage: 'all',
  examples: ['-j TRACE'],
  placement: { table: 'raw' },
  check() {},
  print: () => '',
  save: () => '',
  nft: () => ({ statements: [{ mangle: { key: { meta: { key: 'nftrace' } }, value: 1 } }] }),
});
