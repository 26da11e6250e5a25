import { netlinkOnly } from '../harness/netlink-only.ts';
import type { RefusedRule } from './both-ways.ts';

/** What rules look like, and why they are looked at apart from others. */
interface Listed {
  readonly rule: RegExp;
  readonly reason: string;
}

/** Rules that are left out: with them not even two runs of the kernel's own need to come out alike. */
export const avoided: readonly Listed[] = [
  {
    rule: /(?<!! )--quota 0\b/,
    reason:
      'a rule that nothing can match becomes no rule of nft, so its other extensions do not have the effect of being there: ' +
      "connections aren't tracked for it, and it makes no hash table of hashlimit's that others share",
  },
  {
    rule: /-j TEE --gateway 10\.[12]\.0\.1\b|-j TEE .*--oif lo/,
    reason: 'the copy comes back by lo and is copied again, without end',
  },
  {
    rule: /--random/,
    reason: 'a port, or an address, by chance: tests/packets/nat-chance.test.ts',
  },
];

/** Packets that are left out where such a rule stands, by docs/differences.md. */
export interface ListedPackets extends Listed {
  /** Whether it is one of them, from the IP header on. */
  readonly packet: (bytes: Buffer) => boolean;
}

const TCP = 6;

function hasBrokenTcpHeader(bytes: Buffer): boolean {
  const body = bytes.subarray(((bytes[0] ?? 0) & 0xf) * 4);
  return bytes[9] === TCP && body.length < Math.max(20, ((body[12] ?? 0xff) >> 4) * 4);
}

const ICMP = 1;
const ICMP_TIMESTAMP = 13;

function isTimestampRequest(bytes: Buffer): boolean {
  return bytes[9] === ICMP && bytes[((bytes[0] ?? 0) & 0xf) * 4] === ICMP_TIMESTAMP;
}

const DCCP = 33;
const SCTP = 132;

/** A data offset that some type of header goes past (net/netfilter/xt_dccp.c, dccp_find_option), or a header cut off. */
function hasBrokenDccpHeader(bytes: Buffer): boolean {
  const body = bytes.subarray(((bytes[0] ?? 0) & 0xf) * 4);
  if (bytes[9] !== DCCP) return false;
  const offset = (body[4] ?? 0) * 4;
  return offset < 24 || offset > body.length;
}

/** A chunk that is cut off, or says that it has no bytes (net/netfilter/xt_sctp.c, match_packet). */
function hasBrokenChunks(bytes: Buffer): boolean {
  const body = bytes.subarray(((bytes[0] ?? 0) & 0xf) * 4);
  if (bytes[9] !== SCTP) return false;
  for (let at = 12; at === 12 || at < body.length; ) {
    const length = at + 4 > body.length ? 0 : body.readUInt16BE(at + 2);
    if (length === 0) return true;
    at += (length + 3) & ~3;
  }
  return false;
}

/** Packets with which not even two runs of the kernel's own need to come out alike. */
export const chancePackets: readonly ListedPackets[] = [
  {
    rule: /--u32|--string|--hex-string/,
    packet: isTimestampRequest,
    reason: "the stack's answer holds the time of day, and whether the rule matches hangs on it",
  },
];

/** Packets that nft's rules treat in another way. */
export const avoidedPackets: readonly ListedPackets[] = [
  ...chancePackets,
  {
    rule: /! --dccp-option/,
    packet: hasBrokenDccpHeader,
    reason: 'ip_tables counts a packet with a broken DCCP header before it drops it, nft drops it first',
  },
  {
    rule: /! --chunk-types/,
    packet: hasBrokenChunks,
    reason: 'ip_tables counts a packet with broken chunks before it drops it, nft drops it first',
  },
  {
    rule: /--tcp-option/,
    packet: hasBrokenTcpHeader,
    reason: 'a malformed TCP header does not match --tcp-option, where ip_tables drops the packet or matches',
  },
];

/** Rules that ours refuses though the kernel takes them, by docs/differences.md. */
export const knownRefusals: readonly Listed[] = [];

/** Refused rules that no reason is listed for, and that don't need another transport than the one in use. */
export function unexpectedRefusals(refused: readonly RefusedRule[]): readonly string[] {
  return (
    refused
      // None is then what it is in company: `--src-group` alone in a chain is EINVAL, natively too.
      .filter(({ whole }) => !exceedsBpf(whole))
      .filter(({ said }) => netlinkOnly(said) === undefined)
      .filter(({ text }) => !knownRefusals.some(({ rule }) => rule.test(text)))
      .map(({ text, said }) => `refused: ${text}: ${said}`)
  );
}

/** Whether a restore failed because `--backend bpf` has no room for a table (rules/bpf: FIELD_SLOTS, MOST_CLASSES). */
export function exceedsBpf(broken: string | undefined): boolean {
  return broken !== undefined && /ask for more than \d+ (fields of the packet|devices)/.test(broken);
}
