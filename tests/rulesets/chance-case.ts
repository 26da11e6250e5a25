import type { CaseResult } from '../packets/case.ts';
import { address, type Sent, sent } from '../packets/packet.ts';
import { tcp, udp } from '../packets/transport.ts';
import { fixture } from './fixture.ts';
import { flow } from './flows.ts';
import { renamed } from './renamed.ts';
import type { RulesetCase } from './ruleset-case.ts';

const { left, hostLeft } = address;
const TCP_OR_UDP_PORTS_AT = 20;

/** Services of the kube-proxy ruleset whose endpoint is drawn: each new connection's, or each client's first. */
export const drawn = { dns: '10.96.0.10', sip: '10.96.17.80', sticky: '10.96.13.40' } as const;
export const clients = ['10.244.1.90', '10.244.1.91', '10.244.1.92', '10.244.1.93', '10.244.1.94'] as const;
export const drawnFlows = 100;

const each = (count: number, make: (nth: number) => Sent): readonly Sent[] =>
  Array.from({ length: count }, (_, nth) => make(nth));

const { before, cleanup } = renamed({ left: 'eth0', right: 'cni0' }, [
  'address add 10.244.1.1/24 dev cni0',
  'route add default dev eth0',
]);

/** Endpoints and ports that the kernel draws. */
export const chanceCase: RulesetCase = {
  title: 'kube-proxy: endpoints and ports by chance',
  counted: [
    'FLANNEL-POSTRTG -s 10.244.0.0/16 ! -d 224.0.0.0/4',
    'kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully',
    '-s 10.244.1.10/32 -m comment --comment "shop/web:http" -j KUBE-MARK-MASQ',
    '--rcheck --seconds 10800 --reap',
  ],
  cleanup,
  steps: [
    ...before,
    { restore: fixture('kube-proxy') },
    {
      send: [
        ...each(drawnFlows, (nth) =>
          sent('right', udp({ sport: 2000 + nth, dport: 53, data: 5 }), { source: clients[0], destination: drawn.dns }),
        ),
        ...each(drawnFlows, (nth) =>
          sent('right', udp({ sport: 2000 + nth, dport: 5060 }), { source: clients[0], destination: drawn.sip }),
        ),
        ...clients.flatMap((source) =>
          each(8, (nth) => sent('right', tcp({ sport: 3000 + nth, dport: 80 }), { source, destination: drawn.sticky })),
        ),
        ...flow('tcp', 'right', ['10.244.1.10:1024', '10.96.11.20:80']),
        ...flow('tcp', 'left', [`${left}:1025`, `${hostLeft}:30080`]),
        ...flow('udp', 'host', [`${hostLeft}:1026`, '10.96.15.60:8125']),
        ...flow('udp', 'right', ['10.244.1.98:1027', `${left}:53`]),
      ],
    },
  ],
};

const endpoint = /10\.244\.1\.(?:[23]|3[123]|6[1-5])\b/g;

/**
 * The result without what is drawn: emitted packets without the endpoint's address and a masqueraded one's port,
 * rules of endpoints of one service as one with the sum of their counters.
 */
export function withoutChance({ steps, saved }: CaseResult): unknown {
  const sums = new Map<string, [number, number]>();
  for (const line of saved.split('\n')) {
    const [, packets, bytes, text] = /^\[(\d+):(\d+)\] (.*)$/.exec(line) ?? [];
    if (text === undefined) continue;
    const rule = text
      .replace(endpoint, 'ENDPOINT')
      .replace(/KUBE-SEP-\w+/g, 'SEP')
      .replace(/-m statistic .* -j/, '-j');
    const [p, b] = sums.get(rule) ?? [0, 0];
    sums.set(rule, [p + Number(packets), b + Number(bytes)]);
  }
  return { emitted: emittedIn(steps).map(described), sums: Object.fromEntries(sums), statuses: statusesIn(steps) };
}

/** Where packets went, by their source: `SOURCE DESTINATION:PORT`. */
export function destinations({ steps }: CaseResult): readonly string[] {
  return emittedIn(steps).map(({ bytes }) => {
    const packet = Buffer.from(bytes, 'hex');
    return `${dotted(packet, 12)} ${dotted(packet, 16)}:${packet.readUInt16BE(TCP_OR_UDP_PORTS_AT + 2)}`;
  });
}

function emittedIn(steps: CaseResult['steps']) {
  return steps.flatMap((step) => ('sent' in step ? step.sent.flatMap(({ emitted }) => emitted) : []));
}

function statusesIn(steps: CaseResult['steps']) {
  return steps.map((step) => ('sent' in step ? step.sent.map(({ errno }) => errno) : step));
}

function described({ on, bytes }: { readonly on: string; readonly bytes: string }): string {
  const packet = Buffer.from(bytes, 'hex');
  const source = dotted(packet, 12);
  const masqueraded = source === hostLeft || source === '10.244.1.1';
  const ports = [0, 2].map((at) => packet.readUInt16BE(TCP_OR_UDP_PORTS_AT + at));
  const to = dotted(packet, 16).replace(endpoint, 'ENDPOINT');
  return [on, packet[9], packet.length, source, masqueraded ? '*' : ports[0], to, ports[1]].join(' ');
}

function dotted(packet: Buffer, at: number): string {
  return packet.subarray(at, at + 4).join('.');
}
