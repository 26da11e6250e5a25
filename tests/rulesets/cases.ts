import { type PacketCase, table } from '../packets/case.ts';
import { address, sent } from '../packets/packet.ts';
import { icmp, plain, tcp, udp } from '../packets/transport.ts';
import { fixture } from './fixture.ts';
import { flow, knocks, repeated } from './flows.ts';
import { renamed } from './renamed.ts';

const ESP = 50;
const { left, right, hostLeft, hostRight } = address;

/** A ruleset and flows for it. */
export interface RulesetCase extends PacketCase {
  /** Parts of rules that must have counted packets: else the flows miss what they are for. */
  readonly counted: readonly string[];
}

/** A case for devices of other names. */
type DeviceCase = RulesetCase & ReturnType<typeof renamed>;

const docker: DeviceCase = {
  title: 'docker: published ports, containers that call out, what is kept apart',
  counted: [
    'DOCKER-USER -s 203.0.113.0/24 -i eth0',
    '--reject-with tcp-reset',
    'DOCKER-ISOLATION-STAGE-2 -o br-4fd1a2b3c4d5 -j DROP',
    '-s 172.17.0.0/16 ! -o docker0 -j MASQUERADE',
    'OUTPUT ! -d 127.0.0.0/8',
    '--to-destination 172.18.0.2:5432',
    '-A PREROUTING -d 172.17.0.2/32 ! -i docker0 -j DROP',
  ],
  ...renamed({ left: 'eth0', right: 'docker0' }, [
    'address add 172.17.0.1/16 dev docker0',
    'tuntap add mode tun br-4fd1a2b3c4d5',
    'link set br-4fd1a2b3c4d5 up',
    'address add 172.18.0.1/16 dev br-4fd1a2b3c4d5',
  ]),
  steps: [
    { restore: fixture('docker') },
    {
      send: [
        ...flow('tcp', 'left', [`${left}:1024`, `${hostLeft}:8080`], ['right', '172.17.0.2:80', `${left}:1024`]),
        ...flow('udp', 'left', [`${left}:1025`, `${hostLeft}:5353`], ['right', '172.17.0.3:53', `${left}:1025`]),
        ...flow('tcp', 'left', [`${left}:1026`, `${hostLeft}:9443`]),
        ...flow('tcp', 'right', ['172.17.0.2:1030', `${left}:80`], ['left', `${left}:80`, `${hostLeft}:1030`]),
        ...flow('icmp', 'right', ['172.17.0.3:1031', `${left}:0`], ['left', `${left}:1031`, `${hostLeft}:1031`]),
        ...flow('udp', 'right', ['172.17.0.2:1032', '172.17.0.3:53'], ['right', '172.17.0.3:53', '172.17.0.2:1032']),
        ...flow('tcp', 'right', ['172.17.0.2:1033', `${hostLeft}:8080`]),
        ...flow(
          'tcp',
          'host',
          [`${hostLeft}:1034`, `${hostLeft}:8443`],
          ['right', '172.17.0.2:443', `${hostLeft}:1034`],
        ),
        ...knocks('left', left, '172.17.0.2', [80, 22]),
        ...knocks('left', '203.0.113.9', hostLeft, [8080, 5353]),
        ...knocks('left', left, '172.18.0.2', [5432]),
        ...knocks('left', left, hostLeft, [5432, 8125]),
        ...knocks('right', '172.17.0.2', '172.18.0.9', [5432]),
        ...knocks('right', '172.17.0.2', hostLeft, [5432]),
        ...knocks('left', left, hostLeft, [22, 3000]),
      ],
    },
  ],
};

