import { fileURLToPath } from 'node:url';
import { type PacketCase, table } from './case.ts';
import { type End, type NatFlow, natFlow } from './nat-flows.ts';
import { fragments, odd, pieces, truncated } from './odd-packets.ts';
import { address, type Sent, sent } from './packet.ts';
import { mixedProbes, through } from './probes.ts';
import { icmp, tcp, udp } from './transport.ts';

/** Rules and flows, and what must come of them in the kernel: else the rules did nothing. */
export interface NatCase extends PacketCase {
  /** In the results as JSON: of conntrack's list, of what was emitted, of counters. */
  readonly made: readonly (string | RegExp)[];
}

/** The tracked connections, without their times. */
const listing = `sed -E 's/^(ipv4 +2 [a-z]+ +[0-9]+) [0-9]+ /\\1 /; s/ use=[0-9]+//' /proc/net/nf_conntrack | sort`;

/** Counts in every chain of filter, so that it shows which addresses filter sees. */
const watching = ['10.2.0.9', '10.1.0.1', '127.0.0.1', '10.1.0.2', '10.2.0.50'].flatMap((one) =>
  ['INPUT', 'FORWARD', 'OUTPUT'].flatMap((chain) => [`-A ${chain} -s ${one}`, `-A ${chain} -d ${one}`]),
);
const watchedFilter = table('filter', [
  ...watching,
  ...['FORWARD', 'INPUT', 'OUTPUT'].flatMap((chain) =>
    ['DNAT', 'SNAT'].map((status) => `-A ${chain} -m conntrack --ctstate ${status}`),
  ),
]);

function natCase(title: string, rules: readonly string[], flows: readonly NatFlow[], made: NatCase['made']): NatCase {
  return {
    title,
    made,
    steps: [{ restore: table('nat', rules) + watchedFilter }, { send: flows.flatMap(natFlow) }, { run: listing }],
  };
}

const left = (port: number): End => ({ ip: address.left, port });
const right = (port: number): End => ({ ip: address.right, port });

/** From left to right, changed to these ends on the way. */
function forwarded(
  protocol: NatFlow['protocol'],
  { from = left(1024), to = right(80), source = from, destination = to }: Partial<Record<string, End>> = {},
): NatFlow {
  return { protocol, at: 'left', from, to, answer: { at: 'right', from: destination, to: source } };
}

const other = (port: number): End => ({ ip: '10.2.0.9', port });
const masked = (port: number): End => ({ ip: '10.2.0.50', port });

/** A flow of each kind, changed in the same way. */
function eachKind(change: { readonly source?: (port: number) => End; readonly destination?: (port: number) => End }) {
  const { source = left, destination = right } = change;
  return [
    forwarded('tcp', { source: source(1024), destination: destination(80) }),
    forwarded('udp', { to: right(53), source: source(1024), destination: destination(53) }),
    forwarded('icmp', { source: source(1024), destination: destination(1024) }),
  ];
}

