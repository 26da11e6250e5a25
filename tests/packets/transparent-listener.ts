/**
 * `transparent-listener.ts PORT SECONDS`: TCP and UDP sockets for TPROXY on a port of every address, in this
 * network namespace. Writes "ready" once they listen, never reads, and goes after so many seconds.
 */
import { setTimeout } from 'node:timers/promises';
import { check } from '../../sys/fail.ts';
import { cFunction } from '../../sys/koffi.ts';
import { AF_INET, SOCK_CLOEXEC, SOCK_DGRAM, socket } from '../../sys/socket.ts';
import { rawSetsockopt } from '../../sys/socket-option.ts';

const bind = cFunction('bind', ['int', 'void *', 'uint']);
const listen = cFunction('listen', ['int', 'int']);

const SOCK_STREAM = 1;
const SOL_IP = 0;
const IP_TRANSPARENT = 19;

const [port = 0, seconds = 0] = process.argv.slice(2).map(Number);
const address = Buffer.alloc(16);
address.writeUInt16LE(AF_INET, 0);
address.writeUInt16BE(port, 2);
const one = Buffer.from([1, 0, 0, 0]);

for (const type of [SOCK_STREAM, SOCK_DGRAM]) {
  const fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
  check(rawSetsockopt(fd, SOL_IP, IP_TRANSPARENT, one, one.length).result, 'setsockopt', 'IP_TRANSPARENT');
  check(bind()(fd, address, address.length), 'bind', `port ${port}`);
  if (type === SOCK_STREAM) check(listen()(fd, 8), 'listen', `port ${port}`);
}
process.stdout.write('ready\n');
await setTimeout(seconds * 1000);
