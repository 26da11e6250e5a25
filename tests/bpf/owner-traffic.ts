/**
 * What sockets of several owners send on the loopback device, with every way in which they end: `owner-traffic.ts flows`. Whose
 * each is lies in its file's credential, which is that of the thread that opens it; all is done by one thread, one thing after the
 * other. `owner-traffic.ts race MS` closes sockets so long while their packets are on their way.
 */

import { closeFd } from '../../sys/descriptor.ts';
import { check } from '../../sys/fail.ts';
import { cFunction } from '../../sys/koffi.ts';
import { AF_INET, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_RAW, socket } from '../../sys/socket.ts';
import { addressOf, lossyPorts, type Owner, owners, racers } from './owners.ts';

const cBind = cFunction('bind', ['int', 'void *', 'uint']);
const cConnect = cFunction('connect', ['int', 'void *', 'uint']);
const cListen = cFunction('listen', ['int', 'int']);
const cAccept = cFunction('accept', ['int', 'void *', 'void *']);
const cSend = cFunction('send', ['int', 'void *', 'int64_t', 'int']);
const cRecv = cFunction('recv', ['int', 'void *', 'int64_t', 'int']);
const cSetsockopt = cFunction('setsockopt', ['int', 'int', 'int', 'void *', 'uint']);
const cSetfsuid = cFunction('setfsuid', ['uint']);
const cSetfsgid = cFunction('setfsgid', ['uint']);
const cSetgroups = cFunction('setgroups', ['int64_t', 'void *']);

/** bits/socket.h, asm-generic/socket.h */
const [SOCK_STREAM, SOL_SOCKET, SO_LINGER, MSG_DONTWAIT, MSG_NOSIGNAL] = [1, 1, 13, 0x40, 0x4000];
const [ICMP, RAW] = [1, 255];

function sockaddr(address: string, port: number): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16LE(AF_INET, 0);
  bytes.writeUInt16BE(port, 2);
  bytes.set(address.split('.').map(Number), 4);
  return bytes;
}

/** For this thread's files; it goes on having root's capabilities over the network. */
function become({ uid, gid, groups }: Owner): void {
  cSetfsuid()(0);
  const list = Buffer.alloc(4 * groups.length);
  for (const [at, one] of groups.entries()) list.writeUInt32LE(one, 4 * at);
  check(cSetgroups()(groups.length, list), 'setgroups');
  cSetfsgid()(gid);
  cSetfsuid()(uid);
}

function open(owner: Owner, type: number, protocol = 0): number {
  become(owner);
  return socket(AF_INET, type | SOCK_CLOEXEC, protocol);
}

const bindTo = (fd: number, address: string, port: number) => {
  check(cBind()(fd, sockaddr(address, port), 16), 'bind', `${address} ${port}`);
};
/** Whether it was accepted. */
const connectTo = (fd: number, port: number) => cConnect()(fd, sockaddr('127.0.0.1', port), 16) === 0;
const send = (fd: number, bytes: Buffer, flags = 0) => cSend()(fd, bytes, bytes.length, flags | MSG_NOSIGNAL);
const receive = (fd: number) => cRecv()(fd, Buffer.alloc(100), 100, MSG_DONTWAIT);
const sleep = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
/** Whatever is on its way is thrown away, and a reset sent. */
const resetAtClose = (fd: number) => {
  const linger = Buffer.alloc(8);
  linger.writeInt32LE(1, 0);
  check(cSetsockopt()(fd, SOL_SOCKET, SO_LINGER, linger, 8), 'setsockopt');
};

function listener(owner: Owner, port: number): number {
  const fd = open(owner, SOCK_STREAM);
  bindTo(fd, '0.0.0.0', port);
  check(cListen()(fd, 50), 'listen');
  return fd;
}

function accept(owner: Owner, fd: number): number {
  become(owner);
  return check(cAccept()(fd, null, null), 'accept');
}

const hello = Buffer.from('hello');

function flowsOf(owner: Owner, other: Owner, port: number): void {
  // nobody listens: an ICMP error of the kernel's, a reset without a socket
  const datagrams = open(owner, SOCK_DGRAM);
  connectTo(datagrams, 888);
  send(datagrams, hello);
  closeFd(datagrams);
  const refused = open(owner, SOCK_STREAM);
  if (connectTo(refused, 889)) throw new Error('somebody listens at 889');
  closeFd(refused);
  // the kernel answers the echo request
  const echo = Buffer.from('0800f7fe00010000', 'hex');
  const icmp = open(owner, SOCK_RAW, ICMP);
  connectTo(icmp, 0);
  send(icmp, echo);
  closeFd(icmp);
  // its header is the sender's own
  const header = Buffer.from('4500001c00004000ff11000000000000' + '7f000001' + '13881389' + '00080000', 'hex');
  const raw = open(owner, SOCK_RAW, RAW);
  connectTo(raw, 0);
  send(raw, header);
  closeFd(raw);
  connections(owner, other, port);
}

/** Ways in which a connection ends. */
function connections(owner: Owner, other: Owner, port: number): void {
  const listening = listener(other, port);
  const ends: readonly ((client: number, server: number) => void)[] = [
    (client, server) => {
      closeFd(client);
      receive(server);
      closeFd(server);
    },
    (client, server) => {
      closeFd(server);
      send(client, hello);
      closeFd(client);
    },
    (client, server) => {
      resetAtClose(client);
      closeFd(client);
      closeFd(server);
    },
    (client, server) => {
      send(client, hello);
      closeFd(server);
      closeFd(client);
    },
    // both let go, and answers come to what nobody has any more
    (client, server) => {
      send(client, hello);
      send(server, hello);
      closeFd(client);
      closeFd(server);
    },
  ];
  for (const end of ends) {
    const client = open(owner, SOCK_STREAM);
    if (!connectTo(client, port)) throw new Error(`nobody listens at ${port}`);
    send(client, hello);
    // another than the listener's
    end(client, accept(owner, listening));
  }
  const waits = open(owner, SOCK_STREAM);
  connectTo(waits, port);
  send(waits, hello);
  // nobody has accepted it
  closeFd(listening);
  closeFd(waits);
}

/** The last acknowledgement is lost: the one end asks again after its socket was closed, the other's only waits. */
function lossy(owner: Owner, other: Owner, port: number): void {
  const listening = listener(other, port);
  const client = open(owner, SOCK_STREAM);
  connectTo(client, port);
  send(client, hello);
  const server = accept(other, listening);
  receive(server);
  closeFd(client);
  receive(server);
  closeFd(server);
  sleep(700);
  closeFd(listening);
}

function flows(): void {
  for (const [at, owner] of owners.entries()) flowsOf(owner, owners[(at + 1) % owners.length] ?? owner, 5000 + at);
  const [one, two] = owners;
  if (one === undefined || two === undefined) throw new Error('two owners are needed');
  lossy(one, two, lossyPorts[0]);
  lossy(two, one, lossyPorts[1]);
}

/** Each of the racers has an address of its own. What it sends is more than is on its way when it closes. */
function race(ms: number): void {
  const much = Buffer.alloc(300_000);
  const until = Date.now() + ms;
  for (let turn = 0; Date.now() < until; turn++) {
    const racer = racers[turn % racers.length];
    if (racer === undefined) return;
    const client = open(racer, SOCK_STREAM);
    bindTo(client, addressOf(racer), 0);
    if (connectTo(client, Number(process.argv[4]))) send(client, much, MSG_DONTWAIT);
    if (turn % 5 === 0) resetAtClose(client);
    closeFd(client);
  }
}

if (process.argv[2] === 'race') race(Number(process.argv[3]));
else flows();