const dnatCases: readonly NatCase[] = [
  natCase(
    'DNAT to an address',
    ['-A PREROUTING -i left -j DNAT --to-destination 10.2.0.9'],
    eachKind({ destination: other }),
    ['src=10.2.0.9 dst=10.1.0.2 sport=80 dport=1024', 'src=10.2.0.9 dst=10.1.0.2 type=0'],
  ),
  natCase(
    'DNAT to a port',
    [
      '-A PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.2.0.9:8080',
      '-A PREROUTING -p udp -j DNAT --to-destination :5353',
      '-A PREROUTING -p icmp -j DNAT --to-destination 10.2.0.9:77',
      '-A PREROUTING',
    ],
    [
      forwarded('tcp', { destination: other(8080) }),
      forwarded('tcp', { from: left(1025), to: right(81) }),
      forwarded('udp', { to: right(53), destination: right(5353) }),
      forwarded('icmp', { destination: other(77) }),
    ],
    ['src=10.2.0.9 dst=10.1.0.2 sport=8080 dport=1024', 'sport=5353 dport=1024', 'sport=81 dport=1025'],
  ),
  natCase(
    'DNAT to ranges',
    [
      '-A PREROUTING -p tcp -j DNAT --to-destination 10.2.0.8-10.2.0.15:2000-2010',
      '-A PREROUTING -p udp -j DNAT --to-destination 10.2.0.8-10.2.0.15 --persistent',
    ],
    [1, 2, 3, 4, 5, 6, 7, 8].flatMap((host) => [
      { protocol: 'tcp', at: 'left', from: { ip: `10.1.0.${host + 20}`, port: 1024 }, to: right(80) } as const,
      { protocol: 'udp', at: 'left', from: { ip: `10.1.0.${host + 20}`, port: 1024 }, to: right(53) } as const,
      { protocol: 'udp', at: 'left', from: { ip: `10.1.0.${host + 20}`, port: 1026 }, to: right(54) } as const,
    ]),
    ['sport=2000 dport=1024', 'dst=10.1.0.21 sport=53'],
  ),
  natCase(
    'DNAT to one port at random, ports in a range are kept',
    [
      '-A PREROUTING -p tcp -j DNAT --to-destination 10.2.0.9:8080 --random --persistent',
      '-A PREROUTING -p udp -j DNAT --to-destination 10.2.0.9:50-60',
    ],
    [
      forwarded('tcp', { destination: other(8080) }),
      forwarded('udp', { to: right(53), destination: other(53) }),
      forwarded('udp', { from: left(9), to: right(99), destination: other(50) }),
    ],
    ['src=10.2.0.9 dst=10.1.0.2 sport=8080', 'sport=53 dport=1024', 'sport=50 dport=9'],
  ),
  natCase(
    'DNAT in OUTPUT',
    ['-A OUTPUT -d 10.2.0.2 -j DNAT --to-destination 10.2.0.9', '-A OUTPUT -p udp -j DNAT --to-destination :99'],
    (['tcp', 'udp', 'icmp'] as const).map((protocol) => ({
      protocol,
      at: 'host',
      from: { ip: address.hostRight, port: 1024 },
      to: right(80),
      answer: {
        at: 'right',
        from: other(protocol === 'icmp' ? 1024 : 80),
        to: { ip: address.hostRight, port: 1024 },
      },
    })),
    ['src=10.2.0.9 dst=10.2.0.1 sport=80 dport=1024'],
  ),
  natCase(
    'DNAT to the host itself',
    ['-A PREROUTING -d 10.2.0.2 -j DNAT --to-destination 10.1.0.1'],
    (['tcp', 'udp', 'icmp'] as const).map((protocol) => ({
      protocol,
      at: 'left',
      from: left(1024),
      to: right(80),
    })),
    ['src=10.1.0.1 dst=10.1.0.2'],
  ),
  natCase(
    'the first DNAT, ACCEPT or RETURN decides',
    [
      ':user',
      ':other',
      '-A PREROUTING -p icmp -j ACCEPT',
      '-A PREROUTING -p tcp -j user',
      '-A PREROUTING -p udp -g other',
      '-A PREROUTING -j DNAT --to-destination 10.2.0.13',
      '-A user -p tcp -m tcp --dport 81 -j RETURN',
      '-A user -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.2.0.9',
      '-A user -j ACCEPT',
      '-A other -p udp -m udp --dport 53 -j RETURN',
      '-A other -j DNAT --to-destination 10.2.0.9',
    ],
    [
      forwarded('icmp'),
      forwarded('tcp', { destination: other(80) }),
      forwarded('tcp', { from: left(1025), to: right(81), destination: { ip: '10.2.0.13', port: 81 } }),
      forwarded('tcp', { from: left(1026), to: right(82) }),
      forwarded('udp', { to: right(53) }),
      forwarded('udp', { to: right(54), destination: other(54) }),
    ],
    ['src=10.2.0.13 dst=10.1.0.2 sport=81', 'src=10.2.0.9 dst=10.1.0.2 sport=54', 'src=10.2.0.2 dst=10.1.0.2 sport=53'],
  ),
  natCase(
    'DNAT with a limit before it',
    ['-A PREROUTING -p tcp -m limit --limit 1/hour --limit-burst 1 -j DNAT --to-destination 10.2.0.9:8080'],
    [forwarded('tcp', { destination: other(8080) }), forwarded('tcp', { from: left(1025) })],
    ['sport=8080 dport=1024', 'sport=80 dport=1025'],
  ),
];

