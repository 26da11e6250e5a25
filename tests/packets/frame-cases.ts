import { programCommand } from '../harness/program.ts';
import { type PacketCase, table } from './case.ts';
import { address, ip, type Sent, sent } from './packet.ts';
import { mixedProbes, through } from './probes.ts';
import { tcp, udp } from './transport.ts';

/** Ethernet addresses: the device's own, and two beyond it. */
const host = '020000000001';
const neighbour = '420102030405';
const stranger = '420102030406';
const broadcast = 'ffffffffffff';
const multicast = '01005e000001';
const hostEther = '10.3.0.1';

/** From the neighbour and the stranger, to everyone that a frame can go to. */
const frames = [neighbour, stranger].flatMap((from) =>
  [host, broadcast, multicast, stranger].flatMap((to) =>
    [address.right, hostEther, '10.3.0.255', '224.0.0.1', '255.255.255.255'].flatMap((destination, data) =>
      [udp({ data }), tcp({ data })].map((transport) =>
        [to, from, '0800', ip(transport, { source: '10.3.0.9', destination }).toString('hex')].join(''),
      ),
    ),
  ),
);

const receive = [...programCommand(new URL('./frames.ts', import.meta.url)), ...frames];

/** What the host sends to many comes back to it as well. */
const toMany: readonly Sent[] = ['224.0.0.1', '255.255.255.255', '10.1.0.255', '10.1.0.2'].map((destination, data) =>
  sent('host', udp({ data }), { source: address.hostLeft, destination }),
);

/** Tests in chains of mangle, counted; frames, then packets without Ethernet, then what comes back. */
function framed(chains: readonly string[], tests: string): PacketCase {
  const rules = chains.map((chain) => `-A ${chain} ${tests}`);
  return {
    title: tests,
    steps: [
      { run: 'ip route add 224.0.0.0/4 dev left; ip route add 255.255.255.255 dev left' },
      { restore: table('mangle', rules) + table('filter', ['-A FORWARD -m ttl --ttl-eq 77']) },
      { run: receive.join(' ') },
      { send: [...through(mixedProbes), ...toMany] },
    ],
    cleanup: 'ip route del 224.0.0.0/4; ip route del 255.255.255.255',
  };
}

const mac = ['42:01:02:03:04:05', '42:01:02:03:04:06', '02:00:00:00:00:01', '00:00:00:00:00:00']
  .flatMap((one) => [`-m mac --mac-source ${one}`, `-m mac ! --mac-source ${one}`])
  .concat('-p udp -m limit --limit 1/hour --limit-burst 9 -m mac --mac-source 42:01:02:03:04:05')
  .map((tests) => framed(['PREROUTING', 'INPUT', 'FORWARD'], tests));

const pkttype = ['unicast', 'broadcast', 'multicast', 'otherhost']
  .flatMap((one) => [`-m pkttype --pkt-type ${one}`, `-m pkttype ! --pkt-type ${one}`])
  .map((tests) => framed(['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'], tests));

export const frameCases: Readonly<Record<string, readonly PacketCase[]>> = { mac, pkttype };
