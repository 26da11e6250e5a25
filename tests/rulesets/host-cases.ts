import { address, sent } from '../packets/packet.ts';
import { icmp, plain, tcp, udp } from '../packets/transport.ts';
import { fixture } from './fixture.ts';
import { flow, knocks, repeated } from './flows.ts';
import { renamed } from './renamed.ts';
import type { DeviceCase } from './ruleset-case.ts';

const ESP = 50;
const { left, right, hostLeft, hostRight } = address;

export const ufw: DeviceCase = {
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

export const firewalld: DeviceCase = {
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