/** Local packets are routed anew behind OUTPUT. */
const rerouteCases: readonly NatCase[] = [
  natCase(
    'DNAT in OUTPUT to the other side, and home',
    [
      '-A OUTPUT -p tcp -j DNAT --to-destination 10.1.0.2',
      '-A OUTPUT -p udp -j DNAT --to-destination 127.0.0.1:9',
      '-A POSTROUTING -o left -j MASQUERADE',
      '-A INPUT -p udp -j SNAT --to-source 127.0.0.9',
    ],
    [
      {
        protocol: 'tcp',
        at: 'host',
        from: { ip: address.hostRight, port: 1024 },
        to: right(80),
        answer: { at: 'left', from: { ip: address.left, port: 80 }, to: { ip: address.hostLeft, port: 1024 } },
      },
      { protocol: 'udp', at: 'host', from: { ip: address.hostRight, port: 1024 }, to: right(80) },
    ],
    ['src=10.1.0.2 dst=10.1.0.1 sport=80 dport=1024', 'src=127.0.0.1 dst=10.2.0.1 sport=9 dport=1024'],
  ),
];

const shiftCases: readonly NatCase[] = [
  natCase(
    'DNAT shifts ports',
    [
      '-A PREROUTING -p tcp -j DNAT --to-destination 10.2.0.9:1000-1010/2000',
      '-A PREROUTING -p udp -j DNAT --to-destination :500-600/50',
    ],
    [
      forwarded('tcp', { to: right(2003), destination: other(1003) }),
      forwarded('tcp', { from: left(1025), to: right(2010), destination: other(1010) }),
      forwarded('udp', { to: right(53), destination: right(503) }),
    ],
    ['sport=1003 dport=1024', 'sport=1010 dport=1025', 'sport=503 dport=1024'],
  ),
];

