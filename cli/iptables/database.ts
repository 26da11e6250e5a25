import { readFileSync } from 'node:fs';

/** The name databases of the C library that iptables looks into, read from their files (services(5), protocols(5), networks(5), passwd(5), group(5)). */
export interface NameDatabase {
  /** By `port/protocol`. */
  readonly services: ReadonlyMap<string, string>;
  readonly protocols: ReadonlyMap<number, string>;
  /** By address, host-order u32. */
  readonly networks: ReadonlyMap<number, string>;
  readonly users: ReadonlyMap<number, string>;
  readonly groups: ReadonlyMap<number, string>;
}

export interface DatabaseFiles {
  readonly services: string;
  readonly protocols: string;
  readonly networks: string;
  readonly passwd: string;
  readonly group: string;
}

const systemFiles: DatabaseFiles = {
  services: '/etc/services',
  protocols: '/etc/protocols',
  networks: '/etc/networks',
  passwd: '/etc/passwd',
  group: '/etc/group',
};

/** Reads the databases; a file that isn't there is empty. Where two lines say the same number, the first counts. */
export function readDatabase(files: DatabaseFiles = systemFiles): NameDatabase {
  const services = new Map<string, string>();
  for (const [name, where] of lines(files.services)) {
    const [port = '', protocol = ''] = where.split('/');
    if (/^\d+$/.test(port)) remember(services, `${Number(port)}/${protocol}`, name);
  }
  const protocols = new Map<number, string>();
  for (const [name, number] of lines(files.protocols)) {
    if (/^\d+$/.test(number)) remember(protocols, Number(number), name);
  }
  const networks = new Map<number, string>();
  for (const [name, address] of lines(files.networks)) {
    const number = networkNumber(address);
    if (number !== undefined) remember(networks, number, name);
  }
  return { services, protocols, networks, users: idNames(files.passwd), groups: idNames(files.group) };
}

/** `name:password:id:…` of each line, as passwd(5) and group(5) have them alike. */
function idNames(path: string): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const line of textOf(path).split('\n')) {
    const [name = '', , id = ''] = line.split(':');
    if (/^\d+$/.test(id)) remember(names, Number(id), name);
  }
  return names;
}

function remember<Key>(map: Map<Key, string>, key: Key, name: string): void {
  if (!map.has(key)) map.set(key, name);
}

/** The first two words of each line that has them, comments taken off. Text is one char per byte. */
function lines(path: string): readonly (readonly [string, string])[] {
  return textOf(path)
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim().split(/\s+/))
    .flatMap(([first, second]) => (first === undefined || second === undefined ? [] : [[first, second] as const]));
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/** "127" is 127.0.0.0, as glibc reads the file. */
function networkNumber(text: string): number | undefined {
  const parts = text.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : 256));
  if (parts.length > 4 || parts.some((part) => part > 255)) return undefined;
  const [a = 0, b = 0, c = 0, d = 0] = parts;
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}
