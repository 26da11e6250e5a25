/**
 * Makes what rules name but don't bring along, in this network namespace:
 * `ipset NAME ADDRESS…` (a hash:ip with counters), `nfacct NAME`. Ends with status 1 when the kernel refuses.
 */
import { Buffer } from 'node:buffer';
import { errnoName } from '../../protocol/errno.ts';
import { ask } from '../../sys/nfnetlink/dump.ts';
import { openNetlink } from '../../sys/nfnetlink/socket.ts';
import { quad } from './packet.ts';

const REQUEST = 1;
const ACK = 4;
const CREATE = 0x400;
const AF_INET = 2;
const NESTED = 0x8000;
const NETWORK_ORDER = 0x4000;

const IPSET = 6; // NFNL_SUBSYS_IPSET
const ipset = { create: 2, add: 9 };
const ipsetAttribute = { protocol: 1, set: 2, type: 3, revision: 4, family: 5, data: 7, address: 1, ipv4: 1, flags: 8 };
const WITH_COUNTERS = 8;
const NFACCT = 7; // NFNL_SUBSYS_ACCT
const nfacct = { create: 0 };
const nfacctAttribute = { name: 1, packets: 2, bytes: 3 };

function attribute(type: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const bytes = Buffer.alloc(4 + Math.ceil(content.length / 4) * 4);
  bytes.writeUInt16LE(4 + content.length, 0);
  bytes.writeUInt16LE(type, 2);
  content.copy(bytes, 4);
  return bytes;
}

const text = (value: string): Buffer => Buffer.from(`${value}\0`);
const socket = openNetlink();
let sequence = 0;

function call(system: number, command: number, flags: number, ...attributes: readonly Buffer[]): void {
  const body = Buffer.concat([Buffer.from([AF_INET, 0, 0, 0]), ...attributes]);
  const header = Buffer.alloc(16);
  sequence += 1;
  header.writeUInt32LE(16 + body.length, 0);
  header.writeUInt16LE((system << 8) | command, 4);
  header.writeUInt16LE(REQUEST | ACK | flags, 6);
  header.writeUInt32LE(sequence, 8);
  const end = ask(socket, { bytes: Buffer.concat([header, body]), sequence, isDump: false }, () => {});
  if (end.kind !== 'refused') return;
  process.stderr.write(`${system}.${command}: ${errnoName(end.errno)}\n`);
  process.exit(1);
}

function makeSet(name: string, addresses: readonly string[]): void {
  const { protocol, set, type, revision, family, data, address, ipv4, flags } = ipsetAttribute;
  const head = [attribute(protocol, Buffer.from([6])), attribute(set, text(name))];
  const kind = [attribute(type, text('hash:ip')), attribute(revision, Buffer.from([2]))];
  const counters = attribute(flags | NETWORK_ORDER, Buffer.from([0, 0, 0, WITH_COUNTERS]));
  call(
    IPSET,
    ipset.create,
    CREATE,
    ...head,
    ...kind,
    attribute(family, Buffer.from([AF_INET])),
    attribute(data | NESTED, counters),
  );
  for (const one of addresses) {
    const element = attribute(address | NESTED, attribute(ipv4 | NETWORK_ORDER, quad(one)));
    call(IPSET, ipset.add, 0, ...head, attribute(data | NESTED, element));
  }
}

function makeAccount(name: string): void {
  const { name: named, packets, bytes } = nfacctAttribute;
  const zero = [packets, bytes].map((type) => attribute(type | NETWORK_ORDER, Buffer.alloc(8)));
  call(NFACCT, nfacct.create, CREATE, attribute(named, text(name)), ...zero);
}

const [what, name = '', ...rest] = process.argv.slice(2);
if (what === 'ipset') makeSet(name, rest);
else makeAccount(name);
