import type { HeaderMatch, InterfaceMatch, MatchUse, Rule, TargetUse } from '../../ir.ts';
import { findMatch, findTarget } from '../../registry.ts';
import { anyHeader } from '../../testing/header.ts';

/** Rules for tests, as plain data. */

export function header(fields: Partial<HeaderMatch> = {}): HeaderMatch {
  return { ...anyHeader, ...fields };
}

/** A name and how many of its 16 bytes count: by default all of it and its NUL, with a trailing `+` what is before. */
export function device(name: string, masked?: number): InterfaceMatch {
  const text = Buffer.from(name, 'latin1');
  const count = masked ?? (name.endsWith('+') ? text.length - 1 : text.length + 1);
  const bytes = new Uint8Array(16);
  bytes.set(text);
  return { name: bytes, mask: new Uint8Array(16).fill(0xff, 0, count) };
}

export interface RuleFields {
  readonly header?: Partial<HeaderMatch>;
  readonly matches?: readonly MatchUse[];
  readonly target?: TargetUse;
}

export function rule({ header: fields, matches = [], target = { kind: 'accept' } }: RuleFields = {}): Rule {
  return { index: 0, header: header(fields), matches, target, counters: { packets: 0n, bytes: 0n } };
}

export function match(name: string, revision: number, info: unknown): MatchUse {
  return { name, revision, data: findMatch(name, revision).revision.encode(info) };
}

export function extension(name: string, revision: number, info: unknown): TargetUse {
  return { kind: 'extension', name, revision, data: findTarget(name, revision).revision.encode(info) };
}

/** `-m tcp --dport PORT` (any port by default). */
export function tcp(port?: number): MatchUse {
  const dpts = port === undefined ? [0, 0xffff] : [port, port];
  return match('tcp', 0, { spts: [0, 0xffff], dpts, option: 0, flg_mask: 0, flg_cmp: 0, invflags: 0 });
}

/** `-m udp --dport PORT`; `never`: `! --dport :65535`. */
export function udp(port?: number | 'never'): MatchUse {
  const dpts = typeof port === 'number' ? [port, port] : [0, 0xffff];
  return match('udp', 0, { spts: [0, 0xffff], dpts, invflags: port === 'never' ? 2 : 0 });
}

/** `-m udp --sport PORT`. */
export function udpFrom(port: number): MatchUse {
  return match('udp', 0, { spts: [port, port], dpts: [0, 0xffff], invflags: 0 });
}

/** `-m multiport --ports …`: two alternatives. */
export function anyPort(...ports: readonly number[]): MatchUse {
  const padded = [...ports, ...new Array<number>(15 - ports.length).fill(0)];
  return match('multiport', 1, {
    flags: 2,
    count: ports.length,
    ports: padded,
    pflags: new Array<number>(15).fill(0),
    invert: 0,
  });
}

/** `-m limit --limit 1/hour`: what comes again within a test is next to nothing. */
export function limit(burst: number): MatchUse {
  return match('limit', 0, { avg: 36_000_000, burst, prev: 0n, credit: 0, credit_cap: 0, cost: 0, master: 0n });
}

/** `-m quota --quota BYTES`. */
export function quota(bytes: number): MatchUse {
  return match('quota', 0, { flags: 0, pad: 0, quota: BigInt(bytes), master: 0n });
}

/** `-m statistic --mode nth --every COUNT --packet 0`. */
export function nth(count: number): MatchUse {
  return match('statistic', 0, { mode: 1, flags: 0, every: count - 1, packet: 0, count: count - 1, master: 0n });
}

/** `-m icmp --icmp-type TYPE`, any code. */
export function icmp(type: number, inverted = false): MatchUse {
  return match('icmp', 0, { type, code: [0, 0xff], invflags: inverted ? 1 : 0 });
}

export function mark(value: number): MatchUse {
  return match('mark', 1, { mark: value, mask: 0xffffffff, invert: 0 });
}

export function comment(text: string): MatchUse {
  const bytes = new Uint8Array(256);
  bytes.set(Buffer.from(text));
  return match('comment', 0, { comment: bytes });
}