const snatCases: readonly NatCase[] = [
  natCase(
    'SNAT to an address',
    ['-A POSTROUTING -o right -j SNAT --to-source 10.2.0.50'],
    eachKind({ source: masked }),
    ['src=10.2.0.2 dst=10.2.0.50 sport=80 dport=1024', 'src=10.2.0.2 dst=10.2.0.50 type=0'],
  ),
  natCase(
    'SNAT to a port',
    [
      '-A POSTROUTING -p tcp -j SNAT --to-source 10.2.0.50:7777 --random --random-fully',
      '-A POSTROUTING -p udp -j SNAT --to-source :1000-2000',
      '-A POSTROUTING -p icmp -j SNAT --to-source 10.2.0.50:78',
    ],
    [
      forwarded('tcp', { source: masked(7777) }),
      forwarded('udp', { to: right(53) }),
      forwarded('icmp', { source: masked(78), destination: right(78) }),
    ],
    ['sport=80 dport=7777', 'sport=53 dport=1024', 'dst=10.2.0.50 type=0 code=0 id=78'],
  ),
  natCase(
    'SNAT to ranges',
    ['-A POSTROUTING -j SNAT --to-source 10.2.0.48-10.2.0.63 --persistent'],
    [1, 2, 3, 4, 5, 6].flatMap((host) => [
      { protocol: 'tcp', at: 'left', from: { ip: `10.1.0.${host + 20}`, port: 1024 + host }, to: right(80) } as const,
      { protocol: 'udp', at: 'left', from: { ip: `10.1.0.${host + 20}`, port: 1024 + host }, to: other(53) } as const,
    ]),
    ['dst=10.2.0.5'],
  ),
  natCase(
    'SNAT in INPUT',
    ['-A INPUT -s 10.1.0.2 -j SNAT --to-source 10.1.0.77'],
    (['tcp', 'udp', 'icmp'] as const).map((protocol) => ({
      protocol,
      at: 'left',
      from: left(1024),
      to: { ip: address.hostLeft, port: 80 },
    })),
    ['src=10.1.0.1 dst=10.1.0.77'],
  ),
  natCase(
    'SNAT and DNAT of one flow',
    [
      '-A PREROUTING -j DNAT --to-destination 10.2.0.9',
      '-A POSTROUTING -d 10.2.0.9 -j SNAT --to-source 10.2.0.50',
      '-A POSTROUTING -d 10.2.0.2',
    ],
    eachKind({ source: masked, destination: other }),
    ['src=10.2.0.9 dst=10.2.0.50 sport=80 dport=1024'],
  ),
  {
    title: 'a flow keeps its translation when the rules go, and has none when they come too late',
    made: ['src=10.2.0.9 dst=10.2.0.50', 'src=10.2.0.2 dst=10.1.0.2 sport=81'],
    steps: [
      {
        // filter keeps conntrack going: without rules for it ip_tables lets go of it at once, nftables a moment later
        restore:
          table('nat', [
            '-A PREROUTING -j DNAT --to-destination 10.2.0.9',
            '-A POSTROUTING -j SNAT --to-source 10.2.0.50',
          ]) + watchedFilter,
      },
      { send: natFlow(forwarded('tcp', { source: masked(1024), destination: other(80) })).slice(0, 3) },
      { restore: table('nat', []) },
      {
        send: [
          ...natFlow(forwarded('tcp', { source: masked(1024), destination: other(80) })).slice(3, 5),
          ...natFlow(forwarded('tcp', { to: right(81) })).slice(0, 2),
        ],
      },
      { restore: table('nat', ['-A PREROUTING -j DNAT --to-destination 10.2.0.13']) },
      { send: natFlow(forwarded('tcp', { to: right(81) })).slice(2, 5) },
      { run: listing },
    ],
  },
];

/** Takes every address off the devices, and the routes back. */
const withoutAddresses = [
  'ip address del 10.1.0.1/24 dev left; ip address del 10.2.0.1/24 dev right',
  'ip route add 10.1.0.0/24 dev left; ip route add 10.2.0.0/24 dev right',
].join('; ');
const withAddresses = [
  'ip route del 10.1.0.0/24 dev left; ip route del 10.2.0.0/24 dev right',
  'ip address add 10.1.0.1/24 dev left; ip address add 10.2.0.1/24 dev right',
].join('; ');

const own = (port: number): End => ({ ip: address.hostRight, port });
const masqueradeCases: readonly NatCase[] = [
  natCase('MASQUERADE', ['-A POSTROUTING -o right -j MASQUERADE'], eachKind({ source: own }), [
    'src=10.2.0.2 dst=10.2.0.1 sport=80 dport=1024',
  ]),
  natCase(
    'MASQUERADE --to-ports',
    [
      '-A POSTROUTING -p tcp -j MASQUERADE --to-ports 7777 --random',
      '-A POSTROUTING -p udp -j MASQUERADE --to-ports 1000-2000',
    ],
    [forwarded('tcp', { source: own(7777) }), forwarded('udp', { to: right(53), source: own(1024) })],
    ['sport=80 dport=7777', 'src=10.2.0.2 dst=10.2.0.1 sport=53 dport=1024'],
  ),
  {
    title: 'MASQUERADE and REDIRECT without an address drop',
    made: ['src=10.2.0.2 dst=10.1.0.2 sport=53'],
    steps: [
      {
        restore:
          table('nat', ['-A PREROUTING -p icmp -j REDIRECT', '-A POSTROUTING -p tcp -j MASQUERADE']) +
          table('filter', ['-A INPUT', '-A FORWARD']),
      },
      { run: withoutAddresses },
      { send: [...natFlow(forwarded('tcp')), ...natFlow(forwarded('udp', { to: right(53) })), sent('left', icmp())] },
      { run: listing },
    ],
    cleanup: withAddresses,
  },
];

