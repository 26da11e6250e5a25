import { type Entrance, ip, type Sent, sent, type Transport } from './packet.ts';
import { icmp, tcp, udp } from './transport.ts';

/** One end of a flow: an address and a port (ICMP: its id). */
export interface End {
  readonly ip: string;
  readonly port: number;
}

/** A flow as its first packet says, and as the other side sees it behind NAT. */
export interface NatFlow {
  readonly protocol: 'tcp' | 'udp' | 'icmp';
  readonly at: Entrance;
  readonly from: End;
  readonly to: End;
  /** Who answers, by which device, and to whom. Nobody outside unless given: the host itself answers. */
  readonly answer?: { readonly at: Entrance; readonly from: End; readonly to: End };
}

const SYN = 0x02;
const ACK = 0x10;
const PSH = 0x08;
const FIN = 0x01;

/** The packets of the flow, to and fro, and an ICMP error about one that came through. */
export function natFlow(flow: NatFlow): readonly Sent[] {
  const back = { source: flow.answer?.from.ip, destination: flow.answer?.to.ip };
  const steps = stepsOf(flow);
  const packets = steps.flatMap(({ transport, reply }) => {
    if (!reply) return [sent(flow.at, transport, { source: flow.from.ip, destination: flow.to.ip })];
    return flow.answer === undefined ? [] : [sent(flow.answer.at, transport, defined(back))];
  });
  return [...packets, ...errorAbout(flow)];
}

interface Step {
  readonly transport: Transport;
  readonly reply: boolean;
}

function stepsOf(flow: NatFlow): readonly Step[] {
  const { from, to, answer = { from: to, to: from } } = flow;
  const there = { sport: from.port, dport: to.port };
  const back = { sport: answer.from.port, dport: answer.to.port };
  const ask = (transport: Transport): Step => ({ transport, reply: false });
  const reply = (transport: Transport): Step => ({ transport, reply: true });
  switch (flow.protocol) {
    case 'tcp':
      return [
        ask(tcp({ ...there, flags: SYN, sequence: 100 })),
        reply(tcp({ ...back, flags: SYN | ACK, sequence: 500, acknowledgement: 101 })),
        ask(tcp({ ...there, flags: ACK, sequence: 101, acknowledgement: 501 })),
        ask(tcp({ ...there, flags: ACK | PSH, sequence: 101, acknowledgement: 501, data: 20 })),
        reply(tcp({ ...back, flags: ACK | PSH, sequence: 501, acknowledgement: 121, data: 33 })),
        ask(tcp({ ...there, flags: ACK | FIN, sequence: 121, acknowledgement: 534 })),
        reply(tcp({ ...back, flags: ACK | FIN, sequence: 534, acknowledgement: 122 })),
        ask(tcp({ ...there, flags: ACK, sequence: 122, acknowledgement: 535 })),
      ];
    case 'udp':
      return [
        ask(udp({ ...there, data: 9 })),
        ask(udp({ ...there, data: 10 })),
        reply(udp({ ...back, data: 40 })),
        ask(udp({ ...there, data: 11 })),
      ];
    case 'icmp':
      return [
        ask(icmp({ type: 8, rest: from.port * 0x10000 + 1 })),
        reply(icmp({ type: 0, rest: answer.from.port * 0x10000 + 1 })),
        ask(icmp({ type: 8, rest: from.port * 0x10000 + 2 })),
      ];
    default:
      return flow.protocol satisfies never;
  }
}

/** Related to the flow: NAT changes what stands inside of it too. */
function errorAbout({ protocol, answer }: NatFlow): readonly Sent[] {
  if (answer === undefined || protocol === 'icmp') return [];
  const ports = { sport: answer.to.port, dport: answer.from.port };
  const seen = ip(protocol === 'tcp' ? tcp(ports) : udp(ports), { source: answer.to.ip, destination: answer.from.ip });
  const error = icmp({ type: 3, code: 1, rest: 0, body: seen.subarray(0, 28) });
  return [sent(answer.at, error, { source: answer.from.ip, destination: answer.to.ip })];
}

function defined(fields: { source: string | undefined; destination: string | undefined }) {
  const { source, destination } = fields;
  return { ...(source === undefined ? {} : { source }), ...(destination === undefined ? {} : { destination }) };
}
