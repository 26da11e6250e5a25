import { be32, bytes, defineStruct, u8, type ValueOf } from '../../protocol/struct.ts';
import { rangeGroups } from '../bpf/groups.ts';
import { defineMatch } from '../extension.ts';
import { pinned } from '../nft/pin.ts';
import { allOf, type Condition } from '../ports/number-range.ts';
import { structRevision } from '../struct-revision.ts';
import { dottedQuad } from '../text/address.ts';

/** A union; IPv4 uses its first four bytes. */
const nf_inet_addr = defineStruct('nf_inet_addr', 'linux/netfilter.h', { ip: be32, rest: bytes(12) });

const xt_iprange_mtinfo = defineStruct('xt_iprange_mtinfo', 'linux/netfilter/xt_iprange.h', {
  src_min: nf_inet_addr,
  src_max: nf_inet_addr,
  dst_min: nf_inet_addr,
  dst_max: nf_inet_addr,
  flags: u8,
});

export type IprangeInfo = ValueOf<typeof xt_iprange_mtinfo>;

/** One of the two tests. */
interface AddressRange {
  readonly field: 'saddr' | 'daddr';
  readonly list: string;
  readonly option: string;
  readonly min: number;
  readonly max: number;
  readonly inverted: boolean;
}

/** IPRANGE_*; SRC_INV and DST_INV. */
const SRC = 0x01;
const DST = 0x02;
const SRC_INV = 0x10;
const DST_INV = 0x20;

/** `-m iprange`, revision 1: ranges of addresses (net/netfilter/xt_iprange.c, extensions/libxt_iprange.c). */
export const iprange = defineMatch<IprangeInfo>({
  name: 'iprange',
  revisions: { 1: structRevision(xt_iprange_mtinfo) },
  coverage: 'all',
  examples: [
    '-m iprange {|!} --src-range {addressrange}',
    '-m iprange {|!} --dst-range {addressrange}',
    '-m iprange {|!} --src-range {addressrange} {|!} --dst-range {addressrange}',
    '-m iprange --src-range {address}',
  ],
  placement: {},
  check() {},
  print: (info) =>
    rangesOf(info)
      .map((range) => ` ${range.list} IP range${range.inverted ? ' !' : ''} ${ends(range)}`)
      .join(''),
  save: (info) =>
    rangesOf(info)
      .map((range) => `${range.inverted ? ' !' : ''} ${range.option} ${ends(range)}`)
      .join(''),
  nft(info) {
    const condition = allOf(rangesOf(info).map(rangeTest));
    return { alternatives: condition === 'never' ? [] : [condition] };
  },
  bpf: (info) => ({
    groups: rangesOf(info).flatMap(({ field, min, max, inverted }) =>
      rangeGroups([field === 'saddr' ? 'source' : 'destination'], 0xffffffff, [{ min, max }], inverted),
    ),
  }),
});

function rangesOf({ src_min, src_max, dst_min, dst_max, flags }: IprangeInfo): readonly AddressRange[] {
  const source: AddressRange = {
    field: 'saddr',
    list: 'source',
    option: '--src-range',
    min: src_min.ip,
    max: src_max.ip,
    inverted: (flags & SRC_INV) !== 0,
  };
  const destination: AddressRange = {
    field: 'daddr',
    list: 'destination',
    option: '--dst-range',
    min: dst_min.ip,
    max: dst_max.ip,
    inverted: (flags & DST_INV) !== 0,
  };
  return [...((flags & SRC) !== 0 ? [source] : []), ...((flags & DST) !== 0 ? [destination] : [])];
}

function ends({ min, max }: AddressRange): string {
  return `${dottedQuad(min)}-${dottedQuad(max)}`;
}

/** A range upside down holds no address, which makes it hold when inverted. */
function rangeTest({ field, min, max, inverted }: AddressRange): Condition {
  const isAny = min === 0 && max === 0xffffffff;
  if (isAny || min > max) return isAny !== inverted ? [] : 'never';
  const left = { payload: { protocol: 'ip', field } };
  const right = min === max ? dottedQuad(min) : { range: [dottedQuad(min), dottedQuad(max)] as const };
  return [inverted ? pinned({ match: { op: '!=', left, right } }) : { match: { op: '==', left, right } }];
}
