import fs from 'node:fs';
import { check } from '../../sys/fail.ts';
import { rawSetsockopt, SOL_SOCKET } from '../../sys/socket-option.ts';
import { ip, openRaw, sendRaw, setUpHost } from '../packets/host.ts';
import { masked } from '../packets/masked.ts';
import { address, type Entrance } from '../packets/packet.ts';
import { openTap, openTun } from '../packets/tun.ts';
import { answerTo } from './answer.ts';
import { ETHERNET_BYTES, frame, mac, routes } from './device.ts';
import type { Sending } from './packets.ts';

const SO_MARK = 36;
const ETHERTYPE_AT = 12;
const ETH_P_IP = 0x0800;

/** A packet that came out: device, and bytes with what differs from run to run masked. */
export type Emission = string;

export interface Network {
  /** Sends and returns what became of it: the errno of the sending and what came out. */
  send(sending: Sending): { readonly errno: number; readonly emitted: readonly Emission[] };
  /** The connections that are tracked, without their timeouts. */
  connections(): readonly string[];
  /** Throws away what is still to come out, and what would be answered next. */
  forget(): void;
}

interface CameOut {
  readonly at: Entrance;
  readonly packet: Buffer;
  readonly ethernet: Buffer;
}

/** Sets up this network namespace, which must be fresh: `left` has Ethernet addresses, `right` none. */
export function prepareNetwork(): Network {
  setUpHost({ 'netfilter/nf_conntrack_acct': '1' });
  const left = openTap('left');
  const right = openTun('right');
  ip([
    'link set lo up',
    `link set left address ${mac.host.replaceAll(/(..)(?=.)/g, '$1:')} arp off`,
    `address add ${address.hostLeft}/24 broadcast 10.1.0.255 dev left`,
    `address add ${address.hostRight}/24 dev right`,
    'link set left up',
    'link set right up',
    ...routes,
  ]);
  const sockets = new Map<number, number>();
  let last: CameOut | undefined;

  const inject = (at: Exclude<Entrance, 'host'>, packet: Buffer, from: string, to: string): void => {
    if (at === 'left') left.inject(frame(packet, from, to));
    else right.inject(packet);
  };
  const put = (sending: Sending): number => {
    if (sending.kind === 'answer') {
      const answer = last === undefined ? undefined : answerTo(last.packet, sending.how);
      if (answer !== undefined && last?.at === 'left') inject('left', answer, mac.neighbour, mac.host);
      else if (answer !== undefined) inject('right', answer, '', '');
      return 0;
    }
    const packet = Buffer.from(sending.bytes, 'hex');
    if (sending.at === 'host') return sendRaw(socketWith(sockets, sending.mark ?? 0), packet);
    inject(sending.at, packet, mac[sending.from ?? 'neighbour'], mac[sending.to ?? 'host']);
    return 0;
  };
  const cameOut = (): readonly CameOut[] => [
    ...left
      .drain()
      .filter((bytes) => bytes.length > ETHERNET_BYTES && bytes.readUInt16BE(ETHERTYPE_AT) === ETH_P_IP)
      .map((bytes): CameOut => {
        return { at: 'left', packet: bytes.subarray(ETHERNET_BYTES), ethernet: bytes.subarray(0, ETHERNET_BYTES) };
      }),
    ...right.drain().map((packet): CameOut => ({ at: 'right', packet, ethernet: Buffer.alloc(0) })),
  ];
  return {
    send(sending) {
      const errno = put(sending);
      settle();
      const out = cameOut();
      last = out.at(-1) ?? last;
      return { errno, emitted: out.map(emission) };
    },
    connections,
    forget() {
      cameOut();
      last = undefined;
    },
  };
}

const BACKLOG_AT = 11;
const longestBacklogMs = 200;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/**
 * Waits until nothing is queued for the stack: what goes by `lo` is, and on a busy machine a thread of
 * the kernel's takes it from there some time later (net/core/dev.c, ksoftirqd).
 */
function settle(): void {
  for (let left = longestBacklogMs; left > 0 && backlog() > 0; left--) Atomics.wait(sleeper, 0, 0, 1);
}

/** Packets in the queues of all processors (net/core/net-procfs.c, softnet_seq_show). */
function backlog(): number {
  const lines = fs.readFileSync('/proc/self/net/softnet_stat', 'latin1').trim().split('\n');
  return lines.reduce((sum, line) => sum + Number.parseInt(line.split(' ')[BACKLOG_AT] ?? '0', 16), 0);
}

function emission({ at, packet, ethernet }: CameOut): Emission {
  return `${at} ${ethernet.toString('hex')} ${masked(packet).toString('hex')}`;
}

/** A raw socket whose packets have the mark. */
function socketWith(sockets: Map<number, number>, mark: number): number {
  const there = sockets.get(mark);
  if (there !== undefined) return there;
  const fd = openRaw();
  const value = Buffer.alloc(4);
  value.writeUInt32LE(mark, 0);
  check(rawSetsockopt(fd, SOL_SOCKET, SO_MARK, value, value.length).result, 'setsockopt', 'SO_MARK');
  sockets.set(mark, fd);
  return fd;
}

/** `ipv4 2 tcp 6 TIMEOUT …`: the fifth word runs down. `use` counts who looks at it just now. */
function connections(): readonly string[] {
  return fs
    .readFileSync('/proc/self/net/nf_conntrack', 'latin1')
    .split('\n')
    .filter((line) => line.startsWith('ipv4'))
    .map((line) =>
      line
        .replace(/^((?:\S+\s+){4})\d+ /, '$1')
        .replace(/ use=\d+/, '')
        .trim(),
    )
    .sort();
}
