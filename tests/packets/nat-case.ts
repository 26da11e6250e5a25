import { type PacketCase, table } from './case.ts';
import { type End, type NatFlow, natFlow } from './nat-flows.ts';
import { address } from './packet.ts';

/** Rules and flows, and what must come of them in the kernel: else the rules did nothing. */
export interface NatCase extends PacketCase {
  /** In the results as JSON: of conntrack's list, of what was emitted, of counters. */
  readonly made: readonly (string | RegExp)[];
}

/** The tracked connections, without their times. */
export const listing = `sed -E 's/^(ipv4 +2 [a-z]+ +[0-9]+) [0-9]+ /\\1 /; s/ use=[0-9]+//' /proc/net/nf_conntrack | sort`;

/** Counts in every chain of filter, so that it shows which addresses filter sees. */
const watching = ['10.2.0.9', '10.1.0.1', '127.0.0.1', '10.1.0.2', '10.2.0.50'].flatMap((one) =>
  ['INPUT', 'FORWARD', 'OUTPUT'].flatMap((chain) => [`-A ${chain} -s ${one}`, `-A ${chain} -d ${one}`]),
);
export const watchedFilter = table('filter', [
  ...watching,
  ...['FORWARD', 'INPUT', 'OUTPUT'].flatMap((chain) =>
    ['DNAT', 'SNAT'].map((status) => `-A ${chain} -m conntrack --ctstate ${status}`),
  ),
]);

export function natCase(
  title: string,
  rules: readonly string[],
  flows: readonly NatFlow[],
  made: NatCase['made'],
): NatCase {
  return {
    title,
    made,
    steps: [{ restore: table('nat', rules) + watchedFilter }, { send: flows.flatMap(natFlow) }, { run: listing }],
  };
}

export const left = (port: number): End => ({ ip: address.left, port });
export const right = (port: number): End => ({ ip: address.right, port });

/** From left to right, changed to these ends on the way. */
export function forwarded(
  protocol: NatFlow['protocol'],
  { from = left(1024), to = right(80), source = from, destination = to }: Partial<Record<string, End>> = {},
): NatFlow {
  return { protocol, at: 'left', from, to, answer: { at: 'right', from: destination, to: source } };
}

export const other = (port: number): End => ({ ip: '10.2.0.9', port });
export const masked = (port: number): End => ({ ip: '10.2.0.50', port });

/** A flow of each kind, changed in the same way. */
export function eachKind(change: {
  readonly source?: (port: number) => End;
  readonly destination?: (port: number) => End;
}) {
  const { source = left, destination = right } = change;
  return [
    forwarded('tcp', { source: source(1024), destination: destination(80) }),
    forwarded('udp', { to: right(53), source: source(1024), destination: destination(53) }),
    forwarded('icmp', { source: source(1024), destination: destination(1024) }),
  ];
}

export const own = (port: number): End => ({ ip: address.hostRight, port });

export const tracked = [
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
export const stateFilter = table(
  'filter',
  ['FORWARD', 'INPUT', 'OUTPUT'].flatMap((chain) => states.map((one) => `-A ${chain} -m conntrack --ctstate ${one}`)),
);
