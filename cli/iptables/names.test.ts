import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type NameDatabase, readDatabase } from './database.ts';
import { fileNames, type Lookup, printWithNames } from './names.ts';

let folder = '';
let database: NameDatabase;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bpfilter-names-'));
  const write = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  database = readDatabase({
    services: write(
      'services',
      '# ports\nhttp\t\t80/tcp www # web\nhttp 80/udp\nother 80/tcp\ndomain 53/udp\nbad x/tcp\nshort\n',
    ),
    protocols: write('protocols', 'ip 0 IP\ngre 47 GRE # tunnels\nsecond 47\n'),
    networks: write('networks', 'loopback 127.0.0.0\nshort 10\nwrong 1.2.3.4.5\n'),
    passwd: write('passwd', 'root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/:\n+::::::\nweb:x:33:33:www:/var/www:\n'),
    group: write('group', 'wheel:x:0:root,web\nstaff:x:50:\nbroken\n'),
  });
});

afterAll(() => rmSync(folder, { recursive: true }));

describe('the name files', () => {
  it('give the first name of a number', () => {
    const names = fileNames(database);
    expect(names.service(80, 'tcp')).toBe('http');
    expect(names.service(53, 'tcp')).toBeUndefined();
    expect(names.protocol(47)).toBe('gre');
    expect(names.protocol(48)).toBeUndefined();
    expect([0, 33, 50].map((id) => names.user?.(id))).toEqual(['root', 'web', undefined]);
    expect([0, 33, 50].map((id) => names.group?.(id))).toEqual(['wheel', undefined, 'staff']);
    expect([...database.networks]).toEqual([
      [0x7f000000, 'loopback'],
      [0x0a000000, 'short'],
    ]);
  });

  it('may be missing', () => {
    const missing = join(folder, 'missing');
    const files = { services: missing, protocols: missing, networks: missing, passwd: missing, group: missing };
    expect(readDatabase(files).services.size).toBe(0);
  });
});

describe('printing with names', () => {
  const answers = new Map<string, Lookup>([
    ['192.0.2.1', { kind: 'name', name: 'host.example' }],
    ['127.0.0.0', { kind: 'failed' }],
    ['10.0.0.0', { kind: 'none' }],
  ]);
  const looked: string[] = [];
  const lookup = (address: string): Promise<Lookup> => {
    looked.push(address);
    return Promise.resolve(answers.get(address) ?? { kind: 'none' });
  };
  const print = (addresses: readonly number[]) =>
    printWithNames((names) => addresses.map((address) => names.address(address) ?? '-').join(' '), database, lookup);

  it('asks each address once; a network names one that got no answer', async () => {
    expect(await print([0xc0000201, 0x7f000000, 0x0a000000, 0xc0000201])).toBe('host.example loopback - host.example');
    expect(looked).toEqual(['192.0.2.1', '127.0.0.0', '10.0.0.0']);
  });

  it('asks nothing when no address is printed', async () => {
    looked.length = 0;
    expect(await print([])).toBe('');
    expect(looked).toEqual([]);
  });
});
