import { table } from '../packets/case.ts';
import { address, sent } from '../packets/packet.ts';
import { tcp } from '../packets/transport.ts';
import { fixture } from './fixture.ts';
import { knocks, repeated } from './flows.ts';
import { renamed } from './renamed.ts';
import type { DeviceCase, RulesetCase } from './ruleset-case.ts';

const { left, hostLeft } = address;

const banned = ['10.1.0.66', '10.1.0.68', '10.1.0.70', '10.1.0.71', '10.1.0.80', '10.1.0.90', '198.18.0.9', left];

export const fail2ban: DeviceCase = {
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

const limited = ['--set', '--update --seconds 3600 --hitcount 6 -j DROP'].map(
  (what) => `-A INPUT -p tcp -m tcp --dport 22 -m recent --name limited ${what}`,
);
const fourKnocks = (port: number) => ({
  send: repeated(4, (nth) => sent('left', tcp({ sport: port + nth, dport: 22 }), { destination: hostLeft })),
});

/** What recent knows goes with the last rule that names it, at once, and stays while one does. */
export const recentCases: readonly RulesetCase[] = [
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
