import { table } from './case.ts';
import type { NatCase } from './nat-case.ts';
import { oddSynproxy } from './odd-nat-cases.ts';
import { address, type Sent, sent } from './packet.ts';
import { tcp, udp } from './transport.ts';

const synproxyOptions = ['', ' --sack-perm --timestamp --wscale 7 --mss 1460', ' --ecn --mss 536'];
const handshakes: readonly Sent[] = [
  ...[0x02, 0xc2, 0x12, 0x03, 0x06, 0x10, 0x18, 0x11, 0x14, 0x01, 0x04, 0x00].flatMap((flags, at) => [
    sent('left', tcp({ sport: 1024 + at, flags, data: at })),
    sent('left', tcp({ sport: 2024 + at, flags, data: at, checksumError: 1 })),
    sent(
      'left',
      tcp({ sport: 3024 + at, flags, options: [2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 3, 3, 5] }),
    ),
    sent('left', tcp({ sport: 4024 + at, flags, options: [2, 40, 5, 180] })),
    sent('left', tcp({ sport: 5024 + at, flags }), { destination: address.hostLeft }),
  ]),
  sent('left', udp()),
];

/** Answers carry cookies: they are compared without. */
const handshakeCases: readonly NatCase[] = synproxyOptions.map((options) => ({
  title: `SYNPROXY${options}`,
  made: ['"on":"left"'],
  steps: [
    {
      restore: table('filter', [
        `-A FORWARD -p tcp -j SYNPROXY${options}`,
        '-A FORWARD',
        ':user',
        '-A INPUT -p tcp -j user',
        `-A user -p tcp -m tcp --dport 80 -j SYNPROXY${options}`,
        '-A user',
      ]),
    },
    { send: handshakes },
  ],
}));

export const synproxyCases: readonly NatCase[] = [...handshakeCases, oddSynproxy];
