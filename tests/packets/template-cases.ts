import { type PacketCase, table } from './case.ts';
import { flows } from './flows.ts';
import { address, type Sent, sent } from './packet.ts';
import { tcp, udp } from './transport.ts';

/** What rules tell of a packet that has a template, as CT gives it, and of one that has nothing yet. */
const tellInRaw: readonly string[] = [
  '-m connlabel --label 1',
  '-m connlabel ! --label 1',
  '-m connmark --mark 0',
  '-m connmark ! --mark 0',
  '-m connmark --mark 0/1',
  '-m connmark ! --mark 1',
  '-m connbytes --connbytes 0 --connbytes-mode packets --connbytes-dir both',
  '-m connbytes ! --connbytes 5:6 --connbytes-mode bytes --connbytes-dir original',
  '-m helper --helper ftp',
  '-m helper ! --helper ftp',
  '-m conntrack ! --ctstate DNAT,SNAT',
  '-m conntrack --ctstate NEW,DNAT',
  '-m conntrack --ctstate INVALID',
];

/** CT with options that a template keeps in different places. */
function toldInRaw(target: string): PacketCase {
  return {
    title: `what rules tell of the template of ${target}`,
    steps: [
      {
        restore: table('raw', [
          `-A PREROUTING -p tcp -j ${target}`,
          ...tellInRaw.flatMap((one) => [`-A PREROUTING -p tcp ${one}`, `-A PREROUTING -p udp ${one}`]),
        ]),
      },
      { send: flows },
    ],
  };
}

/** What a rule of CT's before conntrack does to rules before it. */
const seenInRaw: PacketCase = {
  title: 'templates of CT',
  steps: [
    {
      restore: table('raw', [
        '-A PREROUTING -p udp -j CT --ctevents new',
        ...['', '! '].flatMap((not) =>
          [
            '--ctorigsrc 10.1.0.2',
            '--ctorigdst 0.0.0.0',
            '--ctreplsrc 10.0.0.0/8',
            '--ctproto 17',
            '--ctstate NEW',
          ].map((one) => `-A PREROUTING -m conntrack ${not}${one}`),
        ),
      ]),
    },
    { send: flows },
  ],
};

const UNTRACKED_TTL = 77;
/** Connections, then packets of theirs that aren't tracked, all to be rejected. */
const untracked: readonly Sent[] = [
  tcp(),
  udp(),
  tcp({ sport: 1025, dport: 81 }),
  tcp({ sport: 1026, flags: 0x10 }),
].flatMap((transport) =>
  [address.right, address.hostLeft].flatMap((destination) => [
    sent('left', transport, { destination, ttl: UNTRACKED_TTL }),
    sent('left', transport, { destination }),
    sent('left', transport, { destination, ttl: UNTRACKED_TTL }),
  ]),
);
const states = ['NEW', 'ESTABLISHED', 'RELATED', 'INVALID', 'UNTRACKED'];

/** What the kernel sends for packets that aren't tracked bears a state before it gets to raw: its targets leave it alone. */
function answered(target: string): PacketCase {
  const reject = ['FORWARD', 'INPUT'].flatMap((chain) => [
    ...states.map((state) => `-A ${chain} -m conntrack --ctstate ${state}`),
    `-A ${chain} -m ttl --ttl-lt ${UNTRACKED_TTL - 10} -j ACCEPT`,
    `-A ${chain} -p tcp -m tcp --dport 80 -j REJECT --reject-with tcp-reset`,
    `-A ${chain} -j REJECT`,
  ]);
  return {
    title: `${target} of what answers untracked packets`,
    needsXt: true,
    steps: [
      {
        restore:
          table('raw', [
            `-A PREROUTING -m ttl --ttl-eq ${UNTRACKED_TTL} -j CT --notrack`,
            `-A OUTPUT -j ${target}`,
            ...states.map((state) => `-A OUTPUT -m conntrack --ctstate ${state}`),
          ]) + table('filter', [...reject, ...states.map((state) => `-A OUTPUT -m conntrack --ctstate ${state}`)]),
      },
      { send: untracked },
    ],
  };
}

export const templateCases: readonly PacketCase[] = [
  seenInRaw,
  ...['CT --helper ftp', 'CT --ctevents new', 'CT --zone 5'].map(toldInRaw),
  ...['NOTRACK', 'CT --notrack', 'CT', 'CT --zone 5', 'CT --zone-orig 5', 'CT --zone-reply 5', 'CT --ctevents new'].map(
    answered,
  ),
];