const redirectCases: readonly NatCase[] = [
  natCase(
    'REDIRECT',
    ['-A PREROUTING -i left -d 10.2.0.2 -j REDIRECT'],
    (['tcp', 'udp', 'icmp'] as const).map((protocol) => ({ protocol, at: 'left', from: left(1024), to: right(80) })),
    ['src=10.1.0.1 dst=10.1.0.2'],
  ),
  natCase(
    'REDIRECT --to-ports',
    [
      '-A PREROUTING -p tcp -j REDIRECT --to-ports 8080 --random',
      '-A PREROUTING -p udp -j REDIRECT --to-ports 2000-2010',
    ],
    (['tcp', 'udp'] as const).map((protocol) => ({ protocol, at: 'left', from: left(1024), to: right(80) })),
    ['src=10.1.0.1 dst=10.1.0.2 sport=2000 dport=1024'],
  ),
  natCase(
    'REDIRECT in OUTPUT',
    ['-A OUTPUT -p udp -j REDIRECT --to-ports 8080', '-A OUTPUT -j REDIRECT'],
    (['tcp', 'udp', 'icmp'] as const).map((protocol) => ({
      protocol,
      at: 'host',
      from: { ip: address.hostRight, port: 1024 },
      to: right(80),
    })),
    ['src=127.0.0.1 dst=10.2.0.1 sport=8080 dport=1024'],
  ),
];

const netmapCases: readonly NatCase[] = [
  natCase(
    'NETMAP in PREROUTING and POSTROUTING',
    [
      '-A PREROUTING -d 198.51.100.0/24 -j NETMAP --to 10.2.0.0/24',
      '-A POSTROUTING -s 10.1.0.0/24 -j NETMAP --to 192.0.2.0/28',
    ],
    [
      forwarded('tcp', {
        to: { ip: '198.51.100.9', port: 80 },
        source: { ip: '192.0.2.2', port: 1024 },
        destination: other(80),
      }),
      forwarded('udp', { from: { ip: '10.1.0.37', port: 9 }, source: { ip: '192.0.2.5', port: 9 } }),
    ],
    ['src=10.2.0.9 dst=192.0.2.2 sport=80 dport=1024', 'src=10.2.0.2 dst=192.0.2.5'],
  ),
  natCase(
    'NETMAP in INPUT and OUTPUT, and in a chain of all hooks',
    [
      ':both',
      '-A INPUT -s 10.1.0.0/24 -j NETMAP --to 10.1.0.64/26',
      '-A OUTPUT -d 10.2.0.0/24 -j NETMAP --to 10.2.0.64/26',
      '-A PREROUTING -d 198.51.100.7 -j both',
      '-A POSTROUTING -s 192.0.2.7 -j both',
      '-A both -j NETMAP --to 10.2.0.128/25',
    ],
    [
      { protocol: 'udp', at: 'left', from: left(1024), to: { ip: address.hostLeft, port: 80 } },
      { protocol: 'tcp', at: 'left', from: left(1024), to: { ip: address.hostLeft, port: 80 } },
      {
        protocol: 'udp',
        at: 'host',
        from: own(1024),
        to: right(80),
        answer: { at: 'right', from: { ip: '10.2.0.66', port: 80 }, to: own(1024) },
      },
      forwarded('udp', {
        from: { ip: '192.0.2.7', port: 5 },
        to: { ip: '198.51.100.7', port: 6 },
        source: { ip: '10.2.0.135', port: 5 },
        destination: { ip: '10.2.0.135', port: 6 },
      }),
    ],
    ['src=10.1.0.1 dst=10.1.0.66', 'src=10.2.0.66 dst=10.2.0.1'],
  ),
];