/** Services with one endpoint, or none, where nothing is masqueraded: nothing is by chance. */
const kubeProxy: DeviceCase = {
  title: 'kube-proxy: services with one endpoint, node ports, load balancer, no endpoints',
  counted: [
    '--name KUBE-SEP-S3HAQPJU36NR2DH4',
    'KUBE-PROXY-FIREWALL -d',
    'KUBE-FORWARD -m conntrack --ctstate INVALID',
    'shop/empty has no endpoints" -m tcp --dport 80',
    'shop/empty has no endpoints" -m addrtype',
    'KUBE-SVL-',
  ],
  ...renamed({ left: 'eth0', right: 'cni0' }, [
    'address add 10.244.1.1/24 dev cni0',
    'route add 10.244.2.0/24 dev eth0',
    'route add default dev eth0',
  ]),
  steps: [
    { restore: fixture('kube-proxy') },
    {
      send: [
        ...flow(
          'tcp',
          'right',
          ['10.244.1.99:1024', '10.96.11.20:80'],
          ['right', '10.244.1.10:8080', '10.244.1.99:1024'],
        ),
        ...flow(
          'udp',
          'right',
          ['10.244.1.99:1025', '10.96.15.60:8125'],
          ['right', '10.244.1.51:8125', '10.244.1.99:1025'],
        ),
        ...flow('tcp', 'right', ['10.244.1.99:1026', '10.96.0.1:443']),
        ...[1027, 1028].flatMap((port) =>
          flow(
            'tcp',
            'right',
            [`10.244.1.99:${port}`, '10.96.13.41:80'],
            ['right', '10.244.1.34:8083', `10.244.1.99:${port}`],
          ),
        ),
        ...flow('tcp', 'right', ['10.244.1.99:1029', '10.96.16.70:80']),
        ...flow('tcp', 'left', [`${left}:1024`, `${hostLeft}:30090`], ['right', '10.244.1.41:8084', `${left}:1024`]),
        ...flow('tcp', 'left', [`${left}:1025`, '198.51.100.80:80'], ['right', '10.244.1.41:8084', `${left}:1025`]),
        ...flow('tcp', 'right', ['10.244.1.98:1030', '10.244.2.42:80'], ['left', '10.244.2.42:80', '10.244.1.98:1030']),
        ...knocks('left', '203.0.113.5', '198.51.100.80', [80, 81]),
        ...knocks('left', left, hostLeft, [30070, 31080, 30071]),
        sent('right', tcp({ flags: 0 }), { source: '10.244.1.98', destination: '10.244.2.42' }),
        sent('left', udp(), { source: left, destination: '10.244.1.10' }),
      ],
    },
  ],
};

const openwrt: DeviceCase = {
  title: 'openwrt: masquerading, port forwards and their reflection, zones that refuse',
  counted: [
    'zone_lan_postrouting -s 192.168.1.0/24',
    'zone_lan_prerouting -s 192.168.1.0/24',
    'zone_wan_postrouting -m comment --comment "!fw3" -j MASQUERADE',
    'zone_wan_postrouting -d 198.51.100.0/24',
    '--clamp-mss-to-pmtu',
    'DSCP',
    'TTL',
    '--helper ftp',
    '!fw3: Children',
    'REDIRECT --to-ports 123',
    'reject -p tcp',
    'zone_wan_forward -p esp',
  ],
  ...renamed({ left: 'br-lan', right: 'pppoe-wan' }, ['address add 192.168.1.1/24 dev br-lan']),
  steps: [
    { restore: fixture('openwrt') },
    {
      send: [
        ...flow('tcp', 'left', ['192.168.1.100:1024', `${right}:80`], ['right', `${right}:80`, `${hostRight}:1024`]),
        ...flow('icmp', 'left', ['192.168.1.100:1025', `${right}:0`], ['right', `${right}:1025`, `${hostRight}:1025`]),
        ...flow(
          'udp',
          'left',
          ['192.168.1.100:5060', `${right}:5060`],
          ['right', `${right}:5060`, `${hostRight}:5060`],
        ),
        ...flow(
          'tcp',
          'left',
          ['192.168.1.100:1026', '198.51.100.7:80'],
          ['right', '198.51.100.7:80', '192.168.1.100:1026'],
        ),
        ...flow(
          'tcp',
          'left',
          ['192.168.1.100:1027', `${hostRight}:8080`],
          ['left', '192.168.1.10:80', '192.168.1.1:1027'],
        ),
        ...flow('tcp', 'right', [`${right}:1028`, `${hostRight}:2222`], ['left', '192.168.1.11:22', `${right}:1028`]),
        ...flow(
          'udp',
          'right',
          [`${right}:1029`, `${hostRight}:27016`],
          ['left', '192.168.1.12:27016', `${right}:1029`],
        ),
        ...flow('udp', 'left', ['192.168.1.100:1030', `${right}:123`]),
        ...flow('tcp', 'left', ['192.168.1.66:1031', `${right}:80`]),
        ...flow('tcp', 'left', ['192.168.1.100:1032', `${right}:21`], ['right', `${right}:21`, `${hostRight}:1032`]),
        ...[[2, 4, 5, 180], [2, 4, 0x23, 0x28], []].map((options, nth) =>
          sent('left', tcp({ sport: 1040 + nth, options }), { source: '192.168.1.100', destination: right, ttl: 9 }),
        ),
        ...knocks('right', right, hostRight, [22, 80, 68]),
        ...knocks('right', right, '192.168.1.10', [80, 500]),
        sent('right', icmp(), { source: right, destination: hostRight }),
        sent('right', icmp({ type: 13 }), { source: right, destination: hostRight }),
        sent('right', plain(ESP), { source: right, destination: '192.168.1.10' }),
        sent('right', plain(2), { source: right, destination: hostRight }),
        sent('left', tcp({ flags: 0 }), { source: '192.168.1.100', destination: right }),
        sent('left', udp({ dport: 53 }), { source: '192.168.1.100', destination: '192.168.1.1' }),
        sent('host', udp({ dport: 9 }), { source: hostRight, destination: right }),
        sent('host', tcp({ dport: 9 }), { source: '192.168.1.1', destination: '192.168.1.100' }),
      ],
    },
  ],
};

