import type { Notation, Operand } from './load.ts';
import { datatype, expressionType } from './types.ts';

/** IPPROTO_* by the names of /etc/protocols that nft documents use. */
export const protocolNames = {
  icmp: 1,
  igmp: 2,
  tcp: 6,
  udp: 17,
  dccp: 33,
  gre: 47,
  esp: 50,
  ah: 51,
  icmpv6: 58,
  'ipv6-icmp': 58,
  comp: 108,
  ipcomp: 108,
  sctp: 132,
  udplite: 136,
} as const;

/** ETH_P_* (linux/if_ether.h) */
export const etherTypes = { ip: 0x0800, arp: 0x0806, ip6: 0x86dd, vlan: 0x8100 } as const;

/** ARPHRD_* (linux/if_arp.h) */
const hardwareTypes = { ether: 1, ppp: 512, ipip: 768, ipip6: 769, loopback: 772, sit: 776, ipgre: 778 } as const;
/** PACKET_* (linux/if_packet.h) */
const packetTypes = { unicast: 0, host: 0, broadcast: 1, multicast: 2, other: 3 } as const;
const days = { Sunday: 0, Monday: 1, Tuesday: 2, Wednesday: 3, Thursday: 4, Friday: 5, Saturday: 6 } as const;

/** A key of the kernel's own order, four bytes unless said. */
function host(key: number, type: number, notation: Notation = 'number', size = 4): Operand {
  return { ...network(key, type, notation, size), hostOrder: true };
}

function network(key: number, type: number, notation: Notation, size: number): Operand {
  return {
    load: { kind: 'meta', key },
    size,
    notation,
    key: { type, typeOf: { expression: expressionType.meta, data: [key] } },
  };
}

function text(key: number): Operand {
  const operand = network(key, datatype.interfaceName, 'interface name', 16);
  return { ...operand, key: { type: datatype.interfaceName, ...operand.key, hostOrder: true } };
}

/** NFT_META_* by nft's names (src/meta.c, meta_templates). */
export const metaKeys: Readonly<Record<string, Operand>> = {
  length: host(0, datatype.integer),
  protocol: network(1, datatype.etherType, etherTypes, 2),
  priority: host(2, datatype.class, 'class'),
  mark: host(3, datatype.mark),
  iif: host(4, datatype.interfaceIndex),
  oif: host(5, datatype.interfaceIndex),
  iifname: text(6),
  oifname: text(7),
  iiftype: { ...host(8, datatype.hardwareType, hardwareTypes, 2), tellsProtocol: 'link' },
  oiftype: host(9, datatype.hardwareType, hardwareTypes, 2),
  skuid: host(10, datatype.user),
  skgid: host(11, datatype.group),
  nftrace: host(12, datatype.integer, 'number', 1),
  rtclassid: host(13, datatype.realm),
  l4proto: { ...host(16, datatype.protocol, protocolNames, 1), tellsProtocol: 'meta' },
  pkttype: host(19, datatype.packetType, packetTypes, 1),
  cpu: host(20, datatype.integer),
  iifgroup: host(21, datatype.deviceGroup),
  oifgroup: host(22, datatype.deviceGroup),
  cgroup: host(23, datatype.integer),
  random: network(24, datatype.integer, 'number', 4),
  ipsec: host(25, datatype.boolean, 'boolean', 1),
  secpath: host(25, datatype.boolean, 'boolean', 1),
  iifkind: text(26),
  oifkind: text(27),
  time: host(30, datatype.date, 'nanoseconds', 8),
  day: host(31, datatype.day, days, 1),
  hour: host(32, datatype.hour),
};
