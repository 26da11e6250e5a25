import { ipv4 } from '../protocol/family.ts';
import { AF_INET, SOCK_RAW, socket } from '../sys/socket.ts';
import { rawGetsockopt } from '../sys/socket-option.ts';
import { median } from './measure.ts';

/** Runs natively or below a shim: microseconds of one GET_INFO, the median of many. Prints samples as JSON. */
const calls = 3000;
const fd = socket(AF_INET, SOCK_RAW, 255);
const bytes = Buffer.alloc(ipv4.getinfo.size);
const times: number[] = [];
for (let call = 0; call < calls; call += 1) {
  bytes.fill(0);
  bytes.write('filter');
  const start = performance.now();
  const { result, errno } = rawGetsockopt(fd, ipv4.level, ipv4.get.info, bytes, bytes.length);
  times.push((performance.now() - start) * 1000);
  if (result !== 0) throw new Error(`GET_INFO: errno ${errno}`);
}
process.stdout.write(`${JSON.stringify([{ name: 'GET_INFO, µs', value: median(times.slice(calls / 10)) }])}\n`);
