import { closeFd } from '../../sys/descriptor.ts';
import { AF_INET, SOCK_CLOEXEC, SOCK_RAW, socket } from '../../sys/socket.ts';
import type { Emitted } from './case.ts';
import { ip, openRaw, sendRaw, sendto, setUpHost } from './host.ts';
import { masked } from './masked.ts';
import { address, type Sent } from './packet.ts';
import { openTun } from './tun.ts';

/** A host with a device on either side, and the wires in our hands. */
export interface Network {
  /** Puts a packet in; the errno of the raw socket where it is the host's own, else 0. */
  send(packet: Sent): number;
  /** What came out since the last call. */
  emitted(): readonly Emitted[];
  /** Forgets all tracked connections. */
  forgetConnections(): void;
}

/** Sets up this network namespace, which must be fresh. */
export function prepareNetwork(): Network {
  setUpHost();
  const left = openTun('left');
  const right = openTun('right');
  ip([
    'link set lo up',
    ...Object.entries({ left: address.hostLeft, right: address.hostRight }).flatMap(([device, own]) => [
      `address add ${own}/24 dev ${device}`,
      `link set ${device} up`,
    ]),
    'route add 192.0.2.0/24 dev left',
    'route add 198.51.100.0/24 dev right',
  ]);
  const raw = openRaw();
  return {
    send({ at, bytes }) {
      const packet = Buffer.from(bytes, 'hex');
      if (at === 'host') return sendRaw(raw, packet);
      (at === 'left' ? left : right).inject(packet);
      return 0;
    },
    emitted: () =>
      (
        [
          ['left', left],
          ['right', right],
        ] as const
      ).flatMap(([on, device]) => device.drain().map((packet) => ({ on, bytes: masked(packet).toString('hex') }))),
    forgetConnections,
  };
}

const AF_NETLINK = 16;
const NETLINK_NETFILTER = 12;
/** IPCTNL_MSG_CT_DELETE of NFNL_SUBSYS_CTNETLINK; without attributes it is about every entry. */
const CT_DELETE = (1 << 8) | 2;
const NLM_F_REQUEST = 1;

/** A netlink request is served before the call returns. */
export function forgetConnections(): void {
  const fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
  const message = Buffer.alloc(20);
  message.writeUInt32LE(message.length, 0);
  message.writeUInt16LE(CT_DELETE, 4);
  message.writeUInt16LE(NLM_F_REQUEST, 6);
  message.writeUInt8(AF_INET, 16);
  const to = Buffer.alloc(12);
  to.writeUInt16LE(AF_NETLINK, 0);
  sendto()(fd, message, message.length, 0, to, to.length);
  closeFd(fd);
}
