import { bytes, defineStruct, u32, type ValueOf } from '../../protocol/struct.ts';
import { cannotExpress, defineMatch } from '../extension.ts';
import { cText } from '../names/c-string.ts';
import { structRevision } from '../struct-revision.ts';

const xt_osf_info = defineStruct('xt_osf_info', 'linux/netfilter/xt_osf.h', {
  genre: bytes(32),
  len: u32,
  flags: u32,
  loglevel: u32,
  ttl: u32,
});

export type OsfInfo = ValueOf<typeof xt_osf_info>;

const TTL = 2;
const LOG = 4;
const INVERT = 8;

const IPPROTO_TCP = 6;
/** PREROUTING, INPUT and FORWARD. */
const HOOKS = (1 << 0) | (1 << 1) | (1 << 2);

const reason = 'the genre is looked for among all fingerprints that fit; nft stops at the first';

/**
 * `-m osf` (net/netfilter/xt_osf.c, nfnetlink_osf.c, libxt_osf.c): what system sent a SYN, by fingerprints that
 * nfnl_osf loads. The kernel takes the inversion and never looks at it.
 */
export const osf = defineMatch<OsfInfo>({
  name: 'osf',
  revisions: { 0: structRevision(xt_osf_info) },
  coverage: { none: reason },
  examples: ['-p tcp -m osf {|!} --genre {Linux|Windows|unknown}', '-p tcp -m osf --genre Linux --ttl {0-2}'],
  placement: { protocol: IPPROTO_TCP, hooks: HOOKS },
  check() {},
  print: ({ flags, genre }) => ` OS fingerprint match ${flags & INVERT ? '! ' : ''}${cText(genre)}`,
  save({ flags, genre, ttl, loglevel }) {
    const options = `${flags & TTL ? ` --ttl ${ttl}` : ''}${flags & LOG ? ` --log ${loglevel}` : ''}`;
    return `${flags & INVERT ? ' !' : ''} --genre ${cText(genre)}${options}`;
  },
  nft: () => cannotExpress(`osf: ${reason}`),
  bpf: { none: "fingerprints lie in a list of the kernel's own" },
});