const tracked = [
  ...natFlow(forwarded('tcp')),
  ...natFlow(forwarded('udp', { to: right(53) })),
  ...natFlow(forwarded('icmp')),
  ...natFlow({
    protocol: 'udp',
    at: 'host',
    from: own(1024),
    to: right(80),
    answer: { at: 'right', from: right(80), to: own(1024) },
  }),
  ...natFlow({ protocol: 'tcp', at: 'left', from: left(1024), to: { ip: address.hostLeft, port: 80 } }),
];
const states = ['NEW', 'ESTABLISHED', 'RELATED', 'INVALID', 'UNTRACKED'];
const stateFilter = table(
  'filter',
  ['FORWARD', 'INPUT', 'OUTPUT'].flatMap((chain) => states.map((one) => `-A ${chain} -m conntrack --ctstate ${one}`)),
);

/** Rules of raw, and what each state's rules count behind them. */
function rawCase(
  title: string,
  rules: readonly string[],
  made: NatCase['made'],
  send: readonly Sent[] = tracked,
): NatCase {
  return {
    title,
    made,
    steps: [{ restore: table('raw', rules) + stateFilter }, { send }, { run: listing }],
  };
}

const everywhere = (rule: string): readonly string[] => ['PREROUTING', 'OUTPUT'].map((chain) => `-A ${chain} ${rule}`);

const ctCases: readonly NatCase[] = [
  rawCase('CT --notrack', everywhere('-p udp -j CT --notrack'), ['dport=80']),
  rawCase('NOTRACK', everywhere('-p tcp -j NOTRACK'), ['dport=53']),
  rawCase('CT --zone', everywhere('-p udp -j CT --zone 7'), ['zone=7', 'dport=80']),
  rawCase(
    'CT --zone by device',
    ['-A PREROUTING -i left -j CT --zone 7', '-A PREROUTING -i right -j CT --zone 8'],
    ['zone=7'],
  ),
  rawCase('CT --zone-orig', ['-A PREROUTING -i left -j CT --zone-orig 7'], ['zone-orig=7', 'ASSURED']),
  rawCase('CT --zone-reply', everywhere('-j CT --zone-reply 9'), ['zone-reply=9']),
  rawCase('CT alone', everywhere('-j CT'), ['dport=80', 'dport=53']),
  rawCase(
    'the first CT decides',
    [
      ...everywhere('-p udp -j CT --notrack'),
      ...everywhere('-j CT --zone 5'),
      ...everywhere('-p tcp -j NOTRACK'),
      ...everywhere('-j CT --zone 6'),
      ...everywhere('-p icmp'),
    ],
    ['zone=5'],
  ),
  rawCase(
    'CT takes the packet on',
    [':user', ...everywhere('-j user'), '-A user -j CT --zone 3', '-A user -p tcp', ...everywhere('-p udp')],
    ['zone=3'],
  ),
];

const ctXtCases: readonly NatCase[] = [
  rawCase('CT --zone mark', everywhere('-p udp -j CT --zone mark'), ['dport=53']),
  rawCase('CT --helper', everywhere('-p tcp -m tcp --dport 80 -j CT --helper ftp --zone 4'), ['zone=4']),
  rawCase('CT --ctevents', everywhere('-j CT --ctevents new,destroy --expevents new'), ['dport=53']),
];

const traceCases: readonly NatCase[] = [
  rawCase('TRACE', everywhere('-p tcp -j TRACE'), ['dport=80'], through(mixedProbes.slice(0, 3))),
];

