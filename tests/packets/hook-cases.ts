import { type PacketCase, type Step, table } from './case.ts';
import { type End, type NatFlow, natFlow } from './nat-flows.ts';
import { address, sent } from './packet.ts';
import { tcp, udp } from './transport.ts';

/** Rules whose translation hangs on the hooks that lead to them, and chains that come to be led to by others. */

const listing: Step = {
  run: `sed -E 's/^(ipv4 +2 [a-z]+ +[0-9]+) [0-9]+ /\\1 /; s/ use=[0-9]+//' /proc/net/nf_conntrack | sort`,
};

const end = (ip: string, port: number): End => ({ ip, port });

/** From left to right; `source` and `destination` are what it comes out with. */
function flow(
  port: number,
  {
    to = address.right,
    source = address.left,
    destination = to,
    protocol = 'udp',
  }: Partial<Record<string, string>> = {},
): readonly ReturnType<typeof sent>[] {
  return natFlow({
    protocol: protocol as NatFlow['protocol'],
    at: 'left',
    from: end(address.left, port),
    to: end(to, 80),
    answer: { at: 'right', from: end(destination, 80), to: end(source, port) },
  });
}

function own(port: number, to: string, destination: string): readonly ReturnType<typeof sent>[] {
  return natFlow({
    protocol: 'udp',
    at: 'host',
    from: end(address.hostRight, port),
    to: end(to, 80),
    answer: { at: 'right', from: end(destination, 80), to: end(address.hostRight, port) },
  });
}

/** 198.51.100.N is 10.2.0.N, 10.1.0.N is 192.0.2.N. */
const toRight = '-j NETMAP --to 10.2.0.0/24';
const outside = '198.51.100.9';

const netmap: readonly PacketCase[] = [
  {
    title: 'NETMAP in every chain',
    steps: [
      {
        restore: table('nat', [
          `-A PREROUTING -d 198.51.100.0/24 ${toRight}`,
          '-A POSTROUTING -s 10.1.0.0/24 -j NETMAP --to 192.0.2.0/28',
          '-A INPUT -s 10.1.0.0/24 -j NETMAP --to 10.1.0.64/26',
          `-A OUTPUT -d 198.51.100.0/24 -j NETMAP --to 10.2.0.64/26`,
        ]),
      },
      { send: flow(1024, { to: outside, source: '192.0.2.2', destination: '10.2.0.9', protocol: 'tcp' }) },
      { send: flow(1025, { to: outside, source: '192.0.2.2', destination: '10.2.0.9' }) },
      { send: flow(1026, { to: address.hostLeft, protocol: 'tcp' }) },
      { send: own(1027, outside, '10.2.0.73') },
      listing,
    ],
  },
  {
    title: 'NETMAP to one address, and under a mask with holes',
    steps: [
      {
        restore: table('nat', [
          '-A PREROUTING -d 198.51.100.0/24 -j NETMAP --to 10.2.0.9',
          '-A POSTROUTING -s 10.1.0.0/24 -j NETMAP --to 192.0.2.1/255.255.255.253',
        ]),
      },
      { send: flow(1030, { to: outside, source: '192.0.2.3', destination: '10.2.0.9' }) },
      { send: flow(1031, { to: '198.51.100.77', source: '192.0.2.3', destination: '10.2.0.9', protocol: 'icmp' }) },
      listing,
    ],
  },
  {
    title: 'NETMAP in a chain that is led to from elsewhere, later',
    steps: [
      {
        restore: table('nat', [
          ':map',
          ':unused',
          `-A PREROUTING -d 198.51.100.0/24 -j map`,
          `-A map ${toRight}`,
          '-A unused -j NETMAP --to 192.0.2.0/24',
          '-A unused -j ACCEPT',
        ]),
      },
      { send: flow(1040, { to: outside, destination: '10.2.0.9' }) },
      // both ends of the kernel's choice: the destination by PREROUTING and OUTPUT
      { run: 'iptables-legacy -t nat -A OUTPUT -d 198.51.100.0/24 -j map' },
      { send: own(1041, outside, '10.2.0.9') },
      // and the source by POSTROUTING
      { run: 'iptables-legacy -t nat -F PREROUTING && iptables-legacy -t nat -F OUTPUT' },
      { send: flow(1042, { to: '10.2.0.9' }) },
      { run: 'iptables-legacy -t nat -A POSTROUTING -s 10.1.0.0/24 -j map' },
      { send: flow(1043, { source: '10.2.0.2' }) },
      { run: 'iptables-legacy -t nat -A POSTROUTING -p icmp -j unused' },
      // no list of connections: on a slow machine the first of them have run out by now
      { send: flow(1044, { source: '10.2.0.2', protocol: 'tcp' }) },
    ],
  },
];

/** nft alone has no NETMAP for two such hooks. */
const netmapBehindEnd: readonly PacketCase[] = [
  {
    title: 'NETMAP in a chain that a rule behind the end of another hook would lead to',
    steps: [
      {
        restore: table('nat', [
          ':map',
          `-A OUTPUT -d 198.51.100.0/24 -j map`,
          '-A POSTROUTING -j RETURN',
          '-A POSTROUTING -s 10.2.0.0/24 -j map',
          `-A map ${toRight}`,
        ]),
      },
      { send: own(1045, outside, '10.2.0.9') },
      { send: flow(1046, { to: '10.2.0.9' }) },
    ],
  },
];

const sender = (port: number) => sent('left', udp({ sport: port, dport: 9 }), { destination: address.hostLeft });
/** One to a closed port here; the answer has a socket of the kernel's own. */
const local = [
  sender(1050),
  sent('left', tcp({ sport: 1051, dport: 9, flags: 2 }), { destination: address.hostLeft }),
  sent('host', udp({ sport: 1052, dport: 9 }), { source: address.hostRight }),
  sent('right', udp({ sport: 9, dport: 1052 }), { source: address.right, destination: address.hostRight }),
];
const classes = ['--cgroup 0', '! --cgroup 0', '--cgroup 7', '! --cgroup 7'];

const cgroup: readonly PacketCase[] = (['mangle', 'filter', 'nat', 'security'] as const).map((name) => ({
  title: `cgroup in INPUT and OUTPUT of table ${name}, in chains of their own too`,
  steps: [
    {
      restore: table(name, [
        ':class',
        ...['INPUT', 'OUTPUT', 'class'].flatMap((chain) => classes.map((one) => `-A ${chain} -m cgroup ${one}`)),
        '-A INPUT -j class',
      ]),
    },
    { send: local },
    { run: `iptables-legacy -t ${name} -A OUTPUT -j class` },
    { send: local },
    { run: `iptables-legacy -t ${name} -D INPUT -j class` },
    { send: local },
  ],
}));

export const hookCases: Readonly<Record<string, readonly PacketCase[]>> = { NETMAP: netmap, cgroup };

/** What only the kernel's own extensions carry. */
export const xtHookCases: Readonly<Record<string, readonly PacketCase[]>> = { 'NETMAP behind an end': netmapBehindEnd };
