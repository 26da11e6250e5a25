/**
 * Runs as a step of a case: makes the Ethernet device `ether` with 10.3.0.1/24, receives the frames that the
 * command line names in hexadecimal, and takes the device away again.
 */
import { spawnSync } from 'node:child_process';
import { openTap } from './tun.ts';

const device = openTap('ether');
const batch = ['link set ether address 02:00:00:00:00:01 arp off up', 'address add 10.3.0.1/24 dev ether'];
const done = spawnSync('ip', ['-batch', '-'], { input: batch.join('\n'), encoding: 'utf8' });
if (done.status !== 0) throw new Error(`ip: ${done.error?.message ?? done.stderr}`);
for (const text of process.argv.slice(2)) device.inject(Buffer.from(text, 'hex'));
