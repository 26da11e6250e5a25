import type { RawRequest } from './request.ts';

/** A request and the errno that kernel 6.18 answers it with ('' for success). */
export interface RawCase {
  readonly request: RawRequest;
  readonly expected: string;
  /** Ours where it isn't the kernel's: a table that can't be translated. */
  readonly ours?: string;
}

/** IPPROTO_IP, and the options of linux/netfilter_ipv4/ip_tables.h. */
export const level = 0;
export const get = { info: 64, entries: 65, revisionMatch: 66, revisionTarget: 67 } as const;
export const set = { replace: 64, addCounters: 65 } as const;

export const infoSize = 84;
export const entriesHeader = 40;
export const countersHeader = 40;
export const emptyFilter = { entries: 4, bytes: 632 } as const;

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

/** `name`, cut or zero-padded to `room` bytes. */
export function named(name: string, room: number): Buffer {
  const bytes = Buffer.alloc(room);
  bytes.write(name, 0, room, 'latin1');
  return bytes;
}

type MakeCase = (
  title: string,
  option: number,
  bytes: Uint8Array,
  expected: string,
  rest?: Partial<RawRequest>,
) => RawCase;

const caseOf =
  (call: RawRequest['call']): MakeCase =>
  (title, option, bytes, expected, rest = {}) => ({
    request: { title, call, socket: 'inet-raw', level, option, length: bytes.length, data: base64(bytes), ...rest },
    expected,
  });

/** A getsockopt of a whole, well-formed buffer on a raw socket, unless `rest` says otherwise. */
export const getCase = caseOf('get');

/** A setsockopt, likewise. */
export const setCase = caseOf('set');

/** Sockets that IPv4's options are asked on: those that the kernel serves, and those it doesn't. */
export function socketCases(
  of: (what: string, expected: string, rest: Partial<RawRequest>) => RawCase,
): readonly RawCase[] {
  return [
    of('on a datagram socket', '', { socket: 'inet-dgram' }),
    of('on a stream socket', '', { socket: 'inet-stream' }),
    of('on an IPv6 datagram socket', '', { socket: 'inet6-dgram' }),
    of('on an IPv6 raw socket', 'ENOPROTOOPT', { socket: 'inet6-raw' }),
    of('on a unix socket', 'EOPNOTSUPP', { socket: 'unix' }),
    of('on a netlink socket', 'ENOPROTOOPT', { socket: 'netlink' }),
    of('on a file', 'ENOTSOCK', { socket: 'file' }),
    of('on a closed descriptor', 'EBADF', { socket: 'closed' }),
  ];
}
