import { array, be32, bytes, defineStruct, u8, u16, u32, type ValueOf } from '../../protocol/struct.ts';
import { cannotExpress, defineMatch, type Names, type NftAlternatives, refuse } from '../extension.ts';
import type { NftExpression } from '../nft/json.ts';
import { structRevision } from '../struct-revision.ts';
import { dottedQuad, prefixLength } from '../text/address.ts';

const header = 'linux/netfilter/xt_policy.h';
const MOST_ELEMENTS = 4; // XT_POLICY_MAX_ELEM

/** union xt_policy_addr, of which IPv4 uses the beginning. */
const xt_policy_addr = defineStruct('xt_policy_addr', header, { a4: be32, rest: bytes(12) });
const xt_policy_elem = defineStruct('xt_policy_elem', header, {
  saddr: xt_policy_addr,
  smask: xt_policy_addr,
  daddr: xt_policy_addr,
  dmask: xt_policy_addr,
  // in network order for the kernel; iptables writes and shows it in the host's
  spi: u32,
  reqid: u32,
  proto: u8,
  mode: u8,
  match: u8,
  invert: u8,
});
const xt_policy_info = defineStruct('xt_policy_info', header, {
  pol: array(xt_policy_elem, MOST_ELEMENTS),
  flags: u16,
  len: u16,
});

export type PolicyInfo = ValueOf<typeof xt_policy_info>;
type PolicyElement = ValueOf<typeof xt_policy_elem>;

const IN = 1;
const OUT = 2;
const NONE = 4;
const STRICT = 8;

/** struct xt_policy_spec, bit by bit. */
const SADDR = 1;
const DADDR = 2;
const PROTO = 4;
const MODE = 8;
const SPI = 0x10;
const REQID = 0x20;
const SPEC = 0x3f;

const PREROUTING_INPUT = (1 << 0) | (1 << 1);
const OUTPUT_POSTROUTING = (1 << 3) | (1 << 4);

/** enum xt_policy_modes. */
const modes: readonly (string | undefined)[] = ['transport', 'tunnel'];
/** /etc/protocols, of those that iptables takes. */
const savedProtocols: Readonly<Record<number, string>> = { 50: 'esp', 51: 'ah', 108: 'ipcomp' };

/** `-m policy` (net/netfilter/xt_policy.c, libxt_policy.c): the IPsec policy that a packet came or leaves by. */
export const policy = defineMatch<PolicyInfo>({
  name: 'policy',
  revisions: { 0: structRevision(xt_policy_info) },
  coverage: {
    partly: ['--pol ipsec with --strict, --reqid, --spi, --proto, --mode, --tunnel-src or --tunnel-dst'],
  },
  examples: [
    '-m policy --dir {in|out} --pol {none|ipsec}',
    '-m policy --dir {in|out} --pol ipsec {|!} --reqid {u8} {|!} --proto {ah|esp|ipcomp}',
    '-m policy --dir {in|out} --pol ipsec {|!} --spi {u32} --mode tunnel {|!} --tunnel-src {network} {|!} --tunnel-dst {network}',
    '-m policy --dir {in|out} --pol ipsec --strict {|!} --mode {transport|tunnel} --next {|!} --reqid {u8}',
  ],
  placement: {},

  check({ flags, len }, { hooks }) {
    if ((flags & (IN | OUT)) === 0) refuse('policy: neither --dir in nor --dir out');
    if ((hooks & PREROUTING_INPUT) !== 0 && (flags & OUT) !== 0) refuse('policy: --dir out in PREROUTING or INPUT');
    if ((hooks & OUTPUT_POSTROUTING) !== 0 && (flags & IN) !== 0) refuse('policy: --dir in in POSTROUTING or OUTPUT');
    if (len > MOST_ELEMENTS) refuse(`policy: ${len} elements, at most ${MOST_ELEMENTS} fit`);
  },

  print(info, { numeric, names }) {
    const elements = elementsOf(info);
    const name = (number: number) => (numeric ? undefined : names.protocol(number));
    const parts = elements.map(
      (element, index) => `${elements.length > 1 ? ` [${index}]` : ''}${elementText(element, '', name)}`,
    );
    return ` policy match${flagsText(info, '')}${parts.join('')}`;
  },

  save(info) {
    const parts = elementsOf(info).map((element) => elementText(element, '--', (number) => savedProtocols[number]));
    return `${flagsText(info, '--')}${parts.join(' --next')}`;
  },

  nft: (info) => ({ alternatives: alternatives(info) }),
  bpf: { none: "the machine doesn't read how IPsec handled the packet" },
});

/**
 * Whether there is IPsec at all is what nft knows too: a packet's security path where it came by one, else its
 * route's transformation.
 */
function alternatives(info: PolicyInfo): NftAlternatives {
  const { flags, len } = info;
  const left: NftExpression = flags & IN ? { meta: { key: 'ipsec' } } : { rt: { key: 'ipsec' } };
  if (flags & NONE) return [[{ match: { op: '==', left, right: false } }]];
  if ((flags & STRICT) !== 0) cannotExpress('policy: --strict, the whole path compared with a list');
  if (len === 0) return [];
  // only the first element counts, and one that tests nothing takes any
  if (((info.pol[0]?.match ?? 0) & SPEC) !== 0)
    cannotExpress('policy: tests of any one transformation of the path; nft tests the one at a given place');
  return [[{ match: { op: '==', left, right: true } }]];
}

function elementsOf({ pol, len }: PolicyInfo): readonly PolicyElement[] {
  return pol.slice(0, len);
}

function flagsText({ flags }: PolicyInfo, dashes: string): string {
  const direction = flags & IN ? 'in' : 'out';
  return ` ${dashes}dir ${direction} ${dashes}pol ${flags & NONE ? 'none' : 'ipsec'}${flags & STRICT ? ` ${dashes}strict` : ''}`;
}

function elementText(element: PolicyElement, dashes: string, protocol: Names['protocol']): string {
  const { saddr, smask, daddr, dmask, spi, reqid, proto, mode, match, invert } = element;
  const tests: readonly (readonly [flag: number, text: string])[] = [
    [REQID, `reqid ${reqid}`],
    [SPI, `spi 0x${spi.toString(16)}`],
    [PROTO, `proto ${protocol(proto) ?? proto}`],
    [MODE, `mode ${modes[mode] ?? '???'}`],
    [DADDR, `tunnel-dst ${addressText(daddr.a4, dmask.a4)}`],
    [SADDR, `tunnel-src ${addressText(saddr.a4, smask.a4)}`],
  ];
  return tests
    .filter(([flag]) => (match & flag) !== 0)
    .map(([flag, text]) => `${(invert & flag) !== 0 ? ' !' : ''} ${dashes}${text}`)
    .join('');
}

function addressText(address: number, mask: number): string {
  const length = prefixLength(mask);
  return `${dottedQuad(address)}${length === 32 ? '' : `/${length ?? dottedQuad(mask)}`}`;
}
