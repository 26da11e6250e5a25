import type { CheckContext, MatchDefinition, PrintContext } from '../extension.ts';
import type { HeaderMatch } from '../ir.ts';

const services = new Map([
  ['80/tcp', 'http'],
  ['443/tcp', 'https'],
  ['53/udp', 'domain'],
]);

/** What `-L` is printed with; a few services have names. */
export function printing(header: HeaderMatch, numeric: boolean): PrintContext {
  return {
    numeric,
    header,
    names: {
      service: (port, protocol) => services.get(`${port}/${protocol}`),
      protocol: () => undefined,
      address: () => undefined,
    },
  };
}

/** Where an extension's check is asked: table filter, chain INPUT. */
export function checking(header: HeaderMatch): CheckContext {
  return { table: 'filter', header, hooks: 1 << 1 };
}

/** A match as iptables would write it: `-L`, `-nL`, `-S`. */
export function texts<Info>(match: MatchDefinition<Info>, info: Info, header: HeaderMatch): readonly string[] {
  return [
    match.print(info, printing(header, false)),
    match.print(info, printing(header, true)),
    match.save(info, { header }),
  ];
}
