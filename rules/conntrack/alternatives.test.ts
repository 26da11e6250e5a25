import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NftStatement } from '../nft/json.ts';
import { anyHeader } from '../testing/header.ts';
import { conntrackAlternatives } from './alternatives.ts';
import { type ConntrackInfo, conntrackFlag, type Endpoint, endpoints } from './info.ts';

/** A connection's entry as the packet's evaluation sees it. */
interface Entry {
  readonly state: 'established' | 'related' | 'new';
  readonly reply: boolean;
  readonly addresses: Readonly<Record<Endpoint, number>>;
  readonly ports: Readonly<Record<Endpoint, number>>;
  readonly protocol: number;
  readonly status: number;
  readonly milliseconds: number;
}
type Packet = Entry | 'invalid' | 'untracked';

describe('conntrackAlternatives', () => {
  it('holds once where the kernel matches, else never', () => {
    fc.assert(
      fc.property(infos, packets, (info, packet) => {
        const { alternatives } = conntrackAlternatives(info, anyHeader);
        const holding = alternatives.filter((rule) => rule.every((statement) => holds(statement, packet)));
        expect(holding.length).toBe(kernelMatches(info, packet) ? 1 : 0);
      }),
      { numRuns: 3000 },
    );
  });

  it('always looks at the connection, so that nft tracks it as ip_tables would', () => {
    fc.assert(
      fc.property(infos, (info) => {
        const { alternatives } = conntrackAlternatives(info, anyHeader);
        expect(alternatives.length).toBeGreaterThan(0);
        for (const rule of alternatives) expect(JSON.stringify(rule)).toContain('"ct"');
      }),
    );
  });
});

/** conntrack_mt of net/netfilter/xt_conntrack.c, line by line. */
function kernelMatches(info: ConntrackInfo, packet: Packet): boolean {
  const entry = typeof packet === 'object' ? packet : undefined;
  const stateBits = { invalid: 1, established: 2, related: 4, new: 8, untracked: 0x100 };
  let bit = typeof packet === 'object' ? stateBits[packet.state] : stateBits[packet];
  const flag = (name: keyof typeof conntrackFlag): boolean => (info.matchFlags & conntrackFlag[name]) !== 0;
  const inverted = (name: keyof typeof conntrackFlag): boolean => (info.invertFlags & conntrackFlag[name]) !== 0;
  if (flag('state')) {
    if (entry !== undefined) bit |= ((entry.status & 0x10) !== 0 ? 0x40 : 0) | ((entry.status & 0x20) !== 0 ? 0x80 : 0);
    if (((info.states & bit) !== 0) === inverted('state')) return false;
  }
  if (entry === undefined) return flag('state');
  if (flag('direction') && entry.reply !== inverted('direction')) return false;
  for (const end of endpoints) {
    const { address, mask } = info.addresses[end];
    const same = ((entry.addresses[end] ^ number(address)) & number(mask)) === 0;
    if (flag(end) && same === inverted(end)) return false;
  }
  if (flag('protocol') && (entry.protocol === info.protocol) === inverted('protocol')) return false;
  for (const end of endpoints) {
    const port = entry.ports[end];
    const within = port >= info.ports[end].low && port <= info.ports[end].high;
    if (flag(`${end}Port`) && within === inverted(`${end}Port`)) return false;
  }
  if (flag('status') && ((info.statuses & entry.status) !== 0) === inverted('status')) return false;
  const seconds = Math.floor(entry.milliseconds / 1000);
  if (flag('expires') && (seconds >= info.expires.min && seconds <= info.expires.max) === inverted('expires'))
    return false;
  return true;
}

function number(address: Uint8Array): number {
  return address.slice(0, 4).reduce((sum, byte) => sum * 256 + byte, 0);
}

/** One nft statement over a packet: a `ct` key other than the state fails without an entry (nft_ct.c). */
function holds(statement: NftStatement, packet: Packet): boolean {
  if (!('match' in statement)) throw new Error(`no match: ${JSON.stringify(statement)}`);
  const { op, left, right } = statement.match;
  const found = load(left, packet);
  if (found === undefined) return false;
  const within = (wanted: unknown): boolean => {
    if (Array.isArray(wanted)) return wanted.some(within);
    if (typeof wanted !== 'object' || wanted === null) return found === scalar(wanted);
    if ('range' in wanted) {
      const [low, high] = (wanted.range as unknown[]).map(scalar);
      return found >= (low ?? Number.NaN) && found <= (high ?? Number.NaN);
    }
    if ('set' in wanted) return within(wanted.set);
    const { addr, len } = (wanted as { prefix: { addr: string; len: number } }).prefix;
    return len === 0 || ((found ^ scalar(addr)) & (-1 << (32 - len))) === 0;
  };
  switch (op) {
    case 'in':
      return (Array.isArray(right) ? right : [right]).some((one) => (found & scalar(one)) !== 0);
    case '==':
      return within(right);
    case '!=':
      return !within(right);
    case '<':
      return found < scalar(right);
    case '>':
      return found > scalar(right);
    case '<=':
      return found <= scalar(right);
    case '>=':
      return found >= scalar(right);
    default:
      return op satisfies never;
  }
}

