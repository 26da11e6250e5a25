import { askedProtocol } from '../asked-protocol.ts';
import { cannotExpress } from '../extension.ts';
import type { HeaderMatch } from '../ir.ts';
import type { NftNat, NftValue } from '../nft/json.ts';
import { dottedQuad } from '../text/address.ts';
import { type NatRange, natFlag } from './nat-range.ts';

/**
 * nft's nat statements call the same functions of the kernel with the same range as the targets
 * (nf_nat_setup_info, nf_nat_masquerade_ipv4, nf_nat_redirect_ipv4), so what they can be told is exact.
 */

const nftFlags = [
  { bit: natFlag.PROTO_RANDOM, name: 'random' },
  { bit: natFlag.PROTO_RANDOM_FULLY, name: 'fully-random' },
  { bit: natFlag.PERSISTENT, name: 'persistent' },
] as const;
const KNOWN = 0x1f;

/** -p that nft lets ports (of ICMP: ids) be given with: icmp, tcp, udp, dccp, sctp, udplite. */
const withPorts: ReadonlySet<number> = new Set([1, 6, 17, 33, 132, 136]);

/** What stands in `snat` and `dnat`. Throws `not-expressible`, `name` in front. */
export function natOf(name: string, info: NatRange, header: HeaderMatch): NftNat {
  const nat = { ...addressOf(name, info), ...portsOf(name, info, header) };
  if (nat.addr === undefined && nat.port === undefined) cannotExpress(`${name}: nft wants an address or a port`);
  return { ...nat, ...flagsOf(name, info) };
}

/** What stands in `masquerade` and `redirect`, which find the address themselves; null for nothing. Throws likewise. */
export function natOfPorts(name: string, info: NatRange, header: HeaderMatch): NftNat | null {
  const nat = { ...portsOf(name, info, header), ...flagsOf(name, info) };
  return Object.keys(nat).length === 0 ? null : nat;
}

function addressOf(name: string, { flags, minAddress, maxAddress }: NatRange): Pick<NftNat, 'addr'> {
  if ((flags & natFlag.MAP_IPS) === 0) return {};
  // The kernel compares and keeps all four words.
  if ([...minAddress.slice(1), ...maxAddress.slice(1)].some((word) => word !== 0)) {
    cannotExpress(`${name}: an address that is longer than IPv4's`);
  }
  return { addr: between(name, minAddress[0], maxAddress[0], dottedQuad) };
}

function portsOf(name: string, info: NatRange, header: HeaderMatch): Pick<NftNat, 'port'> {
  if ((info.flags & natFlag.PROTO_SPECIFIED) === 0) return {};
  if (!withPorts.has(askedProtocol(header))) {
    cannotExpress(`${name}: nft takes ports only with a protocol that has some`);
  }
  return { port: between(name, info.minPort, info.maxPort, (port) => port) };
}

function flagsOf(name: string, { flags }: NatRange): Pick<NftNat, 'flags'> {
  if ((flags & natFlag.PROTO_OFFSET) !== 0) cannotExpress(`${name}: nft has no shifted ports`);
  if ((flags & ~KNOWN) !== 0) cannotExpress(`${name}: unknown flags 0x${(flags >>> 0).toString(16)}`);
  const names = nftFlags.filter(({ bit }) => (flags & bit) !== 0).map((flag) => flag.name);
  return names.length === 0 ? {} : { flags: names };
}

/** One value or a range; the kernel takes a reversed range, nft doesn't. */
function between(name: string, min: number, max: number, value: (number: number) => NftValue): NftValue {
  if (min > max) cannotExpress(`${name}: nft has no range from high to low`);
  return min === max ? value(min) : { range: [value(min), value(max)] };
}