const ufw: DeviceCase = {
  title: 'ufw: allowed, denied, rejected, limited, routed, logged',
  counted: [
    'ufw-user-limit -j REJECT',
    'ufw-user-limit -m limit',
    'ufw-after-logging-input',
    'ufw-logging-deny',
    'ufw-before-input -m conntrack --ctstate INVALID -j DROP',
    'ufw-user-input -p tcp -m multiport --dports 80,443',
    'MASQUERADE',
    'ufw-user-logging-forward',
    'ufw-after-input -p udp -m udp --dport 137',
    'ufw-user-output',
    'ufw-track-output -p udp',
  ],
  ...renamed({ left: 'eth0', right: 'eth1' }),
  steps: [
    { restore: fixture('ufw') },
    {
      send: [
        ...repeated(8, (nth) => sent('left', tcp({ sport: 3000 + nth, dport: 22 }), { destination: hostLeft })),
        sent('left', tcp({ sport: 3100, dport: 22 }), { source: '10.1.0.3', destination: hostLeft }),
        ...knocks('left', left, hostLeft, [80, 443, 5432, 60_001, 139, 445, 137, 23]),
        ...knocks('left', '10.1.0.66', hostLeft, [25, 80]),
        ...knocks('left', '203.0.113.5', hostLeft, [80, 60_000]),
        ...repeated(13, (nth) => sent('left', udp({ sport: 4000 + nth, dport: 9999 }), { destination: hostLeft })),
        sent('left', plain(ESP), { destination: hostLeft }),
        sent('left', icmp(), { destination: hostLeft }),
        sent('left', icmp({ type: 13 }), { destination: hostLeft }),
        sent('left', tcp({ flags: 0 }), { destination: hostLeft }),
        sent('left', udp({ sport: 5353, dport: 5353 }), { destination: '224.0.0.251' }),
        sent('left', udp({ dport: 137 }), { destination: '10.1.0.255' }),
        ...flow('tcp', 'left', [`${left}:1024`, `${hostLeft}:8000`], ['right', `${right}:8080`, `${left}:1024`]),
        ...flow('tcp', 'right', [`${right}:1025`, `${left}:80`], ['left', `${left}:80`, `${hostLeft}:1025`]),
        ...flow('icmp', 'left', [`${left}:1026`, `${right}:0`], ['right', `${right}:1026`, `${left}:1026`]),
        ...flow('udp', 'left', [`${left}:1027`, `${right}:53`]),
        ...flow('udp', 'host', [`${hostLeft}:1028`, `${left}:53`], ['left', `${left}:53`, `${hostLeft}:1028`]),
        ...flow('tcp', 'host', [`${hostLeft}:1029`, '10.1.0.99:25']),
      ],
    },
  ],
};

const banned = ['10.1.0.66', '10.1.0.68', '10.1.0.70', '10.1.0.71', '10.1.0.80', '10.1.0.90', '198.18.0.9', left];

const fail2ban: DeviceCase = {
  title: 'fail2ban: jails, recent, connlimit, hashlimit, string',
  counted: [
    'f2b-sshd -s 10.1.0.66/32',
    'f2b-recidive -s 198.18.0.0/15',
    '--update --seconds 3600',
    '--string',
    '--hashlimit-above',
    '[3:120] -A FORWARD -p tcp -m tcp --dport 8081',
    'f2b-asterisk-udp -s',
    'f2b-mysqld-auth -s',
    'f2b-postfix-sasl -s 10.1.0.70/32',
    'f2b route 0',
  ],
  ...renamed({ left: 'eth0', right: 'eth1' }),
  steps: [
    { restore: fixture('fail2ban') },
    {
      send: [
        ...banned.flatMap((source) => knocks('left', source, hostLeft, [22, 80, 25, 53, 5060, 3306])),
        sent('left', tcp({ dport: 8888 }), { source: '10.1.0.30', destination: hostLeft }),
        ...knocks('left', '10.1.0.30', hostLeft, [22, 8888]),
        ...repeated(6, (nth) => sent('left', tcp({ sport: 1024 + nth, dport: 8081 }))),
        ...repeated(7, (nth) => sent('left', tcp({ sport: 1024 + nth, dport: 8082 }), { destination: hostLeft })),
        sent('left', tcp({ sport: 1024, dport: 8082 }), { source: '10.1.0.3', destination: hostLeft }),
        ...['/w00tw00t.at.ISC', 'harmless'].map((text) =>
          sent('left', { protocol: 17, bytes: () => datagram(text) }, { destination: hostLeft }),
        ),
      ],
    },
  ],
};