/** Numbers behind the names and forms of nft's JSON. */
function scalar(value: unknown): number {
  if (typeof value === 'number') return value;
  if (Array.isArray(value)) return value.reduce((sum: number, one) => sum | scalar(one), 0);
  const text = String(value);
  const names: Readonly<Record<string, number>> = {
    ...{ invalid: 1, established: 2, related: 4, new: 8, untracked: 0x40 },
    ...{ expected: 1, 'seen-reply': 2, assured: 4, confirmed: 8, snat: 0x10, dnat: 0x20 },
    ...{ original: 0, reply: 1 },
  };
  const time = /^(\d+)s(?:(\d+)ms)?$/.exec(text);
  if (time !== null) return Number(time[1]) * 1000 + Number(time[2] ?? 0);
  if (/^[\d.]+$/.test(text)) return text.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
  return names[text] ?? Number.NaN;
}

/** The register that an expression loads; undefined where nft breaks off. */
function load(expression: unknown, packet: Packet): number | undefined {
  if (typeof expression === 'object' && expression !== null && '&' in expression) {
    const [left, mask] = expression['&'] as [unknown, unknown];
    const found = load(left, packet);
    return found === undefined ? undefined : (found & scalar(mask)) >>> 0;
  }
  const { key, dir } = (expression as { ct: { key: string; dir?: string } }).ct;
  if (key === 'state') return scalar(typeof packet === 'object' ? packet.state : packet);
  if (typeof packet !== 'object') return undefined;
  const end: Endpoint =
    dir === 'original'
      ? /s(addr|rc)$/.test(key)
        ? 'origsrc'
        : 'origdst'
      : /s(addr|rc)$/.test(key)
        ? 'replsrc'
        : 'repldst';
  switch (key) {
    case 'status':
      return packet.status;
    case 'direction':
      return packet.reply ? 1 : 0;
    case 'protocol':
      return packet.protocol;
    case 'expiration':
      return packet.milliseconds;
    case 'ip saddr':
    case 'ip daddr':
      return packet.addresses[end];
    case 'proto-src':
    case 'proto-dst':
      return packet.ports[end];
    default:
      throw new Error(`no key: ${key}`);
  }
}

// Few values each, so that packets and rules meet.
const each = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<Record<Endpoint, T>> =>
  fc.record({ origsrc: values, origdst: values, replsrc: values, repldst: values });
const address = fc.constantFrom(0, 0x0a000001, 0x0a000101, 0xc0000201, 0xffffffff);
const bytesOf = (value: number): Uint8Array =>
  Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value, ...new Uint8Array(12));
const port = fc.constantFrom(0, 1, 80, 90, 0xfffe, 0xffff);
const protocol = fc.constantFrom(0, 1, 6, 17, 47);
const seconds = fc.constantFrom(0, 1, 5, 600, 4_294_966);
const bit = <T extends number>(...bits: T[]): fc.Arbitrary<number> =>
  fc.subarray(bits).map((some) => some.reduce((sum, one) => sum | one, 0));
const flags = fc.oneof(
  bit(...Object.values(conntrackFlag)),
  fc.constantFrom(...Object.values(conntrackFlag)),
  fc.constantFrom(0, 1, 3, 0x41),
);

const infos: fc.Arbitrary<ConntrackInfo> = fc.record({
  addresses: each(
    fc.record({
      address: address.map(bytesOf),
      mask: fc.constantFrom(0, 0xff000000, 0xffffff00, 0xff00ff00, 0xffffffff).map(bytesOf),
    }),
  ),
  ports: each(fc.record({ low: port, high: port })),
  expires: fc.record({
    min: fc.oneof(seconds, fc.constant(0xffffffff)),
    max: fc.oneof(seconds, fc.constant(0xffffffff)),
  }),
  protocol: fc.oneof(protocol, fc.constant(300)),
  matchFlags: flags,
  invertFlags: flags,
  states: bit(1, 2, 4, 8, 0x10, 0x40, 0x80, 0x100),
  statuses: bit(1, 2, 8, 0x10, 0x40),
});

const packets: fc.Arbitrary<Packet> = fc.oneof(
  fc.constantFrom<Packet>('invalid', 'untracked'),
  fc.record({
    state: fc.constantFrom<'established' | 'related' | 'new'>('established', 'related', 'new'),
    reply: fc.boolean(),
    addresses: each(address),
    ports: each(port),
    protocol,
    status: bit(1, 2, 4, 8, 0x10, 0x20, 0x40),
    milliseconds: fc.tuple(seconds, fc.constantFrom(0, 999)).map(([whole, rest]) => whole * 1000 + rest),
  }),
);
