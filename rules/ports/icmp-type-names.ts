interface IcmpName {
  readonly name: string;
  readonly type: number;
  readonly min: number;
  readonly max: number;
}

function whole(name: string, type: number): IcmpName {
  return { name, type, min: 0, max: 0xff };
}

function codes(type: number, byCode: Readonly<Record<number, string>>): readonly IcmpName[] {
  return Object.entries(byCode).map(([code, name]) => ({ name, type, min: Number(code), max: Number(code) }));
}

/** Types and codes that iptables lists by name (extensions/libxt_icmp.h, without the aliases it never prints). */
const known: readonly IcmpName[] = [
  whole('any', 0xff),
  whole('echo-reply', 0),
  whole('destination-unreachable', 3),
  ...codes(3, {
    0: 'network-unreachable',
    1: 'host-unreachable',
    2: 'protocol-unreachable',
    3: 'port-unreachable',
    4: 'fragmentation-needed',
    5: 'source-route-failed',
    6: 'network-unknown',
    7: 'host-unknown',
    9: 'network-prohibited',
    10: 'host-prohibited',
    11: 'TOS-network-unreachable',
    12: 'TOS-host-unreachable',
    13: 'communication-prohibited',
    14: 'host-precedence-violation',
    15: 'precedence-cutoff',
  }),
  whole('source-quench', 4),
  whole('redirect', 5),
  ...codes(5, { 0: 'network-redirect', 1: 'host-redirect', 2: 'TOS-network-redirect', 3: 'TOS-host-redirect' }),
  whole('echo-request', 8),
  whole('router-advertisement', 9),
  whole('router-solicitation', 10),
  whole('time-exceeded', 11),
  ...codes(11, { 0: 'ttl-zero-during-transit', 1: 'ttl-zero-during-reassembly' }),
  whole('parameter-problem', 12),
  ...codes(12, { 0: 'ip-header-bad', 1: 'required-option-missing' }),
  whole('timestamp-request', 13),
  whole('timestamp-reply', 14),
  whole('address-mask-request', 17),
  whole('address-mask-reply', 18),
];

/** The name of an ICMP type with this range of codes; undefined when iptables has none. */
export function icmpTypeName(type: number, min: number, max: number): string | undefined {
  return known.find((one) => one.type === type && one.min === min && one.max === max)?.name;
}