/** To UDP port 7, without a checksum. */
function datagram(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x04, 0x01, 0, 7, 0, 8 + text.length, 0, 0]), Buffer.from(text)]);
}

const firewalld: DeviceCase = {
  title: 'firewalld: zones by device and source, forward ports, rich rules',
  counted: [
    'IN_public_deny -s 10.1.0.66/32',
    'LOG --log-prefix',
    'NFLOG',
    '-A PRE_public_allow -p tcp -m mark --mark 0x64',
    '-A PRE_public_allow -p udp -m mark --mark 0x65',
    'REDIRECT',
    'POST_public_allow',
    'IN_trusted -j ACCEPT',
    'IN_drop -j DROP',
    '--helper netbios-ns',
    'FWDI_public_deny',
    'INPUT -m conntrack --ctstate INVALID',
    'FORWARD -j REJECT',
  ],
  ...renamed({ left: 'eth0', right: 'eth1' }),
  steps: [
    { restore: fixture('firewalld') },
    {
      send: [
        ...[left, '10.1.0.66', '10.1.0.77', '10.1.0.81', '203.0.113.5'].flatMap((source) =>
          knocks('left', source, hostLeft, [22, 443, 5353, 23]),
        ),
        ...flow('tcp', 'left', [`${left}:1024`, `${hostLeft}:8080`], ['right', `${right}:80`, `${left}:1024`]),
        ...flow('udp', 'left', [`${left}:1025`, `${hostLeft}:5353`], ['right', '10.2.0.9:5353', `${left}:1025`]),
        ...flow('tcp', 'left', [`${left}:1026`, `${hostLeft}:2222`]),
        ...flow('tcp', 'right', [`${right}:1027`, `${left}:80`], ['left', `${left}:80`, `${hostLeft}:1027`]),
        ...flow('icmp', 'right', [`${right}:1028`, `${left}:0`], ['left', `${left}:1028`, `${hostLeft}:1028`]),
        ...flow('udp', 'right', [`${right}:1029`, `${hostRight}:137`]),
        ...flow('udp', 'right', [`${right}:1030`, `${hostRight}:69`]),
        ...knocks('left', left, right, [23, 80]),
        ...knocks('left', '10.1.0.77', right, [23, 80]),
        ...knocks('left', '203.0.113.5', right, [80]),
        sent('left', icmp(), { destination: hostLeft }),
        sent('left', icmp({ type: 13 }), { destination: hostLeft }),
        sent('left', icmp(), { destination: right }),
        sent('left', tcp({ flags: 0 }), { destination: hostLeft }),
        sent('left', udp({ dport: 5353 }), { destination: '224.0.0.251' }),
        sent('left', udp({ dport: 9 }), { destination: '10.1.0.255' }),
      ],
    },
  ],
};

const limited = ['--set', '--update --seconds 3600 --hitcount 6 -j DROP'].map(
  (what) => `-A INPUT -p tcp -m tcp --dport 22 -m recent --name limited ${what}`,
);
const fourKnocks = (port: number) => ({
  send: repeated(4, (nth) => sent('left', tcp({ sport: port + nth, dport: 22 }), { destination: hostLeft })),
});

/** What recent knows goes with the last rule that names it, at once, and stays while one does. */
const recentCases: readonly RulesetCase[] = [
  {
    title: 'recent: forgotten between two tables that name it',
    counted: ['[4:160] -A INPUT -p tcp -m tcp --dport 22 -m recent --set'],
    steps: [
      { restore: table('filter', limited) },
      fourKnocks(3000),
      { restore: table('filter', []) },
      { restore: table('filter', limited) },
      fourKnocks(3100),
    ],
  },
  {
    title: 'recent: known to the next table that names it',
    counted: ['[3:120] -A INPUT -p tcp -m tcp --dport 22 -m recent --update'],
    steps: [
      { restore: table('filter', limited) },
      fourKnocks(3000),
      { restore: table('filter', ['-A INPUT -p udp', ...limited]) },
      fourKnocks(3100),
    ],
  },
];

/** A ruleset each, with flows whose every packet and counter is told by the rules. */
export const rulesetCases: readonly RulesetCase[] = [
  ...[docker, kubeProxy, openwrt, ufw, fail2ban, firewalld].map(({ before, steps, ...rest }) => ({
    ...rest,
    steps: [...before, ...steps],
  })),
  ...recentCases,
];
