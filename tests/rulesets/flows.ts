import { type NatFlow, natFlow } from '../packets/nat-flows.ts';
import { type Sent, sent } from '../packets/packet.ts';
import { tcp, udp } from '../packets/transport.ts';

type Ends = Pick<NatFlow, 'from' | 'to'>;

/** `10.1.0.2:80` in parts. */
function end(text: string): NatFlow['from'] {
  const [ip = '', port] = text.split(':');
  return { ip, port: Number(port) };
}

const ends = (from: string, to: string): Ends => ({ from: end(from), to: end(to) });

/** A flow's packets; `answer` is what the one at the other device says, as it sees the flow. */
export function flow(
  protocol: NatFlow['protocol'],
  at: NatFlow['at'],
  [from, to]: readonly [string, string],
  answer?: readonly [NatFlow['at'], string, string],
): readonly Sent[] {
  return natFlow({
    protocol,
    at,
    ...ends(from, to),
    ...(answer === undefined ? {} : { answer: { at: answer[0], ...ends(answer[1], answer[2]) } }),
  });
}

/** First packets of connections from one address to many ports. */
export function knocks(at: Sent['at'], source: string, destination: string, ports: readonly number[]): readonly Sent[] {
  return ports.flatMap((dport, nth) => [
    sent(at, tcp({ sport: 20_000 + nth, dport }), { source, destination }),
    sent(at, udp({ sport: 20_000 + nth, dport, data: 7 }), { source, destination }),
  ]);
}

/** As many packets as said. */
export const repeated = (count: number, each: (nth: number) => Sent): readonly Sent[] =>
  Array.from({ length: count }, (_, nth) => each(nth));
