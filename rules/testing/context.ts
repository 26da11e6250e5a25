import type { CheckContext, MatchDefinition, PrintContext } from '../extension.ts';
import type { HeaderMatch } from '../ir.ts';
import { anyHeader } from './header.ts';

const services = new Map([
  ['80/tcp', 'http'],
  ['443/tcp', 'https'],
  ['53/udp', 'domain'],
]);

/** What `-L` is printed with; a few services, and user and group 0, have names. */
export function printing(header: HeaderMatch, numeric: boolean): PrintContext {
  return {
    numeric,
    header,
    names: {
      service: (port, protocol) => services.get(`${port}/${protocol}`),
      protocol: () => undefined,
      address: () => undefined,
      user: (id) => (id === 0 ? 'root' : undefined),
      group: (id) => (id === 0 ? 'wheel' : undefined),
    },
  };
}

/** Where an extension's check and its translation are asked: table filter, chain INPUT. */
export function checking(header: HeaderMatch = anyHeader): CheckContext & { readonly header: HeaderMatch } {
  return { table: 'filter', header, hooks: 1 << 1 };
}

/** A match or target as iptables would write it: `-L`, `-nL`, `-S`. */
export function texts<Info>(
  extension: Pick<MatchDefinition<Info>, 'print' | 'save'>,
  info: Info,
  header: HeaderMatch = anyHeader,
): readonly string[] {
  return [
    extension.print(info, printing(header, false)),
    extension.print(info, printing(header, true)),
    extension.save(info, { header }),
  ];
}
