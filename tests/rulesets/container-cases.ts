import { address, sent } from '../packets/packet.ts';
import { tcp, udp } from '../packets/transport.ts';
import { fixture } from './fixture.ts';
import { flow, knocks } from './flows.ts';
import { renamed } from './renamed.ts';
import type { DeviceCase } from './ruleset-case.ts';

const { left, hostLeft } = address;

export const docker: DeviceCase = {
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
export const kubeProxy: DeviceCase = {
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