const twoAtOnce = /"emitted":\[\{[^\]]*\},\{/;
const everyHook = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'];
const teeTables = {
  mangle: everyHook,
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  raw: ['PREROUTING', 'OUTPUT'],
} as const;

/** Copies of copies aren't made. Without a way to the gateway there is none. */
const teeCases: readonly NatCase[] = (['mangle', 'filter', 'raw'] as const).flatMap((name) =>
  [
    { gateway: '10.2.0.77', made: [twoAtOnce] },
    { gateway: '192.0.2.77', made: [twoAtOnce] },
    { gateway: '203.0.113.1', made: [] },
    { gateway: '192.0.2.77 --oif left', made: [twoAtOnce] },
    { gateway: '192.0.2.77 --oif nowhere', made: [] },
  ].map(
    ({ gateway, made }): NatCase => ({
      title: `TEE --gateway ${gateway} in ${name}`,
      made,
      steps: [
        {
          restore: table(
            name,
            teeTables[name].flatMap((chain) => [
              `-A ${chain} -p udp -j TEE --gateway ${gateway}`,
              `-A ${chain} -p udp`,
            ]),
          ),
        },
        { send: tracked },
      ],
    }),
  ),
);

const LISTENING = 3129;
const listener = fileURLToPath(new URL('./transparent-listener.ts', import.meta.url));
const started = [
  'out=$(mktemp)',
  `'${process.execPath}' --import tsx '${listener}' ${LISTENING} 4 </dev/null >"$out" 2>&1 &`,
  'for i in $(seq 100); do grep -q ready "$out" && break; sleep 0.1; done',
  'cat "$out"; rm "$out"',
].join('\n');
const proxied: readonly Sent[] = [
  ...[80, 81].flatMap((port) => [sent('left', udp({ dport: port, data: 5 })), sent('left', tcp({ dport: port }))]),
  sent('left', udp({ dport: LISTENING })),
  sent('left', tcp({ dport: LISTENING, flags: 0x10 })),
  sent('left', udp({ dport: 80, data: 6 }), { destination: '198.51.100.1' }),
  sent('left', icmp()),
  sent('left', udp({ dport: 80 }), { cut: 4 }),
  sent('left', tcp({ dport: 80 }), { cut: 10 }),
];

/** What TPROXY took comes to INPUT with its mark. The answers carry random numbers: OUTPUT counts and drops them. */
function tproxyCase(title: string, rules: readonly string[], made: NatCase['made']): NatCase {
  return {
    title,
    made,
    steps: [
      { run: 'ip rule add fwmark 1/1 lookup 100; ip route add local default dev lo table 100' },
      { run: started },
      {
        restore:
          table('mangle', [
            '-A PREROUTING -p tcp -m tcp --dport 81 -j MARK --set-mark 0x30',
            ...rules,
            '-A PREROUTING',
          ]) +
          table('filter', [
            ...['INPUT', 'FORWARD'].flatMap((chain) =>
              ['0x1', '0x31', '0x0', '0x30'].map((mark) => `-A ${chain} -m mark --mark ${mark}`),
            ),
            '-A OUTPUT -p tcp -m tcp --tcp-flags SYN,ACK SYN,ACK -j DROP',
          ]),
      },
      { send: proxied },
    ],
    cleanup: 'ip rule del fwmark 1/1; ip route flush table 100; sleep 4',
  };
}

const tproxyCases: readonly NatCase[] = [
  tproxyCase(
    'TPROXY to a socket, marked',
    ['tcp', 'udp'].map((one) => `-A PREROUTING -p ${one} -j TPROXY --on-port ${LISTENING} --tproxy-mark 0x1/0x1`),
    [
      /\[[1-9]\d*:\d+\] -A INPUT -m mark --mark 0x1\W/,
      /\[[1-9]\d*:\d+\] -A INPUT -m mark --mark 0x31\W/,
      /\[2:\d+\] -A OUTPUT/,
    ],
  ),
];

const tproxyDropCases: readonly NatCase[] = [
  ...[
    '--on-port 4000',
    `--on-port 4000 --on-ip 10.1.0.1 --tproxy-mark 0x1`,
    '--on-port 0 --on-ip 127.0.0.1 --tproxy-mark 0x1/0xff',
    '--on-port 0 --tproxy-mark 0x1',
  ].map(
    (options): NatCase => ({
      title: `TPROXY ${options} without a socket drops`,
      made: [],
      steps: [
        {
          restore:
            table('mangle', [
              ':user',
              '-A PREROUTING -p udp -m udp --dport 80 -j user',
              `-A PREROUTING -p tcp -m tcp --dport 81 -j TPROXY ${options}`,
              '-A PREROUTING',
              `-A user -p udp -j TPROXY ${options}`,
              '-A user',
            ]) + table('filter', ['-A INPUT', '-A FORWARD']),
        },
        { send: proxied },
      ],
    }),
  ),
];

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
const synproxyCases: readonly NatCase[] = synproxyOptions.map((options) => ({
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

const strange: readonly Sent[] = [...truncated, ...fragments, ...odd, ...pieces];

/** Rules of one table for packets that aren't whole, or aren't what they say; filter counts by state. */
function oddCase(name: 'nat' | 'raw' | 'mangle' | 'filter', rules: readonly string[]): NatCase {
  const restore = name === 'filter' ? table('filter', rules) : table(name, rules) + stateFilter;
  return {
    title: `odd packets: ${rules.join(', ')}`,
    made: [],
    steps: [{ restore }, { send: strange }, { run: listing }],
  };
}

/** None makes one flow of two: a port would be chosen by chance. */
const oddCases: readonly NatCase[] = [
  oddCase('nat', [
    '-A PREROUTING -d 10.2.0.2 -j DNAT --to-destination 10.2.0.9',
    '-A POSTROUTING -j SNAT --to-source 10.2.0.50',
  ]),
  oddCase('nat', [
    '-A PREROUTING -d 10.2.0.2 -p tcp -j DNAT --to-destination 10.2.0.9:81',
    '-A PREROUTING -d 10.2.0.2 -p udp -m udp --dport 80 -j DNAT --to-destination :9',
  ]),
  oddCase('nat', [
    '-A PREROUTING -d 10.2.0.2 -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080',
    '-A PREROUTING -d 10.2.0.2 -p udp -m udp --dport 80 -j REDIRECT --to-ports 99',
  ]),
  oddCase('nat', ['-A PREROUTING -j NETMAP --to 10.2.0.128/25', '-A INPUT -j NETMAP --to 10.2.0.0/25']),
  oddCase('nat', ['-A POSTROUTING -p udp -m udp --dport 53 -j MASQUERADE', '-A POSTROUTING']),
  oddCase('raw', ['-A PREROUTING -j CT --notrack', '-A OUTPUT -p udp -j CT --notrack']),
  oddCase('raw', ['-A PREROUTING -p tcp -j CT --zone 4', '-A PREROUTING -p udp -j CT --zone-orig 5']),
  oddCase('raw', ['-A PREROUTING -p udp -j TRACE', '-A PREROUTING -p tcp -j NOTRACK']),
  oddCase('raw', ['-A PREROUTING -j TEE --gateway 10.2.0.77']),
  oddCase('mangle', ['-A FORWARD -j TEE --gateway 192.0.2.77', '-A INPUT -j TEE --gateway 10.2.0.77']),
  oddCase(
    'mangle',
    ['tcp', 'udp'].map((one) => `-A PREROUTING -p ${one} -j TPROXY --on-port 4000`),
  ),
];
const oddSynproxy = oddCase('filter', [
  '-A FORWARD -p tcp -j SYNPROXY --sack-perm --mss 1460',
  '-A INPUT -p tcp -j SYNPROXY',
  '-A FORWARD',
]);

export const natCases: Readonly<Record<string, readonly NatCase[]>> = {
  DNAT: [...dnatCases, ...rerouteCases, ...shiftCases],
  SNAT: snatCases,
  'MASQUERADE and REDIRECT': [...masqueradeCases, ...redirectCases],
  NETMAP: netmapCases,
  'CT, NOTRACK and TRACE': [...ctCases, ...ctXtCases, ...traceCases],
  TEE: teeCases,
  TPROXY: [...tproxyDropCases, ...tproxyCases],
  'odd packets': oddCases,
  SYNPROXY: [...synproxyCases, oddSynproxy],
};
