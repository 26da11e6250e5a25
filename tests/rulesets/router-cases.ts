import { address, sent } from '../packets/packet.ts';
import { icmp, plain, tcp, udp } from '../packets/transport.ts';
import { fixture } from './fixture.ts';
import { flow, knocks } from './flows.ts';
import { renamed } from './renamed.ts';
import type { DeviceCase } from './ruleset-case.ts';

const ESP = 50;
const { right, hostRight } = address;

export const openwrt: DeviceCase = {
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
