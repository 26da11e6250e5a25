import { closeFd } from '../../sys/descriptor.ts';
import { cFunction } from '../../sys/koffi.ts';
import { AF_INET, SOCK_CLOEXEC, SOCK_RAW, socket } from '../../sys/socket.ts';
import { quad } from '../packets/packet.ts';

/**
 * What rules name and somebody else has to make: two IP sets and an accounting object. No program here
 * makes them, so nfnetlink does (linux/netfilter/ipset/ip_set.h, linux/netfilter/nfnetlink_acct.h).
 */
const sendto = cFunction('sendto', ['int', 'void *', 'ulong', 'int', 'void *', 'uint']);
const recv = cFunction('recv', ['int', 'void *', 'ulong', 'int']);

const AF_NETLINK = 16;
const NETLINK_NETFILTER = 12;
const NLM_F_REQUEST = 1;
const NLM_F_ACK = 4;
const NLM_F_CREATE = 0x400;
const NLA_F_NESTED = 0x8000;
const NLA_F_NET_BYTEORDER = 0x4000;

const ipset = {
  subsystem: 6,
  create: 2,
  destroy: 3,
  add: 9,
  protocol: 1,
  setName: 2,
  typeName: 3,
  revision: 4,
  family: 5,
  data: 7,
};
const ipsetData = { ip: 1, cidr: 3, flags: 8, withCounters: 8, ipv4: 1 };
const IPSET_PROTOCOL = 6;
const accounting = { subsystem: 7, add: 0, remove: 3, name: 1 };

function attribute(type: number, ...parts: readonly Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  const head = Buffer.alloc(4);
  head.writeUInt16LE(4 + value.length, 0);
  head.writeUInt16LE(type, 2);
  return Buffer.concat([head, value, Buffer.alloc(-value.length & 3)]);
}

const text = (type: number, value: string): Buffer => attribute(type, Buffer.from(`${value}\0`));
const byte = (type: number, value: number): Buffer => attribute(type, Buffer.from([value]));
const nested = (type: number, ...parts: readonly Buffer[]): Buffer => attribute(type | NLA_F_NESTED, ...parts);

function word(type: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return attribute(type | NLA_F_NET_BYTEORDER, bytes);
}

function setOf(name: string, typeName: string, revision: number, flags: number): Buffer {
  return Buffer.concat([
    byte(ipset.protocol, IPSET_PROTOCOL),
    text(ipset.setName, name),
    text(ipset.typeName, typeName),
    byte(ipset.revision, revision),
    byte(ipset.family, AF_INET),
    nested(ipset.data, ...(flags === 0 ? [] : [word(ipsetData.flags, flags)])),
  ]);
}

function memberOf(name: string, address: string, prefix?: number): Buffer {
  const ip = nested(ipsetData.ip, attribute(ipsetData.ipv4 | NLA_F_NET_BYTEORDER, quad(address)));
  return Buffer.concat([
    byte(ipset.protocol, IPSET_PROTOCOL),
    text(ipset.setName, name),
    nested(ipset.data, ip, ...(prefix === undefined ? [] : [byte(ipsetData.cidr, prefix)])),
  ]);
}

/**
 * Makes the sets `addresses` (with counters) and `networks` and the accounting object `account` anew, where
 * the kernel has such: rules that name what isn't there are refused by it, and left out.
 */
export function makeObjects(): void {
  const fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
  const answer = Buffer.alloc(4096);
  const request = (subsystem: number, command: number, body: Buffer): void => {
    const head = Buffer.alloc(20);
    head.writeUInt32LE(head.length + body.length, 0);
    head.writeUInt16LE((subsystem << 8) | command, 4);
    head.writeUInt16LE(NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE, 6);
    head.writeUInt8(AF_INET, 16);
    const message = Buffer.concat([head, body]);
    const to = Buffer.alloc(12);
    to.writeUInt16LE(AF_NETLINK, 0);
    sendto()(fd, message, message.length, 0, to, to.length);
    recv()(fd, answer, answer.length, 0);
  };
  const account = text(accounting.name, 'account');
  for (const name of ['addresses', 'networks']) {
    request(
      ipset.subsystem,
      ipset.destroy,
      Buffer.concat([byte(ipset.protocol, IPSET_PROTOCOL), text(ipset.setName, name)]),
    );
  }
  request(accounting.subsystem, accounting.remove, account);
  request(ipset.subsystem, ipset.create, setOf('addresses', 'hash:ip', 1, ipsetData.withCounters));
  for (const address of ['10.1.0.2', '10.2.0.1', '192.0.2.1']) {
    request(ipset.subsystem, ipset.add, memberOf('addresses', address));
  }
  request(ipset.subsystem, ipset.create, setOf('networks', 'hash:net', 3, 0));
  request(ipset.subsystem, ipset.add, memberOf('networks', '10.2.0.0', 16));
  request(accounting.subsystem, accounting.add, account);
  closeFd(fd);
}
