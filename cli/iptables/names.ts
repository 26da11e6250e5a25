import { lookupService } from 'node:dns/promises';
import type { Names } from '../../rules/extension.ts';
import { dottedQuad } from '../../rules/text/address.ts';
import { noNames } from '../../rules/text/no-names.ts';
import { type NameDatabase, readDatabase } from './database.ts';

/** How a reverse lookup went: a name, none, or no answer (then iptables asks /etc/networks). */
export type Lookup = { readonly kind: 'name'; readonly name: string } | { readonly kind: 'none' | 'failed' };

export type ReverseLookup = (address: string) => Promise<Lookup>;

/** The C library's getnameinfo, as iptables calls it: /etc/hosts, DNS, whatever nsswitch.conf says. */
async function reverseLookup(address: string): Promise<Lookup> {
  try {
    const { hostname } = await lookupService(address, 0);
    return { kind: 'name', name: hostname };
  } catch (error) {
    return { kind: error instanceof Error && 'code' in error && error.code === 'ENOTFOUND' ? 'none' : 'failed' };
  }
}

/** Names of the system's files; addresses have none. */
export function fileNames(database: NameDatabase = readDatabase()): Names {
  return {
    service: (port, protocol) => database.services.get(`${port}/${protocol}`),
    protocol: (number) => database.protocols.get(number),
    address: noNames.address,
    user: (id) => database.users.get(id),
    group: (id) => database.groups.get(id),
  };
}

/**
 * Prints with names. Lookups take time and printing can't wait, so it prints twice: the first time it
 * only notes which addresses are asked for, then these are looked up, all at once.
 */
export async function printWithNames(
  print: (names: Names) => string,
  database: NameDatabase = readDatabase(),
  lookup: ReverseLookup = reverseLookup,
): Promise<string> {
  const known = fileNames(database);
  const asked = new Set<number>();
  const first = print({
    ...known,
    address: (address) => {
      asked.add(address);
      return undefined;
    },
  });
  if (asked.size === 0) return first;
  const addresses = new Map<number, string>();
  await Promise.all(
    Array.from(asked, async (address) => {
      const found = await lookup(dottedQuad(address));
      const name =
        found.kind === 'name' ? found.name : found.kind === 'failed' ? database.networks.get(address) : undefined;
      if (name !== undefined) addresses.set(address, name);
    }),
  );
  return print({ ...known, address: (address) => addresses.get(address) });
}
