import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { cFunction, lastErrno } from '../../sys/koffi.ts';
import { AF_INET, SOCK_CLOEXEC, SOCK_RAW, socket } from '../../sys/socket.ts';

export const sendto = cFunction('sendto', ['int', 'void *', 'ulong', 'int', 'void *', 'uint']);
const IPPROTO_RAW = 255;
const DESTINATION_AT = 16;

/** Settings that make what the stack does depend on nothing but packets and rules. */
const settings: Readonly<Record<string, string>> = {
  'ipv4/ip_forward': '1',
  'ipv4/conf/all/rp_filter': '0',
  'ipv4/conf/default/rp_filter': '0',
  'ipv4/conf/all/send_redirects': '0',
  'ipv4/conf/default/send_redirects': '0',
  'ipv4/conf/all/accept_source_route': '0',
  // no rate limit for ICMP errors of any kind
  'ipv4/icmp_ratemask': '0',
  // fragments that wait for others say nothing as long as a test lasts
  'ipv4/ipfrag_time': '3600',
  'ipv6/conf/default/disable_ipv6': '1',
};

/** Makes a host of this network namespace, which must be fresh. Devices that are made before have other settings. */
export function setUpHost(more: Readonly<Record<string, string>> = {}): void {
  for (const [name, value] of Object.entries({ ...settings, ...more }))
    fs.writeFileSync(`/proc/sys/net/${name}`, value);
}

/** Has `ip` carry out the lines. */
export function ip(lines: readonly string[]): void {
  const done = spawnSync('ip', ['-batch', '-'], { input: lines.join('\n'), encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`ip: ${done.error?.message ?? done.stderr}`);
}

/** A socket for packets of the host's own, headers and all. */
export function openRaw(): number {
  return socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
}

/** The errno of the sending, or 0. */
export function sendRaw(fd: number, packet: Buffer): number {
  const to = Buffer.alloc(16);
  to.writeUInt16LE(AF_INET, 0);
  packet.copy(to, 4, DESTINATION_AT, DESTINATION_AT + 4);
  return sendto()(fd, packet, packet.length, 0, to, to.length) < 0 ? lastErrno() : 0;
}
